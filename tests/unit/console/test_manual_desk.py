"""The manual in the desk: edited, previewed, published, refused, overridden, rolled back, withdrawn."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from console.rendering import page_link
from knowledge import record, runs
from knowledge.embedders import HashingEmbedder, Vectors
from knowledge.errors import LiveChanged
from knowledge.model import Cost, Scope
from store.clock import ManualClock
from tests.unit.console.keeping import GOLDEN, Keeping, kept, write
from tests.unit.console.world import ORIGIN, World, field, submit

EDIT = "/desk/manual/_edit?file=zh%2Fmenu.md"


@pytest.fixture
async def keeping(world: World, tmp_path: Path) -> AsyncIterator[Keeping]:
    async with kept(world, tmp_path) as opened:
        yield opened


async def live(keeping: Keeping, page_id: str) -> str:
    found = await keeping.manual.page(page_id)
    return found.body if found else ""


async def verbs(keeping: Keeping) -> list[tuple[str, str, str]]:
    lines = await keeping.world.deps.db.read(lambda conn: record.entries(conn, limit=50))
    return [(each.verb, each.by, each.reason) for each in lines]


async def test_a_page_is_edited_previewed_published_and_rolled_back(keeping: Keeping) -> None:
    """Scene 9: the admin changes a page, sees the words that change, publishes, and goes back in one press."""
    admin = await keeping.world.signed_in("mira")
    text = (keeping.folder / "zh/menu.md").read_text().replace("Call us.", "Call us by 17:00.")
    saved = await submit(admin, EDIT, "/desk/manual/_edit", file="zh/menu.md", text=text.replace("\n", "\r\n"),
                         seen=field((await admin.get(EDIT)).text, "seen"))  # fmt: skip
    assert saved.status_code == 303
    assert (keeping.folder / "zh/menu.md").read_text() == text
    assert "17:00" not in await live(keeping, "zh/menu")
    at, html = await keeping.previewed(admin)
    assert "<ins> by 17:00</ins>" in html
    assert "May be published" in html
    assert "17:00" not in await live(keeping, "zh/menu")
    number = at.rsplit("/", 1)[1]
    followed = await keeping.press(admin, "/desk/manual/_publish", at, run=number, reason="office hours")
    assert (await keeping.done()).report["published"]
    assert "Version 2 is live" in (await admin.get(followed)).text
    assert "17:00" in await live(keeping, "zh/menu")
    await keeping.press(admin, "/desk/manual/_rollback", "/desk/manual/_versions", version="1")
    assert "17:00" not in await live(keeping, "zh/menu")
    assert (await verbs(keeping))[:3] == [
        ("rollback", "Mira Chen (mira)", ""),
        ("publish", "Mira Chen (mira)", "office hours"),
        ("edit", "Mira Chen (mira)", ""),
    ]
    html = (await admin.get("/desk/manual/_log")).text
    assert "rolled back to" in html
    assert "office hours" in html


async def test_a_version_that_breaks_what_must_not_break_is_refused_and_overridden_by_name(keeping: Keeping) -> None:
    """The questions are named; nothing but an admin with a reason gets past, and the log says so."""
    (keeping.folder / "zh/mail.md").unlink()
    admin = await keeping.world.signed_in("mira")
    at, html = await keeping.previewed(admin)
    assert "This would not be published" in html
    assert "A question that must not break breaks: my mailbox is full" in html
    number = at.rsplit("/", 1)[1]
    unreasoned = await submit(admin, at, "/desk/manual/_publish", run=number, force="yes", reason="  ")
    assert unreasoned.status_code == 422
    assert "Please give a reason" in unreasoned.text
    tried = await keeping.press(admin, "/desk/manual/_publish", at, run=number)
    refused = await keeping.done()
    assert (refused.report["published"], keeping.manual.version) == (False, 1)
    html = (await admin.get(tried)).text
    assert "Not published" in html
    assert "my mailbox is full" in html
    await keeping.press(admin, "/desk/manual/_publish", tried, run=str(refused.id), force="yes", reason="mail is sold")
    assert (await keeping.done()).report["published"]
    assert keeping.manual.version != 1
    log = await verbs(keeping)
    assert log[0] == ("override", "Mira Chen (mira)", "mail is sold")
    assert log[1][0] == "refuse"
    assert "my mailbox is full" in log[1][2]


async def test_what_changed_after_the_preview_is_not_published(keeping: Keeping) -> None:
    """A stale tab publishes nothing that its reader has not seen."""
    admin = await keeping.world.signed_in("mira")
    write(keeping.folder, "zh/new.md", "First text.")
    at, _ = await keeping.previewed(admin)
    write(keeping.folder, "zh/new.md", "Second text.")
    tried = await keeping.press(admin, "/desk/manual/_publish", at, run=at.rsplit("/", 1)[1])
    assert (await keeping.done()).state == "failed"
    assert "Files changed after the preview" in (await admin.get(tried)).text
    assert keeping.manual.version == 1


async def test_the_second_admin_sees_who_is_at_it(keeping: Keeping) -> None:
    """One run at a time: the other is shown it, and a doubled press starts no second one."""
    world = keeping.world
    one, two = await world.signed_in("mira"), await world.signed_in("mira")
    at = await keeping.press(one, "/desk/manual/_preview")
    other = await keeping.press(two, "/desk/manual/_preview")
    assert other == f"{at}?busy=1"
    html = (await two.get(other)).text
    assert "Mira Chen (mira) was at it before you" in html
    assert "is previewing changes" in (await (await world.signed_in("lin")).get("/desk/manual")).text
    await keeping.done()
    assert "was at it before you" not in (await two.get(other)).text
    assert await keeping.press(one, "/desk/manual/_preview", run="") != at


async def test_two_people_edit_one_page_and_nothing_is_lost(keeping: Keeping) -> None:
    """The later one sees both texts, and saves over the other only on purpose."""
    one, two = await keeping.world.signed_in("mira"), await keeping.world.signed_in("mira")
    seen = field((await one.get(EDIT)).text, "seen")
    first = "---\ntitle: Menu\n---\nTheir text.\n"
    await submit(two, EDIT, "/desk/manual/_edit", file="zh/menu.md", text=first, seen=seen)
    late = await submit(
        one, EDIT, "/desk/manual/_edit", file="zh/menu.md", text="---\ntitle: Menu\n---\nMy text.\n", seen=seen
    )
    assert late.status_code == 409
    assert "Somebody else saved this file meanwhile" in late.text
    assert "<del>Their</del>" in late.text
    assert "My text." in late.text
    assert (keeping.folder / "zh/menu.md").read_text() == first
    again = field(late.text, "seen")
    done = await submit(
        one, EDIT, "/desk/manual/_edit", file="zh/menu.md", text="---\ntitle: Menu\n---\nBoth.\n", seen=again
    )
    assert done.status_code == 303
    assert "Both." in (keeping.folder / "zh/menu.md").read_text()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("---\ntitle: [\n---\nBody", 3, "front matter"),
        ("---\ntitle: x\n---\n  \n", 4, "the page has no text"),
        ("---\na: &a [1]\nb: [*a, *a]\n---\nBody", 2, "anchors"),
        ("---\ntitle: x\nBody", 1, "not closed"),
    ],
)
async def test_a_page_that_could_not_be_read_is_not_saved(keeping: Keeping, text: str, line: int, said: str) -> None:
    """The line is named, the typed text stays, the file stays."""
    admin = await keeping.world.signed_in("mira")
    before = (keeping.folder / "zh/menu.md").read_bytes()
    answer = await submit(admin, EDIT, "/desk/manual/_edit", file="zh/menu.md", text=text, seen="x")
    assert answer.status_code == 422
    assert f'data-line="{line}"' in answer.text
    assert said in answer.text
    assert text.split("\n")[1] in answer.text.replace("&amp;", "&")
    assert (keeping.folder / "zh/menu.md").read_bytes() == before


async def test_the_preview_of_what_is_typed_is_safe(keeping: Keeping) -> None:
    """HTML, scripts and javascript links in text or head never become markup; unknown keys are named."""
    admin = await keeping.world.signed_in("mira")
    evil = '---\ntitle: "<script>alert(1)</script>"\nowner: "\\"><img src=x>"\nnope: 1\n---\n<script>alert(2)</script>\n\n[x](javascript:alert(3))\n\n![y](x onerror=alert(4))'
    answer = await submit(admin, EDIT, "/desk/manual/_edit/check", file="zh/menu.md", text=evil)
    assert answer.status_code == 200
    assert "<script" not in answer.text
    assert "javascript:" not in answer.text.replace("[x](javascript", "")
    assert "<img" not in answer.text
    assert "unknown key" in answer.text


@pytest.mark.parametrize(
    "file", ["../secret.md", "/etc/passwd", "zh/../../x.md", "", ".git/config", "zh/x.exe", "zh\\x.md", "a\0.md"]
)
async def test_no_address_leads_out_of_the_manual(keeping: Keeping, file: str) -> None:
    """Reading and saving outside the folder are refused, whatever the name."""
    admin = await keeping.world.signed_in("mira")
    (keeping.folder.parent / "secret.md").write_text("TOP SECRET")
    read = await admin.get("/desk/manual/_edit", params={"file": file})
    assert read.status_code in {404, 422}
    assert "TOP SECRET" not in read.text
    saved = await submit(admin, EDIT, "/desk/manual/_edit", file=file, text="# x\n\nevil", seen="")
    assert saved.status_code == 422
    assert (keeping.folder.parent / "secret.md").read_text() == "TOP SECRET"


async def test_a_new_page_starts_in_the_editor(keeping: Keeping) -> None:
    """Title, place and audience become its head; a name that is taken is told; saving makes the file."""
    admin = await keeping.world.signed_in("mira")
    values = {"folder": "zh", "title": "改首页: 标题", "name": "", "audience": "client", "language": "zh-Hans"}
    draft = await submit(admin, "/desk/manual/_new", "/desk/manual/_new", **values)
    assert draft.status_code == 200
    assert "zh/改首页-标题.md" in draft.text
    text = "---\ntitle: '改首页: 标题'\naudience: client\nlanguage: zh-Hans\n---\n\n改这里。\n"
    assert "title: &#39;改首页: 标题&#39;" in draft.text
    await submit(admin, EDIT, "/desk/manual/_edit", file="zh/改首页-标题.md", text=text, seen="")
    assert (keeping.folder / "zh/改首页-标题.md").read_text() == text
    taken = await submit(admin, "/desk/manual/_new", "/desk/manual/_new", **values)
    assert taken.status_code == 422
    assert "is there already" in taken.text


async def test_files_are_uploaded_with_what_the_form_says(keeping: Keeping) -> None:
    """Stored under a harmless name with a sidecar, previewed at once, never replaced unasked."""
    admin = await keeping.world.signed_in("mira")
    at = "/desk/manual/_upload"
    brought = {"file": ("../../<b>图</b> 说明.html", b"<p>How to <b>swap</b> pictures</p>", "text/html")}
    values = {
        "folder": "zh",
        "title": "换图",
        "audience": "client",
        "language": "zh-Hans",
        "questions": "怎么换图\n图片",
    }
    answer = await submit(admin, at, at, files=brought, **values)
    assert answer.status_code == 303, answer.text
    assert answer.headers["Location"].startswith("/desk/manual/_runs/")
    (stored,) = [path.name for path in (keeping.folder / "zh").glob("*.html")]
    assert stored == "b-说明.html"
    assert (keeping.folder / "zh" / f"{stored}.yaml").read_text() == (
        "title: 换图\naudience: client\nlanguage: zh-Hans\nquestions:\n- 怎么换图\n- 图片\n"
    )
    await keeping.done()
    again = await submit(admin, at, at, files=brought, **values)
    assert again.status_code == 422
    assert "is there already" in again.text
    assert 'name="replace"' in again.text
    assert (await submit(admin, at, at, files=brought, replace="yes", **values)).status_code == 303


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.exe", b"MZ\0", "does not take"),
        ("a.docx", b"not a document", "is not what its name says"),
        ("a.pdf", b"GIF89a", "is not what its name says"),
        ("a.md", b"", "is empty"),
        ("...md", b"# hi\n\nx", "cannot be a file"),
    ],
)
async def test_a_bad_upload_stores_nothing(keeping: Keeping, name: str, raw: bytes, said: str) -> None:
    """Of several files none is stored where one is bad."""
    admin = await keeping.world.signed_in("mira")
    before = sorted(keeping.folder.rglob("*"))
    brought = [("file", ("good.md", b"# Good\n\nText.", "text/markdown")), ("file", (name, raw, "text/plain"))]
    answer = await submit(
        admin, "/desk/manual/_upload", "/desk/manual/_upload", files=brought, folder="zh", audience="internal"
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert sorted(keeping.folder.rglob("*")) == before


async def test_a_page_is_withdrawn_at_once_and_its_link_says_so(keeping: Keeping) -> None:
    """A lead with a reason; no answer uses it; the client's link tells it kindly; restored, it is back."""
    lead, secret = await keeping.world.signed_in("tom"), keeping.world.deps.secret
    at, link = "/desk/manual/zh/menu", page_link("zh/menu", secret=secret)
    client = keeping.world.browser()
    assert (await client.get(link)).status_code == 200
    assert (await submit(lead, at, "/desk/manual/_withdraw", page="zh/menu")).status_code == 422
    await keeping.press(lead, "/desk/manual/_withdraw", at, page="zh/menu", reason="wrong menu")
    found = await keeping.manual.search("where is the menu", scope=Scope())
    assert "zh/menu" not in [each.page for each in found.passages]
    gone = await client.get(link)
    assert gone.status_code == 410
    assert "taken this page back" in gone.text
    html = (await lead.get(at)).text
    assert "This page is withdrawn" in html
    assert "wrong menu" in html
    assert "zh/menu" in (await lead.get("/desk/manual?state=withdrawn")).text
    late = await submit(lead, at, "/desk/manual/_withdraw", page="zh/menu", reason="again")
    assert late.status_code == 409
    await keeping.press(lead, "/desk/manual/_withdraw", at, page="zh/menu", reason="mended", back="yes")
    assert (await client.get(link)).status_code == 200


