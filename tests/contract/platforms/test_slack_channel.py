"""Slack's channel: storing before acknowledging, and delivery; the real libraries against a Slack that makes trouble."""

import asyncio
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection
from structlog.testing import capture_logs

from bot import contract_work
from bot.channels.slack.account import Account
from bot.channels.slack.arriving import Arrivals
from bot.channels.slack.cardroom import MANNER
from bot.channels.slack.doors import PATH, bolt, router, socket
from bot.channels.slack.sending import SlackChannel
from bot.delivery import Deliveries
from bot.meters import Meters
from bot.reception import Room
from bot.recording import TURNED
from bot.shipped import load_rules, load_texts
from console import attachments
from handoff import directory, messages, turn_records
from handoff.desk import Desk
from handoff.kinds import ChatKind, Delivery, Level
from handoff.model import Chat, Message
from store.clock import utc_now
from store.db import Database
from store.signals import signal
from store.worker import Running, Worker
from tests.databases import migrated_file
from tests.platforms.slack import Channel, Cut, Html, Refuse, Settings, SlackServer, TooMany, Upload, User
from tests.platforms.slack.settings import EVERY_SCOPE
from tests.platforms.telegram.server import loopback

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
LONG = "\n\n".join(letter * 2000 for letter in "abcdefgh")
PING_S = 0.1


@dataclass
class Post:
    """Our side of Slack, with a worker that delivers, and a channel with two people."""

    db: Database
    account: Account
    arrivals: Arrivals
    slack: SlackServer
    anna: User
    ben: User
    place: Channel
    files: Path
    logs: list[Any] = field(default_factory=list)

    @property
    def shown(self) -> list[str]:
        """What of the bot's stands in the channel, oldest first."""
        return [m.text for m in self.place.seen if not m.deleted]

    def posts(self) -> int:
        return sum(call.method == "chat.postMessage" for call in self.slack.calls)

    async def chat(self, place: str | None = None) -> tuple[Chat, int]:
        """Our row of a channel, and its conversation."""
        name = f"T0HOME/{place or self.place.id}"

        def body(conn: Connection) -> tuple[Chat, int]:
            made = directory.ensure_chat(conn, platform="slack", external_id=name, kind=ChatKind.GROUP, now=utc_now())
            return made, directory.ensure_conversation(conn, chat_id=made.id, now=utc_now()).id

        return await self.db.write(body)

    async def say(self, talk: int, text: str, **more: Any) -> int:
        body = partial(messages.say, conversation_id=talk, text=text, name="Bot", now=utc_now(), **more)
        return (await self.db.write(body)).id

    async def becomes(self, message_id: int, state: Delivery) -> Message:
        """Wait until a message is as far as that."""

        async def when() -> Message | None:
            found = await self.db.read(partial(messages.message, message_id=message_id))
            return found if found.delivery is state else None

        return await until(when)

    async def kept(self) -> list[Message]:
        """What came in, in the order of storing."""

        def body(conn: Connection) -> list[Message]:
            found = [messages.find(conn, n) for n in range(1, 60)]
            return [m for m in found if m is not None and m.external_id and m.delivery is None]

        return await self.db.read(body)

    async def texts(self) -> list[str]:
        return sorted(m.text for m in await self.kept())

    async def settled(self) -> list[str]:
        """What is stored once Slack has had every acknowledgement, or has given up."""
        await self.slack.settled(within=10)
        return await self.texts()


async def until(ready: Callable[[], Awaitable[Any]]) -> Any:
    for _ in range(3000):
        if found := await ready():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("not within the bound")


@asynccontextmanager
async def posting(slack: SlackServer, folder: Path) -> AsyncIterator[Post]:
    """Everything but the way in."""
    db = await Database.open(f"sqlite:///{migrated_file(folder / 'db.sqlite3')}")
    account = Account(slack.settings.bot_token, api=slack.api_url, clock=utc_now)
    texts, files = load_texts(), folder / "files"
    files.mkdir(exist_ok=True)
    room = Room(desk=Desk(), rules=load_rules(), texts=texts, manner=MANNER)
    arrivals = Arrivals(account, db, room=room, files=files, clock=utc_now)
    channel = SlackChannel(account, db, texts=texts, files=files, clock=utc_now, href=lambda _: None)
    deliveries = Deliveries(db, channels={"slack": channel}, clock=utc_now, meters=Meters())

    async def dead(running: Running, error: Exception) -> None:
        await deliveries.dead(running, error)

    worker = Worker(db, clock=utc_now, owner="test", on_dead=dead)
    deliveries.register(worker)
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    world = slack.world
    anna, ben = world.user("anna"), world.user("ben")
    try:
        yield Post(db, account, arrivals, slack, anna, ben, world.channel("bakery", members=[anna, ben]), files)
    finally:
        stop.set()
        await task
        await arrivals.close()
        await account.close()
        await db.close()


