"""Delivery to Telegram and fetching from it: the real library, a real database, a server that makes trouble."""

import asyncio
import errno
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection
from structlog.testing import capture_logs

from bot.channels.telegram.account import Account
from bot.channels.telegram.arriving import Arrivals
from bot.channels.telegram.polling import Polling, settle
from bot.channels.telegram.routes import PATH, webhook
from bot.channels.telegram.sending import TelegramChannel
from bot.delivery import Deliveries
from bot.meters import Meters
from bot.reception import Room
from bot.shipped import load_rules, load_texts
from console import attachments
from handoff import directory, messages
from handoff.desk import Desk
from handoff.kinds import ChatKind, Delivery
from handoff.model import Chat, Message
from store.clock import utc_now
from store.db import Database
from store.worker import Running, Worker
from tests.databases import migrated_file
from tests.platforms.telegram import Chat as Place
from tests.platforms.telegram import Cut, Gateway, Limits, TelegramServer, TooMany, World, telegram_server

SECRET = "a-secret-token-for-tests"


@dataclass
class Post:
    """Deliveries to Telegram, with a worker that is running."""

    db: Database
    account: Account
    arrivals: Arrivals
    world: World
    worker: Worker

    async def chat(self, place: int, kind: ChatKind = ChatKind.GROUP) -> tuple[Chat, int]:
        """Our row of a chat, and its conversation."""

        def body(conn: Connection) -> tuple[Chat, int]:
            made = directory.ensure_chat(conn, platform="telegram", external_id=str(place), kind=kind, now=utc_now())
            return made, directory.ensure_conversation(conn, chat_id=made.id, now=utc_now()).id

        return await self.db.write(body)

    async def say(self, talk: int, text: str) -> int:
        said = await self.db.write(
            lambda conn: messages.say(conn, conversation_id=talk, text=text, name="Bot", now=utc_now())
        )
        return said.id

    async def message(self, message_id: int) -> Message:
        return await self.db.read(lambda conn: messages.message(conn, message_id))

    async def becomes(self, message_id: int, state: Delivery) -> Message:
        """Wait until a message is as far as that."""
        return await until(lambda: self._when(message_id, state))

    async def _when(self, message_id: int, state: Delivery) -> Message | None:
        found = await self.message(message_id)
        return found if found.delivery is state else None


async def until(ready: Callable[[], Awaitable[Any]]) -> Any:
    for _ in range(3000):
        if found := await ready():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("not within the bound")


@asynccontextmanager
async def posting(telegram: TelegramServer, folder: Path) -> AsyncIterator[Post]:
    db = await Database.open(f"sqlite:///{migrated_file(folder / 'db.sqlite3')}")
    account = Account(telegram.world.token, api=telegram.base_url.removesuffix("/bot"))
    texts = load_texts()
    room = Room(desk=Desk(), rules=load_rules(), texts=texts)
    (folder / "files").mkdir(exist_ok=True)
    arrivals = Arrivals(account, db, room=room, files=folder / "files", clock=utc_now)
    channel = TelegramChannel(account, db, texts=texts, files=folder / "files", clock=utc_now, href=lambda _: None)
    deliveries = Deliveries(db, channels={"telegram": channel}, clock=utc_now, meters=Meters())

    async def dead(running: Running, error: Exception) -> None:
        await deliveries.dead(running, error)

    worker = Worker(db, clock=utc_now, owner="test", on_dead=dead)
    deliveries.register(worker)
    polling = Polling(account, arrivals, clock=utc_now)
    polling.register(worker)
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield Post(db, account, arrivals, telegram.world, worker)
    finally:
        polling.stop()
        stop.set()
        await task
        await arrivals.close()
        await account.close()
        await db.close()


@pytest.fixture
async def post(telegram: TelegramServer, tmp_path: Path) -> AsyncIterator[Post]:
    async with posting(telegram, tmp_path) as running:
        yield running


@pytest.fixture
def group(world: World) -> Place:
    return world.supergroup("Bakery", world.user("Anna", "anna"))


async def test_a_pause_that_telegram_asks_for_is_kept(post: Post, group: Place) -> None:
    """429: the message comes once, after the pause, and its identity is kept."""
    post.world.faults.order("sendMessage", TooMany(1))
    _, talk = await post.chat(group.id)
    said = await post.say(talk, "hello")
    sent = await post.becomes(said, Delivery.SENT)
    assert [m.text for m in group.seen] == ["hello"]
    assert sent.external_id == f"{group.id}/{group.seen[0].id}"