async def test_a_page_for_named_clients_opens_only_by_a_link_made_for_one_of_them(keeping: Keeping) -> None:
    """No common link, no other client's, none with the name exchanged; ordinary pages stay as they were."""
    secret, browser = keeping.world.deps.secret, keeping.world.browser()
    found = await keeping.manual.search("acme portal discount rule", scope=Scope(client="nw"))
    assert [each.client for each in found.passages if each.page == "zh/acme"] == ["nw"]
    assert {each.client for each in found.passages if each.page != "zh/acme"} <= {None}
    right = page_link("zh/acme", client="nw", secret=secret)
    assert (await browser.get(right)).status_code == 200
    for link in (
        page_link("zh/acme", secret=secret),
        page_link("zh/acme", client="other", secret=secret),
        page_link("zh/acme", client="other", secret=secret).replace("c=other", "c=nw"),
        right.replace("c=nw&", ""),
        right.replace("zh/acme", "internal/restore"),
    ):
        assert (await browser.get(link)).status_code == 404
    assert (await browser.get(page_link("internal/restore", client="nw", secret=secret))).status_code == 404


async def test_agents_read_and_change_nothing(keeping: Keeping) -> None:
    """They see pages, versions, questions and the log; every form is refused, with its token too."""
    agent = await keeping.world.signed_in("lin")
    for at in (
        "/desk/manual",
        "/desk/manual/zh/menu",
        "/desk/manual/_versions",
        "/desk/manual/_golden",
        "/desk/manual/_log",
    ):
        html = (await agent.get(at)).text
        assert "Preview changes" not in html
        assert "Withdraw…" not in html
        assert "Roll back…" not in html
    for at in (EDIT, "/desk/manual/_new", "/desk/manual/_upload"):
        assert (await agent.get(at)).status_code == 403
    for action in (
        "_preview",
        "_publish",
        "_edit",
        "_edit/check",
        "_new",
        "_upload",
        "_rollback",
        "_withdraw",
        "_golden",
    ):
        assert (await submit(agent, "/desk/manual", f"/desk/manual/{action}", page="zh/menu")).status_code == 403
    lead = await keeping.world.signed_in("tom")
    assert (await submit(lead, "/desk/manual", "/desk/manual/_preview")).status_code == 403


