"""What a search may return, and in which order; words only, without a model."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.asking import question
from knowledge.model import Audience, Page, Scope
from tests.unit.knowledge.pages import EMBEDDER, find, page, pages_of, searcher

STAFF = Scope(audiences=frozenset(Audience))
SECRET = page(
    "sop", "Restore the backup on the secret server.", audience=Audience.INTERNAL, questions=("restore backup",)
)
OPEN = page("guide", "Ask us to restore a backup of the site.", questions=("get my backup",))
LIMITED = page("acme", "Restore the backup of the Acme portal.", clients=("acme",))


def test_internal_pages_never_reach_a_client() -> None:
    """The better internal page is invisible to a client and first for staff."""
    made = searcher([SECRET, OPEN])
    assert pages_of(made, find(made, "restore backup secret server", scope=Scope())) == ["guide"]
    assert pages_of(made, find(made, "restore backup secret server", scope=STAFF))[0] == "sop"


@pytest.mark.parametrize(("client", "seen"), [("acme", True), ("other", False), (None, False)])
def test_pages_limited_to_clients(client: str | None, *, seen: bool) -> None:
    """A page for named clients is invisible to all others, staff scope or not."""
    made = searcher([LIMITED, OPEN])
    for audiences in (frozenset({Audience.CLIENT}), frozenset(Audience)):
        found = find(made, "restore backup acme portal", scope=Scope(audiences=audiences, client=client))
        assert ("acme" in pages_of(made, found)) is seen


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(list(Audience)), st.sampled_from([(), ("a",), ("b",)]), st.booleans()), max_size=12
    ),
    st.sampled_from([None, "a", "b"]),
)
def test_no_scope_ever_leaks(kinds: list[tuple[Audience, tuple[str, ...], bool]], client: str | None) -> None:
    """Whatever the mixture of pages, a client gets only its own client pages that are not withdrawn."""
    pages: list[Page] = [
        page(f"p{i}", "restore the backup", audience=audience, clients=clients, questions=("restore backup",))
        for i, (audience, clients, _) in enumerate(kinds)
    ]
    hidden = frozenset(f"p{i}" for i, (_, _, withdrawn) in enumerate(kinds) if withdrawn)
    allowed = {
        f"p{i}"
        for i, (audience, clients, withdrawn) in enumerate(kinds)
        if audience is Audience.CLIENT and not withdrawn and (not clients or client in clients)
    }
    if not pages:
        return
    made = searcher(pages)
    found = find(made, "restore backup", scope=Scope(client=client), hidden=hidden, limit=20, thin=False)
    assert set(pages_of(made, found)) == allowed


def test_many_hidden_pages_do_not_hide_the_rest() -> None:
    """When the nearest hundred may not be seen, the search goes on to those that may."""
    hidden = [page(f"h{i}", "restore backup now", clients=("other",)) for i in range(150)]
    made = searcher([*hidden, page("far", "how to restore pictures")])
    assert pages_of(made, find(made, "restore backup now", scope=Scope())) == ["far"]


def test_a_page_is_found_by_its_questions() -> None:
    """Words that stand only in a page's questions find it."""
    made = searcher([page("a", "Open the panel."), page("b", "Click there.", questions=("zebra crossing",))])
    assert pages_of(made, find(made, "zebra crossing", scope=Scope()))[0] == "b"


def test_other_products_give_way() -> None:
    """For a client with another CMS the page of its own CMS, or a general one, goes first."""
    text = "change the menu entry"
    pages = [
        page("a", f"{text} here", title="x", product="wordpress"),
        page("b", f"{text} there now", title="x", product="cms"),
    ]
    made = searcher(pages)
    assert pages_of(made, find(made, text, scope=Scope()))[0] == "a"
    assert pages_of(made, find(made, text, scope=Scope(products=frozenset({"cms"}))))[0] == "b"


def test_near_duplicates_and_third_chunks_give_way() -> None:
    """Of twins one is returned, of one page at most two chunks."""
    body = "\n\n".join(f"## Menu part {i}\n\nChange the menu entry number {i} there." for i in range(5))
    twins = [page("t1", "The menu twin text is here.", title="x"), page("t2", "The menu twin text is here.", title="x")]
    made = searcher([page("long", body), *twins])
    found = pages_of(made, find(made, "change menu entry", scope=Scope(), limit=6))
    assert found.count("long") == 2
    assert len({"t1", "t2"} & set(found)) == 1


@pytest.mark.parametrize("text", ["", "你好", "😀😀", "？？？", "\u200b", "\x00", "谢谢!"])
def test_what_says_nothing_is_no_question(text: str) -> None:
    """Courtesies, emoji and invisible characters search for nothing."""
    assert question(text, embedder=EMBEDDER) is None


@pytest.mark.parametrize(
    "text", ["a" * 100_000, "后台" * 50_000, "\ud800密码", "مرحبا " * 2000, "x\u202ey\x00z", "ﷺ" * 500]
)
def test_bad_text_is_searched_all_the_same(text: str) -> None:
    """Long, right-to-left, broken text finds something or nothing, and never fails."""
    made = searcher([OPEN])
    found = find(made, text, scope=Scope())
    assert found is None or found.rows == (0,)


def test_courtesies_do_not_move_the_evidence() -> None:
    """The same question, politely, has the same signals."""
    made = searcher([OPEN, page("b", "菜单在外观里修改。", language="zh-Hans")])
    plain, polite = (find(made, text, scope=Scope()) for text in ("怎么改菜单", "您好，请问怎么改菜单？谢谢！"))
    assert plain is not None
    assert polite is not None
    assert plain.signals == polite.signals


def test_an_unknown_product_is_told() -> None:
    """A question that names a product its page does not name says so in the signals."""
    made = searcher([page("menu", "Change the menu of the site.")])
    ours, theirs = (find(made, f"change the menu {name}", scope=Scope()) for name in ("entry", "in shopify"))
    assert ours is not None
    assert theirs is not None
    assert (ours.signals.product, theirs.signals.product) == (1.0, 0.0)


def test_pages_that_may_not_be_seen_have_no_vote() -> None:
    """A question that an internal page answers best says nothing to a client, for or against."""
    made = searcher([SECRET, OPEN])
    alone = find(searcher([OPEN]), "restore backup", scope=Scope())
    found = find(made, "restore backup", scope=Scope())
    assert alone
    assert found
    assert found.signals.rivals == alone.signals.rivals == 0
    assert found.signals.vote == pytest.approx(alone.signals.vote)
    theirs = find(made, "restore backup", scope=STAFF)
    assert theirs
    assert theirs.signals.vote > theirs.signals.rivals > 0