@pytest.mark.parametrize("how", ["kicked", "unknown"])
async def test_a_chat_that_is_lost_fails_at_once(post: Post, group: Place, how: str) -> None:
    """Put out, or no such chat: no second try; the desk can see since when."""
    if how == "kicked":
        group.kick(post.world.bot, by=group.owner)
    chat, talk = await post.chat(group.id if how == "kicked" else -100_999)
    said = await post.say(talk, "hello")
    await post.becomes(said, Delivery.FAILED)
    assert sum(name.lower() == "sendmessage" for name, _ in post.world.calls) == 1
    assert (await post.db.read(lambda conn: directory.chat(conn, chat.id))).lost_at is not None


async def test_a_group_that_moved_meanwhile_is_followed(post: Post) -> None:
    """The refusal names the new id: the message goes there, and our row follows."""
    small = post.world.group("Bakery", post.world.user("Anna", "anna"))
    chat, talk = await post.chat(small.id)
    large = post.world.migrate(small)
    await post.becomes(await post.say(talk, "hello"), Delivery.SENT)
    assert [m.text for m in large.seen] == ["hello"]
    assert (await post.db.read(lambda conn: directory.chat(conn, chat.id))).external_id == str(large.id)


async def test_an_error_that_telegram_tells_is_tried_again_plainly(post: Post, group: Place) -> None:
    """A gateway's error page: nothing took place, so nothing is said about it."""
    post.world.faults.order("sendMessage", Gateway())
    _, talk = await post.chat(group.id)
    await post.becomes(await post.say(talk, "hello"), Delivery.SENT)
    assert [m.text for m in group.seen] == ["hello"]


@pytest.mark.parametrize("after", [False, True])
async def test_a_send_of_unknown_fate_is_made_again_and_says_so(post: Post, group: Place, after: bool) -> None:
    """The answer is lost: nobody can know. It is sent again, once, with a line that says why."""
    post.world.faults.order("sendMessage", Cut(after_effect=after))
    _, talk = await post.chat(group.id)
    await post.becomes(await post.say(talk, "hello"), Delivery.SENT)
    texts = [m.text for m in group.seen]
    assert texts[:-1] == (["hello"] if after else [])
    assert texts[-1].endswith("hello")
    assert "重发" in texts[-1]


async def test_a_process_that_died_while_sending_says_so(post: Post, group: Place) -> None:
    """The marker is committed before the call: whoever finds it cannot know."""
    _, talk = await post.chat(group.id)

    def dying(conn: Connection) -> int:
        said = messages.say(conn, conversation_id=talk, text="hello", name="Bot", now=utc_now())
        return messages.mark_delivery(conn, said.id, Delivery.SENDING, now=utc_now()).id

    await post.becomes(await post.db.write(dying), Delivery.SENT)
    assert "重发" in group.seen[0].text


async def test_of_a_long_message_only_what_is_missing_is_sent_again(post: Post, group: Place) -> None:
    """Its second part is refused: the first is not repeated."""
    _, talk = await post.chat(group.id)
    text = "\n\n".join(letter * 1500 for letter in "abcdef")
    arrived: list[str] = []

    async def second() -> bool:
        arrived[:] = [m.text for m in group.seen]
        return bool(arrived)

    said = await post.say(talk, text)
    await until(second)
    post.world.faults.order("sendMessage", TooMany(1))
    await post.becomes(said, Delivery.SENT)
    assert [m.text[0] + m.text[-1] for m in group.seen] == ["ab", "cd", "ef"]


async def test_only_the_part_in_doubt_says_so(post: Post, group: Place) -> None:
    """The first part of three may have arrived; the last waits for our own limits, and was never tried before."""
    _, talk = await post.chat(group.id)
    text = "\n\n".join(letter * 1500 for letter in "abcdef")

    def dying(conn: Connection) -> int:
        said = messages.say(conn, conversation_id=talk, text=text, name="Bot", now=utc_now())
        return messages.mark_delivery(conn, said.id, Delivery.SENDING, now=utc_now()).id

    await post.becomes(await post.db.write(dying), Delivery.SENT)
    assert ["重发" in m.text for m in group.seen] == [True, False, False]


LONG = "\n\n".join(letter * 1500 for letter in "abcd")


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("hello", "goodbye", ["goodbye"]),
        ("hello", "hello", ["hello"]),
        (LONG, "short", ["short"]),
        ("short", LONG, [LONG[:3002], LONG[3004:]]),
    ],
    ids=["changed", "unchanged", "shorter", "longer"],
)
async def test_what_was_sent_can_be_changed(
    post: Post, group: Place, before: str, after: str, shown: list[str]
) -> None:
    """Its texts say the new words, those that are too many go, those that are missing come."""
    _, talk = await post.chat(group.id)
    said = await post.becomes(await post.say(talk, before), Delivery.SENT)
    await post.db.write(lambda conn: messages.amend(conn, said.id, text=after, now=utc_now()))

    async def settled() -> bool:
        return [m.text for m in group.seen if not m.deleted] == shown

    await until(settled)

    async def kept() -> bool:
        sent = (await post.message(said.id)).sent
        return sent == tuple(f"{group.id}/{m.id}" for m in group.seen if not m.deleted)

    await until(kept)


