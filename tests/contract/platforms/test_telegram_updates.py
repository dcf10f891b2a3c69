"""How updates reach the bot, polled and pushed, and every trouble a test can order, through python-telegram-bot."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Bot
from telegram.error import BadRequest, Conflict, NetworkError, RetryAfter, TelegramError, TimedOut
from telegram.ext import MessageHandler, filters

from tests.platforms.telegram import Cut, Gateway, Slow, TooMany, World, loopback, telegram_server


def started(world: World):
    """A private chat with nothing waiting."""
    chat = world.private(world.user("Anna"))
    chat.say(chat.person, "/start")
    world.updates.pending.clear()
    return chat


def numbers(updates: Any) -> list[int]:
    return [each.update_id for each in updates]


async def test_an_offset_confirms_and_a_limit_cuts(bot, world):
    chat = started(world)
    for text in "abc":
        chat.say(chat.person, text)
    first, second, third = numbers(await bot.get_updates(timeout=0))
    assert (second, third) == (first + 1, first + 2)
    assert numbers(await bot.get_updates(timeout=0, limit=2)) == [first, second]
    assert numbers(await bot.get_updates(offset=third, timeout=0)) == [third]
    assert numbers(await bot.get_updates(timeout=0)) == [third], "what was confirmed is gone"
    for text in "de":
        chat.say(chat.person, text)
    assert len(await bot.get_updates(offset=-1, timeout=0)) == 1, "a negative offset counts from the end"
    for _ in range(120):
        chat.say(chat.person, "x")
    assert len(await bot.get_updates(timeout=0, limit=100)) == 100


async def test_a_poll_waits_for_the_first_update(bot, world):
    chat = started(world)
    assert await bot.get_updates(timeout=1) == ()
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await polling(world)
    chat.say(chat.person, "now")
    assert [each.message.text for each in await poll] == ["now"]


async def test_a_second_poller_takes_the_place_of_the_first(telegram, bot, world):
    chat = started(world)
    first = asyncio.create_task(bot.get_updates(timeout=20))
    await polling(world)
    async with Bot(world.token, base_url=telegram.base_url) as other:
        second = asyncio.create_task(other.get_updates(timeout=20))
        with pytest.raises(
            Conflict, match="terminated by other getUpdates request; make sure that only one bot instance"
        ):
            await first
        chat.say(chat.person, "now")
        assert len(await second) == 1


async def test_only_allowed_kinds_are_kept(bot, world):
    chat = started(world)
    assert await bot.get_updates(timeout=0, allowed_updates=["edited_message"]) == ()
    chat.edit(chat.person, chat.say(chat.person, "x"), "y")
    (update,) = await bot.get_updates(timeout=0)
    assert update.edited_message.text == "y"
    await bot.get_updates(offset=update.update_id + 1, timeout=0, allowed_updates=[])
    chat.say(chat.person, "x")
    assert len(await bot.get_updates(timeout=0)) == 1


async def test_updates_double_reorder_and_come_again(bot, world):
    chat = started(world)
    world.updates.doubled = 1
    for text in "ab":
        chat.say(chat.person, text)
    first, again, second = numbers(await bot.get_updates(timeout=0))
    assert (again, second) == (first, first + 1)
    world.updates.reordered = 1
    assert numbers(await bot.get_updates(timeout=0)) == [second, first]
    world.updates.unconfirmed = 1
    assert numbers(await bot.get_updates(offset=second + 1, timeout=0)) == [first, second], "the confirmation was lost"
    assert await bot.get_updates(offset=second + 1, timeout=0) == ()


async def test_the_library_polls_through_troubles(app, world):
    chat = started(world)
    answered: list[str] = []

    async def answer(update, _) -> None:
        answered.append(update.message.text)
        await update.message.reply_text(f"re {update.message.text}")

    app.add_handler(MessageHandler(filters.TEXT, answer))
    world.faults.order("getUpdates", Cut(after_effect=True))
    world.faults.order("getUpdates", Gateway(502))
    await app.updater.start_polling(timeout=5, error_callback=lambda error: None)
    await app.start()
    try:
        chat.say(chat.person, "one")
        assert await chat.bot_says("re one", within=10)
    finally:
        await app.updater.stop()
        await app.stop()
    assert answered == ["one"]
    assert world.faults.left == 0


@pytest.mark.parametrize(
    ("fault", "error", "took_place"),
    [
        (TooMany(7), RetryAfter, False),
        (Gateway(502), NetworkError, False),
        (Gateway(500), NetworkError, False),
        (Cut(), NetworkError, False),
        (Cut(after_effect=True), NetworkError, True),
    ],
)
async def test_a_call_meets_its_fault_once(bot, world, fault, error, took_place):
    chat = started(world)
    world.faults.order("sendMessage", fault)
    assert await bot.get_me()
    with pytest.raises(error):
        await bot.send_message(chat.id, "x")
    assert len(chat.seen) == took_place
    assert await bot.send_message(chat.id, "x")
    assert world.faults.left == 0


async def test_a_slow_answer_comes_after_its_effect(bot, world):
    chat = started(world)
    world.faults.order("*", Slow(30.0))
    with pytest.raises(TimedOut):
        await bot.send_message(chat.id, "x", read_timeout=0.3)
    assert len(chat.seen) == 1


@pytest.mark.parametrize("fault", [TooMany(3), Gateway(502), Cut(), Cut(after_effect=True)])
async def test_a_download_meets_its_fault(bot, world, fault):
    chat = started(world)
    file = await bot.get_file(chat.document(chat.person, b"x", "a.txt").file_id)
    world.faults.order("download", fault)
    with pytest.raises(TelegramError):
        await file.download_as_bytearray()
    assert await file.download_as_bytearray() == b"x"


async def test_what_breaks_in_the_server_itself_is_shown():
    async def call_a_broken_server() -> None:
        async with telegram_server() as telegram, httpx.AsyncClient(trust_env=False, verify=False) as http:
            telegram.world.commands = None
            answer = await http.get(f"{telegram.base_url}{telegram.world.token}/getMyCommands")
            assert answer.status_code == 500

    with pytest.raises(ExceptionGroup, match="the Telegram of the tests broke"):
        await call_a_broken_server()


# webhook


@asynccontextmanager
async def listener(answer: Callable[[Request, Any], int]) -> AsyncIterator[str]:
    """A tiny program that takes a webhook's updates; `answer` gives the status."""

    async def hook(request: Request) -> Response:
        return Response(status_code=answer(request, await request.json()))

    async with loopback(Starlette(routes=[Route("/hook", hook, methods=["POST"])])) as port:
        yield f"http://127.0.0.1:{port}/hook"


