"""A client's own page: what it shows, to whom, in which language, and that no other client's things are on it."""

import re
from datetime import timedelta
from html import unescape

import pytest

from handoff import directory, messages, progress_links, shared_documents
from handoff.kinds import ChatKind
from handoff.progress_links import Scope
from tests.unit.console.progress_world import Owned, link, owned, path_of, ticket_of
from tests.unit.console.world import World


@pytest.fixture
async def mine(world: World) -> Owned:
    return await owned(world, "nw", "Northwind")


@pytest.fixture
async def other(world: World) -> Owned:
    return await owned(world, "blue", "Blue Sea Freight")


async def act(world: World, verb: str, **facts: object) -> object:
    now = world.clock()
    return await world.write(lambda conn: getattr(world.deps.desk, verb)(conn, **facts, now=now))


async def test_the_page_shows_what_is_the_clients(world: World, mine: Owned) -> None:
    """Requests with stage, who answers and by when; sites with their last days; documents."""
    page = unescape((await world.browser().get(mine.path)).text)
    for said in (
        "Northwind form is broken", mine.ticket.number, "Waiting for us", "our team", "A person answers by",
        "Northwind shop", "nw.example.com", "in 9 days", "nw handbook.pdf", "Northwind note", "Mon 16 Nov 10:00",
    ):  # fmt: skip
        assert said in page
    assert "a summary for staff" not in page


async def test_stages_follow_the_ticket(world: World, mine: Owned) -> None:
    """Taken, waiting for the client, late, resolved: each said as it is."""
    lin, ticket = world.people["lin"].id, mine.ticket.id

    async def told() -> str:
        return unescape((await world.browser().get(mine.path)).text)

    await act(world, "claim", ticket_id=ticket, by=lin)
    assert "Being worked on" in await told()
    assert "With: 林薇" in await told()
    world.clock.advance(timedelta(days=9))
    assert "We are late: an answer was promised by" in await told()
    await act(world, "reply", ticket_id=ticket, by=lin, text="Which browser?", wait=True)
    assert "Waiting for you" in await told()
    assert "We have asked you something" in await told()
    await act(world, "resolve", ticket_id=ticket, by=lin)
    page = re.sub(r"<[^>]*>", "", await told())
    assert "Nothing is open" in page
    assert "Resolved Wed 25 Nov 10:00" in page


async def test_a_request_shows_public_messages_only(world: World, mine: Owned) -> None:
    """The client's words, our answers and their pictures; a note of ours never."""
    lin, ticket = world.people["lin"].id, mine.ticket.id
    await act(world, "reply", ticket_id=ticket, by=lin, text="We look into it <b>now</b>")
    await act(world, "note", ticket_id=ticket, by=lin, text="the client is difficult")
    page = (await world.browser().get(f"{mine.path}/t/{mine.ticket.number}")).text
    assert "Northwind form is broken: please help" in page
    assert "We look into it &lt;b&gt;now&lt;/b&gt;" in page
    assert "difficult" not in page
    picture = await world.browser().get(f"{mine.path}/t/{mine.ticket.number}/files/{mine.picture}")
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")


async def test_a_note_s_picture_is_not_the_clients(world: World, mine: Owned) -> None:
    """A file of an internal note is as internal as the note."""
    from console.attachments import keep

    [file] = keep(world.deps.files, [("inside.png", b"\x89PNG\r\n\x1a\nsecret")])
    now, talk = world.clock(), mine.ticket.conversation_id
    await world.write(
        lambda conn: messages.internal(
            conn, conversation_id=talk, text="see", name="Lin", attachments=[file], ticket_id=mine.ticket.id, now=now
        )
    )
    answer = await world.browser().get(f"{mine.path}/t/{mine.ticket.number}/files/{file.id}")
    assert answer.status_code == 404