async def test_a_form_without_its_token_does_nothing(keeping: Keeping) -> None:
    """Another site's form, or one without a token, is refused."""
    admin = await keeping.world.signed_in("mira")
    for action in ("_preview", "_publish", "_edit", "_upload", "_rollback", "_withdraw", "_golden"):
        answer = await admin.post(f"/desk/manual/{action}", data={"page": "zh/menu"}, headers={"Origin": ORIGIN})
        assert answer.status_code == 403
    assert await keeping.world.deps.db.read(record.withdrawals) == ()


async def test_golden_questions_are_shown_and_added(keeping: Keeping) -> None:
    """Each with what the live version makes of it; a new one goes to the end, comments stay."""
    admin = await keeping.world.signed_in("mira")
    html = (await admin.get("/desk/manual/_golden")).text
    assert "my mailbox is full" in html
    assert "must not break" in html
    at = "/desk/manual/_golden"
    for values, said in (
        ({"ask": "", "none": "yes"}, "type the question"),
        ({"ask": "x"}, "Name a page"),
        ({"ask": "x", "expected": "zh/menu", "none": "yes"}, "not both"),
        ({"ask": "x", "expected": "zh/nowhere"}, "No such page: zh/nowhere"),
    ):
        answer = await submit(admin, at, at, **values)
        assert answer.status_code == 422
        assert said in answer.text
    await keeping.press(admin, at, at, ask='menu "top": where?', expected="zh/menu, zh/mail", must="yes")
    text = (keeping.folder / "golden.yaml").read_text()
    assert text == GOLDEN + '- {ask: "menu \\"top\\": where?", page: ["zh/menu", "zh/mail"], must: true}\n'