@asynccontextmanager
async def listening(post: Post) -> AsyncIterator[None]:
    """What is said comes in, by the way that the workspace uses."""
    own = post.slack.settings
    async with AsyncExitStack() as stack:
        if own.socket_mode:
            app = bolt(post.account, post.arrivals, secret=None)
            await stack.enter_async_context(socket(app, post.account, token=own.app_token, ping_s=PING_S))
            await post.slack.socket.connected(within=10)
        else:
            pages = FastAPI()
            pages.include_router(router(bolt(post.account, post.arrivals, secret=own.signing_secret)))
            port = await stack.enter_async_context(loopback(pages))
            assert await post.slack.subscribe(f"http://127.0.0.1:{port}{PATH}")
        yield


@asynccontextmanager
async def stage(folder: Path, **settings: Any) -> AsyncIterator[Post]:
    async with SlackServer(Settings(**settings)) as slack, posting(slack, folder) as post:
        yield post


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    """Deliveries only."""
    async with stage(tmp_path) as made:
        yield made


@pytest.fixture(params=["socket", "http"])
async def heard(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Post]:
    """Both directions, by both ways in."""
    async with stage(tmp_path, socket_mode=request.param == "socket") as made, listening(made):
        yield made


# --- out


async def test_a_pause_that_slack_asks_for_is_kept(post: Post) -> None:
    """429: the message comes once, after the pause, and its identity is kept."""
    post.slack.faults.call("chat.postMessage", TooMany(1))
    _, talk = await post.chat()
    sent = await post.becomes(await post.say(talk, "hello"), Delivery.SENT)
    assert post.shown == ["hello"]
    assert sent.sent == (f"T0HOME/{post.place.id}/{post.place.last.ts}",)


@pytest.mark.parametrize("how", ["put out", "unknown", "archived"])
async def test_a_channel_that_is_lost_fails_at_once(post: Post, how: str) -> None:
    """Put out, archived, or no such channel: no second try; the desk can see since when."""
    if how == "put out":
        post.place.leave(post.slack.world.bot)
    post.place.archived = how == "archived"
    chat, talk = await post.chat("C999" if how == "unknown" else None)
    await post.becomes(await post.say(talk, "hello"), Delivery.FAILED)
    assert post.posts() == 1
    assert (await post.db.read(partial(directory.chat, chat_id=chat.id))).lost_at is not None


@pytest.mark.parametrize("code", ["account_inactive", "token_revoked", "invalid_auth"])
async def test_a_token_that_slack_does_not_know_loses_no_channel(post: Post, code: str) -> None:
    """It is somebody's to mend, and then the message goes out."""
    post.slack.faults.call("chat.postMessage", Refuse(code))
    chat, talk = await post.chat()
    await post.becomes(await post.say(talk, "hello"), Delivery.SENT)
    assert post.shown == ["hello"]
    assert (await post.db.read(partial(directory.chat, chat_id=chat.id))).lost_at is None


@pytest.mark.parametrize("thread", [False, True])
@pytest.mark.parametrize("fault", [Cut(after=True), Cut(), Html(), Refuse("internal_error")], ids=str)
async def test_what_may_have_arrived_is_looked_for(post: Post, fault: Any, thread: bool) -> None:
    """The answer is lost: we look, and send only what is not there. Nobody sees a double, or a word about it."""
    _, talk = await post.chat()
    if thread:
        async with asyncio.timeout(10):
            root = post.place.say(post.anna, "hi")
            await post.arrivals.take(_event(root))
    post.slack.faults.call("chat.postMessage", fault)
    said = await post.say(talk, "hello")
    await post.becomes(said, Delivery.SENT)
    assert [text for text in post.shown if "绑定" not in text] == ["hello"]
    assert bool(post.place.last.thread) is thread