async def test_nothing_of_another_client_opens(world: World, mine: Owned, other: Owned) -> None:
    """Every address of one client's things, asked for with the other's link: not found, in both directions."""
    for here, there in ((mine, other), (other, mine)):
        browser = world.browser()
        own = {
            f"/t/{here.ticket.number}", f"/t/{here.ticket.number}/files/{here.picture}",
            f"/files/{here.document.file_id}",
        }  # fmt: skip
        foreign = {
            f"/t/{there.ticket.number}", f"/t/{there.ticket.number}/files/{there.picture}",
            f"/t/{here.ticket.number}/files/{there.picture}", f"/files/{there.document.file_id}",
            f"/files/{there.picture}", f"/t/{there.ticket.number}/files/{here.picture}",
            f"/t/{there.ticket.id}", f"/t/t{there.ticket.number[2:]}",
        }  # fmt: skip
        assert {(await browser.get(here.path + at)).status_code for at in own} == {200}
        assert {(await browser.get(here.path + at)).status_code for at in foreign} == {404}
        for at in ("", f"/t/{here.ticket.number}", f"/t/{there.ticket.number}"):
            page = (await browser.get(here.path + at)).text
            assert there.client.name not in page
            assert there.document.name not in page


async def test_a_link_of_the_groups_shows_no_private_talk(world: World, mine: Owned) -> None:
    """What one person asked in a direct chat is not on the page that the whole group has."""
    private, _ = await ticket_of(world, mine.client, title="Salary page", kind=ChatKind.DIRECT)
    path = path_of(world, await link(world, mine.client, scope=Scope.GROUPS))
    page = (await world.browser().get(path)).text
    assert "Northwind form is broken" in page
    assert "Salary page" not in page
    assert (await world.browser().get(f"{path}/t/{private.number}")).status_code == 404


async def test_a_persons_own_link_shows_their_requests_alone(world: World, mine: Owned) -> None:
    """No colleague's request, no documents, no sites."""
    private, said = await ticket_of(world, mine.client, title="Salary page", kind=ChatKind.DIRECT)
    path = path_of(world, await link(world, mine.client, scope=Scope.OWN, person_id=said.person_id))
    page = (await world.browser().get(path)).text
    assert "Salary page" in page
    for hidden in ("Northwind form is broken", "nw handbook.pdf", "Northwind shop"):
        assert hidden not in page
    assert (await world.browser().get(f"{path}/t/{private.number}")).status_code == 200
    assert (await world.browser().get(f"{path}/t/{mine.ticket.number}")).status_code == 404
    assert (await world.browser().get(f"{path}/files/{mine.document.file_id}")).status_code == 404


@pytest.mark.parametrize(
    "case", ["forged", "cut", "expired", "revoked", "archived", "nonsense", "long", "other secret"]
)
async def test_a_link_that_does_not_hold(world: World, mine: Owned, case: str) -> None:
    """One page for all of them, word for word, at every address, that says whom to ask; nothing is told apart."""
    path, now, by = mine.path, world.clock(), world.people["tom"].id
    expected = (await world.browser().get("/p/" + "x" * 38)).text
    match case:
        case "forged":
            path = path[:-1] + ("A" if path[-1] != "A" else "B")
        case "cut":
            path = path[:-5]
        case "expired":
            world.clock.advance(timedelta(days=30))
        case "revoked":
            await world.write(
                lambda conn: progress_links.revoke(conn, client_id=mine.client.id, link_id=mine.link.id, by=by, now=now)
            )
        case "archived":
            await world.write(lambda conn: directory.update_client(conn, mine.client.id, archived_at=now))
        case "nonsense":
            path = "/p/%00%ff☃"
        case "long":
            path += "x" * 3000
        case "other secret":
            path = "/p/" + progress_links.token(mine.link, secret=b"another")
    for at in ("", f"/t/{mine.ticket.number}", f"/files/{mine.document.file_id}", "/events"):
        answer = await world.browser().get(path + at)
        assert (answer.status_code, answer.text) == (404, expected)
    assert "ask the person who looks after your website" in expected


