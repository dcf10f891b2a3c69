"""What is said about a page from outside counts, the nearest word most; in doubt nobody outside sees it."""

from pathlib import Path

from knowledge.loaders import load
from knowledge.model import Audience, Page
from tests.unit.knowledge.documents import docx, heading, paragraph
from tests.unit.knowledge.pages import write

WORD = docx(heading("Renew") + paragraph("Pay here."))


def pages(folder: Path) -> dict[str, Page]:
    return {each.id: each for each in load(folder).pages}


def problems(folder: Path) -> list[tuple[str, int | None, str]]:
    return [(each.file, each.line, each.message) for each in load(folder).problems]


def test_a_sidecar_says_what_a_document_cannot(tmp_path: Path) -> None:
    """A document has its keys in a file beside it."""
    write(tmp_path, "a/renew.docx", WORD)
    write(
        tmp_path,
        "a/renew.docx.yaml",
        "audience: client\ntitle: How to renew\nquestions: [renew my domain]\nclients: [acme]\n",
    )
    page = pages(tmp_path)["a/renew"]
    assert (page.audience, page.title, page.questions, page.clients) == (
        Audience.CLIENT, "How to renew", ("renew my domain",), ("acme",),
    )  # fmt: skip


def test_defaults_reach_down_and_give_way(tmp_path: Path) -> None:
    """A folder speaks for what lies below it; a deeper folder, a sidecar and the page itself know better."""
    write(tmp_path, "_defaults.yaml", "audience: client\nowner: support\nproduct: wordpress\n")
    write(tmp_path, "plain.md", "# At the top\n\nText.\n")
    write(tmp_path, "deep/_defaults.yaml", "owner: shop\nclients: [acme]\n")
    write(tmp_path, "deep/plain.md", "Text.\n")
    write(tmp_path, "deep/own.md", "---\nowner: me\naudience: internal\nclients: []\n---\nText.\n")
    write(tmp_path, "deep/renew.docx", WORD)
    write(tmp_path, "deep/renew.docx.yaml", "owner: beside\n")
    found = pages(tmp_path)
    assert {key: (page.audience.value, page.owner, page.product, page.clients) for key, page in found.items()} == {
        "plain": ("client", "support", "wordpress", ()),
        "deep/plain": ("client", "shop", "wordpress", ("acme",)),
        "deep/own": ("internal", "me", "wordpress", ()),
        "deep/renew": ("client", "beside", "wordpress", ("acme",)),
    }
    assert problems(tmp_path) == []


def test_what_is_wrong_is_named_with_its_line(tmp_path: Path) -> None:
    """Unknown keys, wrong values, keys of one page for a folder, a sidecar without its page or by another name."""
    write(tmp_path, "_defaults.yaml", "owner: support\n\ntitle: All of them\n")
    write(tmp_path, "a.docx", WORD)
    write(tmp_path, "a.docx.yaml", "owner: me\ncolour: red\nlanguage: fr\n")
    write(tmp_path, "a.docx.yml", "owner: me\n")
    write(tmp_path, "gone.pdf.yaml", "owner: me\n")
    assert problems(tmp_path) == [
        ("_defaults.yaml", 3, "title belongs to one page, not to a folder"),
        ("a.docx.yaml", 2, "unknown key 'colour'"),
        ("a.docx.yaml", 3, "language is one of en, zh-Hans, zh-Hant, not 'fr'"),
        ("a.docx.yml", 1, "not read: call it a.docx.yaml"),
        ("gone.pdf.yaml", 1, "speaks about gone.pdf, which is not there"),
    ]


def test_a_broken_word_on_who_may_see_hides_the_page(tmp_path: Path) -> None:
    """An audience, or a list of clients, that cannot be understood never ends in more people seeing a page."""
    write(tmp_path, "_defaults.yaml", "audience: client\n")
    write(tmp_path, "typo.md", "---\naudience: internl\n---\nText.\n")
    write(tmp_path, "clients.md", "---\naudience: client\nclients: {acme: yes}\n---\nText.\n")
    write(tmp_path, "client.md", "---\naudience: client\nclient: acme\n---\nText.\n")
    write(tmp_path, "meta.html", "<meta name='audience' content='everyone'><p>Text.</p>")
    write(tmp_path, "broken.docx", WORD)
    write(tmp_path, "broken.docx.yaml", "clients: [acme\n")
    write(tmp_path, "below/_defaults.yaml", b"\xff\xfe\xfa")
    write(tmp_path, "below/page.md", "Text.\n")
    write(tmp_path, "fine.md", "---\nowner: [a, b]\n---\nText.\n")
    shown = {key for key, page in pages(tmp_path).items() if page.audience is Audience.CLIENT}
    assert shown == {"fine"}
    assert sorted(((file, line) for file, line, _ in problems(tmp_path)), key=str) == [
        ("below/_defaults.yaml", 1), ("broken.docx.yaml", 2), ("client.md", 3), ("clients.md", 3), ("fine.md", 2),
        ("meta.html", None), ("typo.md", 2),
    ]  # fmt: skip
    assert "(is 'clients' meant?)" in next(message for file, _, message in problems(tmp_path) if file == "client.md")


def test_a_page_that_says_clearly_who_may_see_it_is_not_hidden_by_its_folder(tmp_path: Path) -> None:
    """The nearest clear word counts, also over a doubtful one further away."""
    write(tmp_path, "_defaults.yaml", "audience: cleint\n")
    write(tmp_path, "page.md", "---\naudience: client\n---\nText.\n")
    assert pages(tmp_path)["page"].audience is Audience.CLIENT


def test_what_is_said_outside_changes_the_page(tmp_path: Path) -> None:
    """An edit of a sidecar or of a default is an edit of the pages it speaks about, and of no others."""
    write(tmp_path, "a/page.md", "Text.\n")
    write(tmp_path, "b/page.md", "Text.\n")
    before = pages(tmp_path)
    write(tmp_path, "a/_defaults.yaml", "owner: support\n")
    after = pages(tmp_path)
    assert before["a/page"].hash != after["a/page"].hash
    assert before["b/page"].hash == after["b/page"].hash