async def test_where_the_history_is_closed_a_second_send_says_so(tmp_path: Path) -> None:
    """Without the right to look nobody can know: it is sent again with a line that says why."""
    async with stage(tmp_path, scopes=EVERY_SCOPE - {"channels:history"}) as post:
        post.slack.faults.call("chat.postMessage", Cut(after=True))
        _, talk = await post.chat()
        await post.becomes(await post.say(talk, "hello"), Delivery.SENT)
        assert post.shown[0] == "hello"
        assert "重发" in post.shown[1]
        assert post.shown[1].endswith("hello")
        assert len(post.shown) == 2


async def test_a_process_that_died_before_sending_sends_plainly(post: Post) -> None:
    """The marker is committed before the call: whoever finds it looks, and finds nothing."""
    _, talk = await post.chat()

    def dying(conn: Connection) -> int:
        said = messages.say(conn, conversation_id=talk, text="hello", name="Bot", now=utc_now())
        return messages.mark_delivery(conn, said.id, Delivery.SENDING, now=utc_now()).id

    await post.becomes(await post.db.write(dying), Delivery.SENT)
    assert post.shown == ["hello"]


async def test_of_a_long_message_only_what_is_missing_is_sent_again(post: Post) -> None:
    """Its second part meets a pause: the first is not repeated, and all of it comes in order."""
    _, talk = await post.chat()
    said = await post.say(talk, LONG)

    async def first() -> bool:
        return bool(post.shown)

    await until(first)
    post.slack.faults.call("chat.postMessage", TooMany(1))
    sent = await post.becomes(said, Delivery.SENT)
    assert "".join(post.shown).replace("\n", "") == LONG.replace("\n", "")
    assert len(sent.sent) == len(post.shown) > 1


async def test_limits_are_kept_before_they_are_hit(tmp_path: Path) -> None:
    """Three messages at once into one channel: each call is taken, none refused, in order."""
    async with stage(tmp_path, paced=True) as post:
        _, talk = await post.chat()
        said = [await post.say(talk, f"n{n}") for n in range(3)]
        await post.becomes(said[-1], Delivery.SENT)
        assert post.shown == ["n0", "n1", "n2"]
        assert post.posts() == 3


@pytest.mark.parametrize("fault", [None, Cut(after=True), Cut()], ids=str)
async def test_a_file_goes_out_once(post: Post, fault: Any) -> None:
    """Uploaded, shared, and asked for where the answer was lost."""
    if fault is not None:
        post.slack.faults.call("files.completeUploadExternal", fault)
    _, talk = await post.chat()
    kept = attachments.keep(post.files, [("plan.png", PNG)])
    await post.becomes(await post.say(talk, "look", attachments=kept), Delivery.SENT)
    shared = [m.files for m in post.place.seen if m.files]
    assert [[(file.name, file.content) for file in files] for files in shared] == [[("plan.png", PNG)]]


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("hello", "goodbye", ["goodbye"]),
        ("hello", "hello", ["hello"]),
        (LONG, "short", ["short"]),
        ("short", LONG, [LONG]),
    ],
    ids=["changed", "unchanged", "shorter", "longer"],
)
async def test_what_was_sent_can_be_changed(post: Post, before: str, after: str, shown: list[str]) -> None:
    """Its texts say the new words, those that are too many go, those that are missing come."""
    _, talk = await post.chat()
    said = await post.becomes(await post.say(talk, before), Delivery.SENT)
    await post.db.write(lambda conn: messages.amend(conn, said.id, text=after, now=utc_now()))

    async def settled() -> bool:
        told = "".join(post.shown).replace("\n", "") == "".join(shown).replace("\n", "")
        now = await post.db.read(partial(messages.message, message_id=said.id))
        return told and [each.rpartition("/")[2] for each in now.sent] == [
            m.ts for m in post.place.seen if not m.deleted
        ]

    await until(settled)


async def test_nothing_we_say_calls_anybody(post: Post) -> None:
    """Mentions and markup in a text are shown as they are written."""
    _, talk = await post.chat()
    hostile = f"<!channel> @here <@{post.anna.id}> & <https://evil.test|ok> *x*"
    await post.becomes(await post.say(talk, hostile), Delivery.SENT)
    text = post.place.last.text
    assert "<" not in text
    assert post.slack.calls[-1].args["unfurl_links"] in {False, "false", "0"}
    runs = [run for block in post.place.last.blocks for part in block["elements"] for run in part["elements"]]
    assert {run["type"] for run in runs} <= {"text", "link"}
    assert all(run["url"] in hostile for run in runs if run["type"] == "link")