async def test_guessing_is_slowed_down_and_holds_nobody_up(world: World, mine: Owned) -> None:
    """After some wrong links from one address the same page comes with 429; a good link opens all the same."""
    browser = world.browser()
    statuses = [(await browser.get(f"/p/{n:038d}")).status_code for n in range(40)]
    assert statuses[:30] == [404] * 30
    assert statuses[-1] == 429
    assert (await browser.get("/p/" + "y" * 38)).headers["retry-after"]
    assert (await browser.get(mine.path)).status_code == 200


@pytest.mark.parametrize("at", ["", "/t/T-1001", "/t/T-9999", "/files/{file}", "/t/T-1001/files/{picture}"])
async def test_nothing_is_kept_framed_or_found(world: World, mine: Owned, at: str) -> None:
    """No store, no referrer, no index, no frame: on pages, files and refusals alike."""
    at = at.format(file=mine.document.file_id, picture=mine.picture)
    for path in (mine.path + at, "/p/wrong" + at):
        headers = (await world.browser().get(path)).headers
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
        assert headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("client", "browser", "asked", "said"),
    [
        ("zh-Hant", "en", "", "進行中的請求"),
        ("zh-Hans", "zh-TW", "", "进行中的请求"),
        (None, "zh-TW", "", "進行中的請求"),
        ("zh-Hant", "en", "?lang=en", "Open requests"),
    ],
)
async def test_the_clients_language_comes_first(
    *, world: World, mine: Owned, client: str | None, browser: str, asked: str, said: str
) -> None:
    """Then the browser's; the reader may choose another."""
    await world.write(lambda conn: directory.update_client(conn, mine.client.id, language=client))
    page = (await world.browser(**{"Accept-Language": browser}).get(mine.path + asked)).text
    assert said in page


async def test_what_a_client_writes_is_escaped(world: World) -> None:
    """Names, titles, notes, file names and addresses are text, never markup."""
    bad = '"><script>alert(1)</script>{evil}'
    nasty = await owned(world, "nasty", bad)
    for at in ("", f"/t/{nasty.ticket.number}"):
        page = (await world.browser().get(nasty.path + at)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;{evil}" in page


async def test_opening_and_fetching_are_kept(world: World, mine: Owned) -> None:
    """When the link was last opened, not when its page refreshed itself; how often a document was fetched."""
    browser = world.browser()
    await browser.get(mine.path, headers={"X-Live": "1"})
    [known] = await world.deps.db.read(lambda conn: progress_links.of_client(conn, mine.client.id))
    assert known.opened_at is None
    await browser.get(mine.path)
    await browser.get(f"{mine.path}/files/{mine.document.file_id}")
    [known] = await world.deps.db.read(lambda conn: progress_links.of_client(conn, mine.client.id))
    assert known.opened_at == world.clock()
    [document] = await world.deps.db.read(lambda conn: shared_documents.of_client(conn, mine.client.id))
    assert (document.fetched, document.fetched_at) == (1, world.clock())


async def test_the_history_has_pages(world: World, mine: Owned) -> None:
    """Twenty at a time, the newest first; a made-up place is the beginning."""
    lin = world.people["lin"].id
    for n in range(22):
        made, _ = await ticket_of(world, mine.client, title=f"Old matter {n:02d}")
        await act(world, "reply", ticket_id=made.id, by=lin, text="done")
        await act(world, "resolve", ticket_id=made.id, by=lin)
    first = (await world.browser().get(mine.path)).text
    assert "Old matter 21" in first
    assert "Old matter 01" not in first
    older = first.split("?before=")[1].split('"')[0]
    second = (await world.browser().get(f"{mine.path}?before={older}")).text
    assert "Old matter 01" in second
    assert "Old matter 21" not in second
    assert "Old matter 21" in (await world.browser().get(f"{mine.path}?before=-1")).text
