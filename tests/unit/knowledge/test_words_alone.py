"""Searching by words while the embedder is away: cautious, within scope, sure only of a question word for word."""

import numpy as np
import pytest

from knowledge import words_alone
from knowledge.catalogue import Catalogue, catalogue
from knowledge.chunking import chunks
from knowledge.embedders import HashingEmbedder
from knowledge.model import Audience, Page, Scope

EMBEDDER = HashingEmbedder()
CLIENT = Scope()
STAFF = Scope(audiences=frozenset(Audience))


def page(name: str, body: str, *, questions: tuple[str, ...] = (), **more) -> Page:
    facts = {"audience": Audience.CLIENT, "language": "en", "category": "", "hash": name, "path": name} | more
    return Page(id=name, title=name, body=body, questions=questions, **facts)


PAGES = [
    page(
        "menu", "It is in Appearance.\n\n## Steps\n\nOpen Menus.\n\n## Later\n\nSave.", questions=("Where is the menu",)
    ),
    page("mail", "The mailbox is full: delete old mails.", questions=("My mailbox is full", "Change my password")),
    page("shop", "Passwords of the shop.", questions=("Change my password",)),
    page("secret", "Restore the backup of the menu.", questions=("Restore a backup",), audience=Audience.INTERNAL),
    page("acme", "The discount rule of Acme.", questions=("What is the discount",), clients=("acme",)),
    page("wp", "Press Update.", questions=("How do I update",), product="wordpress"),
]


@pytest.fixture
def held() -> Catalogue:
    cut = [chunk for each in PAGES for chunk in chunks(each)]
    asked = [question for each in PAGES for question in each.questions]
    return catalogue(
        PAGES,
        chunks=cut,
        vectors=EMBEDDER.passages([chunk.text for chunk in cut]),
        question_vectors=np.asarray(EMBEDDER.queries(asked)),
    )


def find(held: Catalogue, text: str, scope: Scope = CLIENT, hidden: frozenset[str] = frozenset()):
    found = words_alone.find(held, text, scope=scope, hidden=hidden, limit=6)
    return found, [held.chunks[row].page for row in found.rows] if found else []


def test_a_pages_own_question_is_enough(held: Catalogue) -> None:
    """Courtesies and the mark aside it is asked word for word; its steps are quoted first."""
    found, pages = find(held, "Hello, where is the menu?")
    assert (found.exact, pages[0]) == (True, "menu")
    assert held.chunks[found.rows[0]].heading == "Steps"
    assert found.evidence == words_alone.WORD_FOR_WORD


@pytest.mark.parametrize("text", ["the menu is gone", "mailbox", "change my password"])
def test_anything_else_is_not(held: Catalogue, text: str) -> None:
    """Pages with the same words are found for people; a question that two pages answer is no exception."""
    found, pages = find(held, text)
    assert pages
    assert (found.exact, found.evidence) == (False, 0.0)


def test_scopes_hold(held: Catalogue) -> None:
    """Internal, withdrawn and other clients' pages never come back, asked word for word least of all."""
    for text in ("restore a backup", "what is the discount"):
        found, pages = find(held, text)
        assert not {"secret", "acme"} & set(pages)
        assert found is None or not found.exact
    assert find(held, "restore a backup", STAFF)[1][0] == "secret"
    assert find(held, "what is the discount", Scope(client="acme"))[0].exact
    hidden = find(held, "where is the menu", hidden=frozenset({"menu"}))
    assert "menu" not in hidden[1]


def test_a_page_of_another_product_is_not_sure(held: Catalogue) -> None:
    """The same question on the client's own system may have another answer."""
    assert find(held, "how do i update", Scope(products=frozenset({"wordpress"})))[0].exact
    other = find(held, "how do i update", Scope(products=frozenset({"joomla"})))[0]
    assert other is None or not other.exact


@pytest.mark.parametrize("text", ["", "?", "😀", "hello", "sushi in hamburg"])
def test_nothing_is_found_for_nothing(held: Catalogue, text: str) -> None:
    """Text that shares no word with the manual finds nothing."""
    assert find(held, text)[0] is None


def test_what_the_client_may_not_read_makes_nothing_ambiguous(held: Catalogue) -> None:
    """A page's own question stays its own, whatever internal or withdrawn page has the same one."""
    assert not find(held, "change my password")[0].exact
    found, pages = find(held, "change my password", hidden=frozenset({"shop"}))
    assert (found.exact, pages[0]) == (True, "mail")