async def test_no_proxy_of_the_environment_for_loopback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library would take one even there."""
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with stage(tmp_path, socket_mode=True) as post, listening(post):
        _, talk = await post.chat()
        await post.becomes(await post.say(talk, "hello"), Delivery.SENT)


# --- in


def _event(message: Any) -> dict[str, Any]:
    """The body of the event that tells of a message."""
    from tests.platforms.slack import payloads
    from tests.platforms.slack.world import Event

    kind = {"public": "channel", "im": "im", "private": "group", "mpim": "mpim"}[message.channel.kind]
    inner = payloads.message_event(message) | {"channel": message.channel.id, "channel_type": kind}
    return payloads.event_callback(Event(inner, message.channel), message.channel.world)


async def test_a_mention_is_one_message(heard: Post) -> None:
    """Two events tell of it, each comes twice: it is stored once, and every delivery is acknowledged."""
    heard.slack.faults.delivery("double", times=2)
    said = heard.place.say(heard.anna, f"{heard.slack.world.bot.mention} one")
    assert await heard.settled() == ["one"]

    async def acknowledged() -> bool:  # our sign that we have seen it comes back as an event, too
        return all(delivery.acknowledged for delivery in heard.slack.deliveries)

    await until(acknowledged)
    (message,) = await heard.kept()
    assert message.external_id == f"T0HOME/{heard.place.id}/{said.ts}"
    assert (message.name, message.mentioned) == ("anna", True)


@pytest.mark.parametrize("by_socket", [True, False], ids=["socket", "http"])
async def test_what_cannot_be_stored_is_not_acknowledged(tmp_path: Path, by_socket: bool) -> None:
    """A database that is gone: Slack sends again, and then it is stored, once."""
    gone = await Database.open(f"sqlite:///{migrated_file(tmp_path / 'other.sqlite3')}")
    await gone.close()
    async with stage(tmp_path, socket_mode=by_socket, ack_within=0.5) as post, listening(post):
        post.arrivals._db = gone
        post.place.say(post.anna, "one")

        async def refused() -> bool:
            return any(not outcome.ok for d in post.slack.deliveries for _, outcome in d.attempts)

        await until(refused)
        assert await post.texts() == []
        post.arrivals._db = post.db
        assert await post.settled() == ["one"]


async def test_what_we_have_no_memory_for_comes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that gets no more memory acknowledges nothing: it is not our fault that makes a message unreadable."""
    async with stage(tmp_path, socket_mode=True, ack_within=0.5) as post, listening(post):
        poor, write = [MemoryError(), MemoryError()], post.db.write

        async def write_if_there_is_room(body: Any) -> Any:
            if poor:
                raise poor.pop()
            return await write(body)

        monkeypatch.setattr(post.db, "write", write_if_there_is_room)
        post.place.say(post.anna, "one")
        assert await post.settled() == ["one"]
        assert not poor


async def test_our_own_and_other_bots_words_are_not_heard(heard: Post) -> None:
    """Nor are joins, topics, or people who press nothing."""
    _, talk = await heard.chat()
    await heard.becomes(await heard.say(talk, "hello"), Delivery.SENT)
    robot = heard.slack.world.user("robot", is_bot=True)
    heard.place.join(robot)
    heard.place.say(robot, "beep")
    heard.place.say(heard.anna, "one")
    assert await heard.settled() == ["one"]


async def test_edits(heard: Post) -> None:
    """A new text is a message of its own; a preview that Slack adds is nothing."""
    said = heard.place.say(heard.anna, "one")
    assert await heard.settled() == ["one"]
    heard.place.change(said, attachments=[{"title": "preview"}])
    assert await heard.settled() == ["one"]
    heard.place.edit(said, "two")
    assert await heard.settled() == ["one", "two"]
    heard.place.change(said, attachments=[{"title": "another"}])
    assert await heard.settled() == ["one", "two"]
    last = (await heard.kept())[-1]
    assert last.external_id == f"T0HOME/{heard.place.id}/{said.ts}:{said.edited['ts'].rstrip('0')}"