async def test_a_broken_golden_file_is_named_and_mended(keeping: Keeping) -> None:
    """The desk stays usable: the line is told, nothing is added to it, and it is mended as text."""
    admin = await keeping.world.signed_in("mira")
    path = keeping.folder / "golden.yaml"
    path.write_text(GOLDEN + "- {ask: 7, page: none}\n")
    html = (await admin.get("/desk/manual/_golden")).text
    assert "golden.yaml cannot be read, line 6" in html
    answer = await submit(admin, "/desk/manual/_golden", "/desk/manual/_golden", ask="x", none="yes")
    assert answer.status_code == 422
    assert path.read_text().endswith("- {ask: 7, page: none}\n")
    _, html = await keeping.previewed(admin)
    assert "golden.yaml:6" in html
    edit = "/desk/manual/_edit?file=golden.yaml"
    broken = await submit(admin, edit, "/desk/manual/_edit", file="golden.yaml", text="- {ask: x}", seen="x")
    assert broken.status_code == 422
    seen = field((await admin.get(edit)).text, "seen")
    assert (
        await submit(admin, edit, "/desk/manual/_edit", file="golden.yaml", text=GOLDEN, seen=seen)
    ).status_code == 303
    assert path.read_text() == GOLDEN


async def test_a_page_that_opens_to_clients_is_a_warning(keeping: Keeping) -> None:
    """From internal to client: said before anything else."""
    write(keeping.folder, "internal/restore.md", "Restore the backup on the server.", audience="client")
    admin = await keeping.world.signed_in("mira")
    _, html = await keeping.previewed(admin)
    assert "Becomes visible to clients: 1." in html
    assert "<del>internal</del> <ins>client</ins>" in html