async def test_a_webhook_gets_updates_with_its_secret(bot, world):
    chat = started(world)
    got: list[tuple[str | None, Any]] = []

    def answer(request: Request, update: Any) -> int:
        got.append((request.headers.get("X-Telegram-Bot-Api-Secret-Token"), update))
        world.stir()
        return 200

    async with listener(answer) as url:
        chat.say(chat.person, "before")
        assert await bot.set_webhook(url, secret_token="s3cret", allowed_updates=["message"])
        chat.say(chat.person, "after")
        await world.until(lambda: len(got) == 2 or None)
        assert [(secret, update["message"]["text"]) for secret, update in got] == [
            ("s3cret", "before"),
            ("s3cret", "after"),
        ]
        with pytest.raises(Conflict, match="can't use getUpdates method while webhook is active"):
            await bot.get_updates(timeout=0)
        info = await bot.get_webhook_info()
        assert (info.url, info.allowed_updates, info.last_error_message) == (url, ("message",), None)
        assert await bot.delete_webhook()
    assert (await bot.get_webhook_info()).url == ""
    assert await bot.get_updates(timeout=0) == ()


async def test_a_webhook_is_tried_again_until_it_accepts(bot, world):
    chat = started(world)
    tried: list[int] = []

    def answer(_: Request, update: Any) -> int:
        tried.append(update["update_id"])
        world.stir()
        return 200 if len(tried) > 2 else 500

    async with listener(answer) as url:
        await bot.set_webhook(url)
        chat.say(chat.person, "x")
        await world.until(lambda: len(tried) == 3 or None)
        info = await bot.get_webhook_info()
    assert len(set(tried)) == 1
    assert info.last_error_message == "Wrong response from the webhook: 500 Internal Server Error"
    assert info.last_error_date is not None


async def test_a_webhooks_updates_double_and_come_again(bot, world):
    chat = started(world)
    got: list[int] = []

    def answer(_: Request, update: Any) -> int:
        got.append(update["update_id"])
        world.stir()
        return 204

    async with listener(answer) as url:
        world.updates.doubled = 1
        await bot.set_webhook(url)
        chat.say(chat.person, "x")
        await world.until(lambda: len(got) == 2 or None)
        world.updates.unconfirmed = 1
        chat.say(chat.person, "y")
        await world.until(lambda: len(got) == 4 or None)
    assert got == [got[0], got[0], got[0] + 1, got[0] + 1]


async def test_updates_wait_while_nobody_listens(bot, world):
    chat = started(world)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/hook"
        await bot.set_webhook(url)
        chat.say(chat.person, "x")
        for _ in range(100):
            info = await bot.get_webhook_info()
            if info.last_error_message:
                break
            await asyncio.sleep(0.02)
    assert (info.last_error_message, info.pending_update_count) == ("Connection refused", 1)
    assert await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates(timeout=0) == ()


@pytest.mark.parametrize(
    ("url", "secret", "sentence"),
    [
        ("http://example.com/hook", "", "Bad webhook: an https url must be provided for webhook"),
        ("https://nowhere.invalid/hook", "", "Bad webhook: failed to resolve host"),
        ("ftp://127.0.0.1/", "", "Invalid webhook url specified"),
        ("http://127.0.0.1:1/", "not allowed!", "Secret token contains unallowed characters"),
        ("http://127.0.0.1:1/", "x" * 257, "Secret token is too long"),
    ],
)
async def test_webhooks_are_refused(bot, url, secret, sentence):
    with pytest.raises(BadRequest, match=sentence):
        await bot.set_webhook(url, secret_token=secret)
    assert (await bot.get_webhook_info()).url == ""


async def test_a_webhook_ends_the_poll_that_waits(bot, world):
    started(world)
    poll = asyncio.create_task(bot.get_updates(timeout=20))
    await polling(world)
    async with listener(lambda *_: 200) as url:
        await bot.set_webhook(url)
        with pytest.raises(Conflict, match="terminated by setWebhook request"):
            await poll
        await bot.delete_webhook()


async def polling(world: World) -> None:
    """Until a poll waits."""
    for _ in range(500):
        if world.updates.waits:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no poll waits")