async def test_a_message_taken_back_in_time_is_not_answered(heard: Post) -> None:
    """No turn waits for it any more; it stays in the record."""
    said = heard.place.say(heard.anna, "oops")
    await heard.settled()
    heard.place.delete(said)
    await heard.settled()
    (message,) = await heard.kept()
    turn = await heard.db.read(partial(turn_records.turn_of_message, message_id=message.id))
    assert turn is not None
    assert turn.reason == "withdrawn"


async def test_files(heard: Post) -> None:
    """A picture is kept; what is too large, or cannot be fetched, is a line in the text."""
    large = Upload("film.mp4", b"x" * (attachments.MAX_BYTES + 1), "video/mp4")
    heard.slack.faults.call("download", Html(), times=2)
    heard.place.say(heard.anna, "lost", files=[Upload("b.png", PNG, "image/png")])
    await heard.settled()
    heard.place.say(heard.anna, "small", files=[Upload("a.png", PNG, "image/png")])
    heard.place.say(heard.anna, "big", files=[large])
    assert await heard.settled() == [
        "big\n（文件「film.mp4」，10 MB，超过上限，未保存）",
        "lost\n（文件「b.png」未能取得）",
        "small",
    ]
    assert [file.stat().st_size for file in heard.files.iterdir()] == [72]


async def test_people_of_another_company(tmp_path: Path) -> None:
    """In a shared channel the other side writes under its own team, and its files are asked for."""
    async with stage(tmp_path, socket_mode=True) as post, listening(post):
        world = post.slack.world
        team = world.other_team("Acme")
        eve = world.user("eve", team=team)
        shared = world.channel("acme", members=[post.anna, eve], shared=team)
        shared.say(eve, "hi", files=[Upload("a.png", PNG, "image/png")])
        await post.settled()
        (message,) = await post.kept()
        person = await post.db.read(partial(directory.find_person, platform="slack", external_id=f"{team.id}/{eve.id}"))
        assert message.person_id == person.id
        assert [file.media_type for file in message.attachments] == ["image/png"]


async def test_names_are_asked_for_once(heard: Post) -> None:
    """And mentions of others are read by name."""
    for text in ("one", f"ask {heard.ben.mention}"):
        heard.place.say(heard.anna, text)
    assert await heard.settled() == ["ask @ben", "one"]
    asked = [call.args["user"] for call in heard.slack.calls if call.method == "users.info"]
    assert sorted(asked) == sorted({heard.anna.id, heard.ben.id})


async def test_a_name_that_slack_does_not_tell_is_the_known_one(heard: Post) -> None:
    """Trouble with names renames nobody; who was never named is known by their id."""
    heard.place.say(heard.anna, "one")
    await heard.settled()
    heard.account._people._kept.clear()
    heard.slack.faults.call("users.info", Refuse("internal_error"), times=2)
    heard.place.say(heard.anna, "two")
    heard.place.say(heard.ben, "three")
    await heard.settled()
    assert {m.text: m.name for m in await heard.kept()} == {"one": "anna", "two": "anna", "three": heard.ben.id}


async def test_eyes_are_on_a_message_until_its_turn_is_done(post: Post) -> None:
    """Given at once, taken away in the end, also where Slack asks to wait with that; a refusal is no harm."""
    post.slack.faults.call("reactions.add", Refuse("too_many_reactions"))
    for text in ("one", "two"):
        said = post.place.say(post.anna, f"{post.slack.world.bot.mention} {text}")
        await post.arrivals.take(_event(said))
    await post.slack.world.until(lambda: said.reactions == {"eyes": [post.slack.world.bot.id]})
    post.slack.faults.call("reactions.remove", TooMany(1))

    def done(conn: Connection) -> None:
        message = messages.by_external(conn, chat_id=1, external_id=f"T0HOME/{post.place.id}/{said.ts}")
        assert message is not None
        turn_records.handled(conn, message, reason="done", language="en", now=utc_now())
        signal(conn, TURNED, str(message.id))

    await post.db.write(done)
    await post.slack.world.until(lambda: not said.reactions)
    assert sum(call.method == "reactions.add" for call in post.slack.calls) == 2