async def test_the_list_is_searched_filtered_and_paged(keeping: Keeping) -> None:
    """Thousands of pages come a hundred at a time; words, audience, state and odd page numbers all work."""
    for number in range(240):
        write(
            keeping.folder,
            f"bulk/p{number:03}.md",
            f"Bulk text {number}.",
            title=f"Bulk {number:03}",
            review_by="2020-01-01",
        )
    await keeping.manual.index(keeping.folder, by="test", force=True)
    agent = await keeping.world.signed_in("lin")
    html = (await agent.get("/desk/manual", params={"q": "bulk", "at": "3"})).text
    assert (html.count("/desk/manual/bulk/p"), "3 of 3" in html) == (40, True)
    assert (await agent.get("/desk/manual", params={"at": "99999999999999999999"})).status_code == 200
    assert (await agent.get("/desk/manual", params={"audience": "internal"})).text.count("<tr><td") == 1
    assert "Pages found: 240" in (await agent.get("/desk/manual", params={"state": "due"})).text
    assert "zh/menu" in (await agent.get("/desk/manual", params={"q": "LIN menu"})).text
    assert "No page matches" in (await agent.get("/desk/manual", params={"q": "<script>"})).text


async def test_a_huge_page_is_refused_and_the_desk_lives_on(keeping: Keeping) -> None:
    """More than a file may hold is told, more than a form may hold does not come in."""
    admin = await keeping.world.signed_in("mira")
    seen = field((await admin.get(EDIT)).text, "seen")
    answer = await submit(admin, EDIT, "/desk/manual/_edit", file="zh/menu.md", text="x" * 2_100_000, seen=seen)
    assert answer.status_code == 422
    assert "is too large" in answer.text
    flood = await submit(admin, EDIT, "/desk/manual/_edit", file="zh/menu.md", text="x" * 9_000_000, seen=seen)
    assert flood.status_code == 413
    assert (await admin.get("/desk/manual")).status_code == 200