async def test_limits_are_kept_before_they_are_hit(tmp_path: Path) -> None:
    """Five messages at once into one chat: each call is taken, none refused, in order."""
    async with telegram_server(World(limits=Limits())) as telegram, posting(telegram, tmp_path) as post:
        anna = telegram.world.user("Anna")
        private = telegram.world.private(anna)
        private.say(anna, "hi")
        _, talk = await post.chat(private.id, ChatKind.DIRECT)
        said = [await post.say(talk, f"n{n}") for n in range(5)]
        await post.becomes(said[-1], Delivery.SENT)
        assert [m.text for m in private.seen] == [f"n{n}" for n in range(5)]
        assert sum(name.lower() == "sendmessage" for name, _ in telegram.world.calls) == 5


async def test_many_chats_are_served_at_once(tmp_path: Path) -> None:
    """Ninety chats at once, on a server that refuses what is too fast: each hears it once, none waits in vain."""
    async with telegram_server(World(limits=Limits())) as telegram, posting(telegram, tmp_path) as post:
        anna = telegram.world.user("Anna")
        groups = [telegram.world.supergroup(f"G{n}", anna) for n in range(90)]
        talks = [(await post.chat(group.id))[1] for group in groups]
        said = [await post.say(talk, "hello") for talk in talks]
        for each in said:
            await post.becomes(each, Delivery.SENT)
        assert [len(group.seen) for group in groups] == [1] * 90


async def stored(post: Post) -> list[str]:
    def body(conn: Connection) -> list[str]:
        found = [messages.find(conn, n) for n in range(1, 60)]
        return [m.text for m in found if m is not None and m.external_id and m.delivery is None]

    return await post.db.read(body)


async def arrive(post: Post, *texts: str) -> None:
    async def here() -> bool:
        return sorted(await stored(post)) == sorted(texts)

    await until(here)


async def test_polling_outlives_trouble(post: Post, group: Place) -> None:
    """Cut connections, a gateway's page, a pause asked for: told once each, and nothing is lost or doubled."""
    anna = group.owner
    for fault in (Cut(), Gateway(), TooMany(1)):
        post.world.faults.order("getUpdates", fault)
    with capture_logs() as logs:
        await post.db.write(partial(settle, polls=True, now=utc_now))
        group.say(anna, f"{post.world.bot.mention} one")
        group.say(anna, f"{post.world.bot.mention} two")
        await arrive(post, "one", "two")
        told = [line["error"] for line in logs if line["event"] == "telegram_trouble"]
    assert told == ["NetworkError", "RetryAfter"]
    assert not any("one" in str(value) for line in logs for name, value in line.items() if name != "mend")


async def test_a_webhook_somebody_left_is_taken_away(post: Post, group: Place) -> None:
    """Who polls wants no webhook: it would be refused."""
    await post.account.bot.set_webhook("http://127.0.0.1:1/nobody")
    await post.db.write(partial(settle, polls=True, now=utc_now))
    group.say(group.owner, f"{post.world.bot.mention} one")
    await arrive(post, "one")
    assert (await post.account.bot.get_webhook_info()).url == ""


async def test_a_wrong_token_is_told_and_tried_again(telegram: TelegramServer, tmp_path: Path) -> None:
    """One clear line names the setting, however often it is tried."""
    right = telegram.world.token
    telegram.world.token = f"{telegram.world.bot.id}:another-token-than-the-one-set"
    with capture_logs() as logs:
        async with posting(telegram, tmp_path) as post:
            telegram.world.token = right
            broken = Account(f"{telegram.world.bot.id}:wrong-token-of-some-length", api=telegram.base_url[:-4])
            polling = Polling(broken, post.arrivals, clock=utc_now)
            trying = asyncio.create_task(polling.poll(None))  # type: ignore[arg-type]
            await asyncio.sleep(1.2)
            trying.cancel()
            await asyncio.wait({trying})
            await broken.close()
    told = [line for line in logs if line["event"] == "telegram_trouble"]
    assert len(told) == 1
    assert "TELEGRAM_TOKEN" in told[0]["mend"]