async def test_let_in_and_put_out(heard: Post) -> None:
    """Let in, the channel is told once how it is bound; put out or archived, it is lost; written to, it is there."""
    world = heard.slack.world
    fresh = world.channel("fresh", members=[heard.anna], bot=False)
    fresh.join(world.bot, inviter=heard.anna)
    told = await fresh.bot_says("/aftercare bind", within=10)
    assert told.thread is None

    async def lost() -> bool:
        chat = await heard.db.read(partial(directory.find_chat, platform="slack", external_id=f"T0HOME/{fresh.id}"))
        return chat is not None and chat.lost_at is not None

    assert not await lost()
    fresh.archive(heard.anna)
    await until(lost)
    fresh.archive(heard.anna, archived=False)
    await heard.slack.settled()
    assert not await lost()
    fresh.leave(world.bot)
    await until(lost)


async def test_a_command_where_we_are_not(heard: Post) -> None:
    """It can be typed anywhere: then it also says how we are let in."""
    outside = heard.slack.world.channel("outside", members=[heard.ben], bot=False)
    told = (await heard.slack.slash(heard.ben, outside, "/aftercare", "help")).body["text"]
    assert told.startswith("网站方面的问题")
    assert "/invite @aftercare" in told
    assert "/invite" not in (await heard.slack.slash(heard.ben, heard.place, "/aftercare", "help")).body["text"]


async def test_a_follow_up_in_the_thread_is_said_to_us(heard: Post) -> None:
    """After our words in it; not after somebody else's, and never at the top."""
    world, place = heard.slack.world, heard.place
    asked = place.say(heard.anna, f"{world.bot.mention} one")
    await heard.settled()
    (first,) = await heard.kept()
    await heard.becomes(await heard.say(first.conversation_id, "answer"), Delivery.SENT)
    assert place.last.thread == asked.ts
    place.say(heard.anna, "two", thread=asked)
    place.say(heard.anna, "three", thread=asked)
    await heard.settled()
    place.say(heard.anna, "top")
    await heard.settled()
    place.say(heard.ben, "four", thread=asked)
    await heard.settled()
    place.say(heard.anna, "five", thread=asked)
    await heard.settled()
    said = {m.text: m for m in await heard.kept()}
    assert {text for text, m in said.items() if m.mentioned} == {"one", "two", "three"}
    assert len({m.conversation_id for m in said.values()}) == 1


async def test_a_thread_from_before_our_time_is_a_conversation_of_its_own(heard: Post) -> None:
    """What it hangs on was never heard; what we say to it goes there."""
    world = heard.slack.world
    place = world.channel("old", members=[heard.anna], bot=False)
    old = place.say(heard.anna, "before")
    place.members.append(world.bot)
    place.say(heard.anna, "now", thread=old)
    await heard.settled()
    (message,) = [m for m in await heard.kept() if m.text == "now"]
    await heard.becomes(await heard.say(message.conversation_id, "answer"), Delivery.SENT)
    assert place.last.thread == old.ts


async def test_what_is_said_on_a_ticket_goes_to_its_thread(post: Post) -> None:
    """However much was said in the channel since; what is on no ticket goes under what was said last."""
    await contract_work.open_contract(post.db, post.files.parent, clock=utc_now)
    asked = post.place.say(post.anna, "one")
    await post.arrivals.take(_event(asked))
    (first,) = await post.kept()
    assert first.person_id is not None

    def open_ticket(conn: Connection) -> int:
        facts: dict[str, Any] = {"client_id": None, "requester_id": first.person_id, "level": Level.BUG}
        facts |= {"title": "one", "summary": "one", "reason": "asked_for_person", "since": utc_now()}
        ticket = Desk().open(conn, conversation_id=first.conversation_id, now=utc_now(), **facts)
        messages.join_ticket(conn, [first.id], ticket.id)
        return ticket.id

    ticket = await post.db.write(open_ticket)
    for n in range(35):
        last = post.place.say(post.ben, f"n{n}")
        await post.arrivals.take(_event(last))
    await post.becomes(await post.say(first.conversation_id, "about it", ticket_id=ticket), Delivery.SENT)
    assert post.place.last.thread == asked.ts
    await post.becomes(await post.say(first.conversation_id, "hello"), Delivery.SENT)
    assert post.place.last.thread == last.ts


# --- the doors