async def test_a_run_that_was_interrupted_is_done_again(keeping: Keeping) -> None:
    """The job is durable: killed after it began, it is run anew and ends."""
    admin = await keeping.world.signed_in("mira")
    write(keeping.folder, "zh/new.md", "First text.")
    at = await keeping.press(admin, "/desk/manual/_preview")
    from knowledge import runs
    from knowledge.model import Progress

    number = int(at.rsplit("/", 1)[1])
    await keeping.world.write(lambda conn: runs.told(conn, number, Progress(stage="embed", done=1, total=9)))
    assert "1/9" in (await admin.get(at)).text
    assert (await keeping.done()).state == "done"
    assert isinstance(keeping.world.clock, ManualClock)


class Paid(HashingEmbedder):
    """Is paid for by the token."""

    price = 2.0

    def __init__(self) -> None:
        super().__init__()
        self.texts = 0

    @property
    def spent(self) -> Cost:
        return Cost(tokens=self.texts, estimated=False, price=self.price)

    def passages(self, texts: Sequence[str]) -> Vectors:
        self.texts += len(texts)
        return super().passages(texts)


async def test_a_preview_spends_nothing_unasked(world: World, tmp_path: Path) -> None:
    """Where the embedder is paid for, the preview says what indexing would cost; asking the golden questions is a press."""
    paid = Paid()
    async with kept(world, tmp_path, paid) as keeping:
        admin = await keeping.world.signed_in("mira")
        write(keeping.folder, "zh/new.md", "A page about invoices.")
        before = paid.texts
        _, html = await keeping.previewed(admin)
        assert paid.texts == before
        assert "The golden questions were not asked" in html
        assert "Indexing would use about" in html
        assert "at the price that is set" in html
        at = await keeping.press(admin, "/desk/manual/_preview", spend="yes")
        await keeping.done()
        assert paid.texts > before
        assert "May be published" in (await admin.get(at)).text


async def test_a_run_says_from_which_commit_and_what_is_only_to_be_looked_at(keeping: Keeping) -> None:
    """Errors and warnings stand apart; the commit stands in the report, among the versions and in the log."""
    commit = "0123456789abcdef0123456789abcdef01234567"
    (keeping.folder / ".git").mkdir()
    (keeping.folder / ".git" / "HEAD").write_text(commit)
    gbk = (
        "---\ntitle: 发票\naudience: client\nlanguage: zh-Hans\n---\n发票在付款后三个工作日内寄出,请您耐心等待一下。\n"
    )
    (keeping.folder / "zh" / "gbk.md").write_bytes(gbk.encode("gbk"))
    write(keeping.folder, "zh/odd.md", "Odd.", sort="odd")
    admin = await keeping.world.signed_in("mira")
    at, html = await keeping.previewed(admin)
    assert "Problems in files: 1" in html
    assert "To look at: 1" in html
    done = await keeping.press(admin, "/desk/manual/_publish", run=at.rsplit("/", maxsplit=1)[-1], reason="invoices")
    await keeping.done()
    assert "From commit 0123456789ab" in (await admin.get(done)).text
    for page in ("_versions", "_log"):
        assert "invoices · commit 0123456789ab" in (await admin.get(f"/desk/manual/{page}")).text


async def test_a_run_that_another_version_overtook_says_so(keeping: Keeping) -> None:
    """In words, with what to do; not by the name of an error."""

    def overtaken(conn: Connection) -> int:
        now = keeping.world.clock()
        run = runs.ask(conn, "publish", by="mira", now=now).run
        runs.ended(conn, run.id, now=now, error=f"LiveChanged: {LiveChanged(since=1, to=2)}")
        return run.id

    number = await keeping.world.deps.db.write(overtaken)
    html = (await (await keeping.world.signed_in("mira")).get(f"/desk/manual/_runs/{number}")).text
    assert "another version went live" in html
    assert "LiveChanged" not in html