async def test_the_webhook_takes_updates_with_the_secret_only(post: Post, group: Place) -> None:
    """Without the secret 403, nonsense 400; a message is there once it hears 200, and once although it came twice."""
    app = FastAPI()
    app.include_router(webhook(post.account, post.arrivals, secret=SECRET))
    said = group.say(group.owner, f"{post.world.bot.mention} one")
    update = {"update_id": 1, "message": said.json()}
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://desk.test") as http:
        assert (await http.post(PATH, json=update)).status_code == 403
        assert (await http.post(PATH, content=b"[", headers=headers)).status_code == 400
        assert await stored(post) == []
        for _ in range(2):
            assert (await http.post(PATH, json=update, headers=headers)).status_code == 200
        assert await stored(post) == ["one"]


async def test_what_cannot_be_stored_is_not_acknowledged(post: Post, group: Place) -> None:
    """A database that is gone: 503, so that Telegram keeps the update."""
    app = FastAPI()
    app.include_router(webhook(post.account, post.arrivals, secret=SECRET))
    said = group.say(group.owner, f"{post.world.bot.mention} one")
    update = {"update_id": 1, "message": said.json()}
    await post.account.me()
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    closed = await Database.open(f"sqlite:///{Path(str(post.arrivals._files)).parent / 'other.sqlite3'}")
    await closed.close()
    post.arrivals._db = closed
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://desk.test") as http:
        assert (await http.post(PATH, json=update, headers=headers)).status_code == 503

        async def no_memory(_body: object) -> None:
            raise MemoryError

        closed.write = no_memory
        assert (await http.post(PATH, json=update, headers=headers)).status_code == 503


async def test_a_picture_that_the_disk_refused_comes_again(
    post: Post, group: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of the disk, other than a full one, loses no message either: the update is not confirmed."""
    keep, refusals = attachments.keep, [OSError(errno.EIO, "Input/output error")]

    def refuse_once(*given: Any, **how: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return keep(*given, **how)

    monkeypatch.setattr(attachments, "keep", refuse_once)
    await post.db.write(partial(settle, polls=True, now=utc_now))
    post.world.private(group.owner).photo(group.owner, b"\x89PNG\r\n\x1a\n", caption="look")
    await arrive(post, "look")
    assert refusals == []


async def test_one_chat_that_cannot_be_stored_confirms_nothing_after_it(
    post: Post, group: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other chats' updates of the batch are stored meanwhile, and come again: once each, in each chat's order."""
    keep, refusals = attachments.keep, [OSError(errno.EIO, "Input/output error")]

    def refuse_once(*given: Any, **how: Any) -> Any:
        if refusals:
            raise refusals.pop()
        return keep(*given, **how)

    monkeypatch.setattr(attachments, "keep", refuse_once)
    anna = group.owner
    private = post.world.private(anna)
    group.say(anna, f"{post.world.bot.mention} one")
    private.photo(anna, b"\x89PNG\r\n\x1a\n", caption="look")
    private.say(anna, "two")
    group.say(anna, f"{post.world.bot.mention} three")
    await post.db.write(partial(settle, polls=True, now=utc_now))
    await arrive(post, "one", "look", "two", "three")
    texts = await stored(post)
    assert texts.index("look") < texts.index("two")
    assert texts.index("one") < texts.index("three")


async def test_large_files_are_noted_and_others_kept(post: Post, group: Place, tmp_path: Path) -> None:
    """A picture is kept; what is too large, or cannot be fetched, is a line in the text."""
    await post.db.write(partial(settle, polls=True, now=utc_now))
    anna = group.owner
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
    private = post.world.private(anna)
    private.photo(anna, png, caption="small")
    private.document(anna, b"x" * (10 * 1024 * 1024 + 1), "film.mp4", caption="big")
    private.document(anna, b"%PDF", "a.pdf", mime="application/pdf", caption="pdf")
    await arrive(post, "small", "big\n（文件「film.mp4」，10 MB，超过上限，未保存）", "pdf")
    assert sorted(file.stat().st_size for file in (tmp_path / "files").iterdir()) == [4, 72]


async def test_an_edit_that_changes_nothing_is_none(post: Post) -> None:
    """Telegram also tells of edits that only add a preview; a real one is a message of its own."""
    await post.db.write(partial(settle, polls=True, now=utc_now))
    anna = post.world.user("Anna", "anna")
    private = post.world.private(anna)
    said = private.say(anna, "one")
    private.edit(anna, said, "one")
    private.say(anna, "two")
    await arrive(post, "one", "two")
    private.edit(anna, said, "three")
    await arrive(post, "one", "two", "three")