async def test_only_slacks_signature_opens(tmp_path: Path) -> None:
    """A wrong signature, an old one, and nonsense are refused, and nothing of them is stored."""
    async with stage(tmp_path) as post, listening(post):
        post.slack.faults.delivery("forged")
        post.place.say(post.anna, "forged")
        await post.slack.settled()
        post.slack.faults.delivery("stale")
        post.place.say(post.anna, "stale")
        await post.slack.settled()
        post.place.say(post.anna, "one")
        assert await post.settled() == ["one"]
        outcomes = [d.attempts[0][1].status for d in post.slack.deliveries]
        assert outcomes == [401, 401, 200]
        headers = {"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=0"}
        async with post.account._session.post(post.slack.http.url, data=b"\xff", headers=headers) as answer:
            assert answer.status == 400


async def test_a_lost_acknowledgement_is_made_good_on_another_socket(tmp_path: Path) -> None:
    """The socket breaks as we acknowledge: it comes again on the next one, and is stored once."""
    async with stage(tmp_path, socket_mode=True, retry_delays=(0.0, 0.2, 1.0)) as post, listening(post):
        post.slack.faults.delivery("drop_socket")
        post.place.say(post.anna, "one")
        assert await post.settled() == ["one"]
        assert len(post.slack.socket.connections) == 2
        post.place.say(post.anna, "two")
        assert await post.settled() == ["one", "two"]


async def test_two_sockets_share_what_comes(tmp_path: Path) -> None:
    """Slack gives each envelope to any of them; one that it asks to leave is replaced."""
    async with stage(tmp_path, socket_mode=True) as post, listening(post):
        app = bolt(post.account, post.arrivals, secret=None)
        async with socket(app, post.account, token=post.slack.settings.app_token, ping_s=PING_S):
            await post.slack.socket.connected(2)
            for text in ("one", "three", "two"):
                post.place.say(post.anna, text)
            assert await post.settled() == ["one", "three", "two"]
            await post.slack.socket.ask_to_leave()
            await post.slack.socket.connected(2, within=10)
            post.place.say(post.anna, "zero")
            assert await post.settled() == ["one", "three", "two", "zero"]


async def test_a_socket_that_cannot_be_opened_is_told_once_and_tried_again(tmp_path: Path) -> None:
    """One clear line, however often it is tried, and another when it works."""
    async with stage(tmp_path, socket_mode=True) as post:
        post.slack.faults.call("apps.connections.open", Refuse("not_allowed_token_type"), times=2)
        with capture_logs() as logs:
            async with listening(post):
                post.place.say(post.anna, "one")
                assert await post.settled() == ["one"]
        told = [line for line in logs if line["event"].startswith("slack_trouble")]
        assert [line["event"] for line in told] == ["slack_trouble", "slack_trouble_over"]
        assert "xapp-" in told[0]["mend"]


async def test_an_address_that_lapsed_is_asked_for_anew(tmp_path: Path) -> None:
    """An address opens one socket: where that failed, it is no use to try it again."""
    async with stage(tmp_path, socket_mode=True) as post:
        tickets, failures = post.slack.world.tickets, [True]
        use = tickets.use
        tickets.use = lambda ticket: use(ticket) and not (failures and failures.pop())  # type: ignore[method-assign]
        async with listening(post):
            post.place.say(post.anna, "one")
            assert await post.settled() == ["one"]
        assert sum(call.method == "apps.connections.open" for call in post.slack.calls) == 2


async def test_a_renamed_channel_keeps_up(heard: Post) -> None:
    """The desk shows the name that Slack shows."""
    heard.place.say(heard.anna, "one")
    await heard.settled()
    renamed = {"type": "channel_rename", "channel": {"id": heard.place.id, "name": "patisserie", "created": 1}}
    await heard.arrivals.take({"type": "event_callback", "event": renamed})
    chat, _ = await heard.chat()
    assert chat.title == "patisserie"


async def test_slack_away_loses_nothing(tmp_path: Path) -> None:
    """No connection at all: nothing was sent, which is certain, so it is sent later without a word about it."""
    with sockets.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with stage(tmp_path) as post:
        _, talk = await post.chat()
        right, post.account.client.base_url = post.account.client.base_url, f"http://127.0.0.1:{port}/api/"
        said = await post.say(talk, "hello")
        await post.becomes(said, Delivery.SENDING)
        await post.becomes(said, Delivery.QUEUED)
        post.account.client.base_url = right
        await post.becomes(said, Delivery.SENT)
        assert post.shown == ["hello"]
