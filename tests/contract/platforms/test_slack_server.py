"""Our strict Slack, driven by the real libraries: slack_sdk's client, slack_bolt over HTTP and over WebSockets."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import httpx
import pytest
import uvicorn
from fastapi import FastAPI, Request
from slack_bolt.adapter.fastapi.async_handler import AsyncSlackRequestHandler
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler, AsyncServerErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from tests.platforms.slack import (
    Channel,
    Cut,
    Html,
    Refuse,
    Settings,
    SlackServer,
    Slow,
    TooMany,
    Upload,
    User,
)

BUTTON = {"type": "button", "text": {"type": "plain_text", "text": "Solved"}, "action_id": "solved", "value": "t-1"}
CARD = [
    {"type": "section", "text": {"type": "mrkdwn", "text": "*Ticket*"}},
    {"type": "actions", "elements": [BUTTON]},
]
MODAL = {
    "type": "modal",
    "callback_id": "note",
    "title": {"type": "plain_text", "text": "Note"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "note",
            "label": {"type": "plain_text", "text": "Text"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}
HOME = {"type": "home", "blocks": CARD}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library takes a proxy from the environment even for loopback."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class Stage:
    """A workspace with people and places, and the library's client."""

    slack: SlackServer
    client: AsyncWebClient
    wang: User
    lin: User
    general: Channel
    outside: Channel
    secret: Channel
    closed: Channel

    async def refused(self, method: str, **args: Any) -> AsyncSlackResponse:
        """Call a method that must be refused; the answer."""
        with pytest.raises(SlackApiError) as caught:
            await self.client.api_call(method, json=args)
        response: AsyncSlackResponse = caught.value.response
        return response


@asynccontextmanager
async def stage_of(settings: Settings | None = None) -> AsyncIterator[Stage]:
    async with SlackServer(settings) as slack:
        world = slack.world
        wang, lin = world.user("wang"), world.user("lin")
        general = world.channel("general", members=[wang, lin])
        outside = world.channel("outside", members=[lin], bot=False)
        secret = world.channel("secret", members=[lin], bot=False, private=True)
        closed = world.channel("closed", members=[lin])
        closed.archived = True
        client = AsyncWebClient(slack.settings.bot_token, base_url=slack.api_url, retry_handlers=[])
        yield Stage(slack, client, wang, lin, general, outside, secret, closed)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with stage_of() as made:
        yield made


@dataclass
class App:
    """A program on slack_bolt that keeps what it hears; `delay` is how late it acknowledges."""

    bolt: AsyncApp
    heard: list[dict[str, Any]] = field(default_factory=list)
    retries: list[tuple[str, str]] = field(default_factory=list)
    acted: list[dict[str, Any]] = field(default_factory=list)
    delay: float = 0.0

    def events(self, kind: str, subtype: str | None = None) -> list[dict[str, Any]]:
        inner = [body["event"] for body in self.heard]
        return [event for event in inner if event["type"] == kind and event.get("subtype") == subtype]


def app_of(stage: Stage) -> App:
    """An app with a listener for everything."""
    client = AsyncWebClient(stage.slack.settings.bot_token, base_url=stage.slack.api_url)
    bolt = AsyncApp(client=client, signing_secret=stage.slack.settings.signing_secret, process_before_response=True)
    app = App(bolt)

    @bolt.event(re.compile(".*"))
    async def hear(body, request):
        await asyncio.sleep(app.delay)
        retry = request.headers.get("x-slack-retry-num")
        if retry and retry[0] != "0":
            app.retries.append((retry[0], request.headers["x-slack-retry-reason"][0]))
        app.heard.append(body)

    @bolt.action("solved")
    async def solved(ack, body, respond):
        await ack()
        app.acted.append(body)
        if "response_url" in body:
            await respond(text="Done", replace_original=False)

    @bolt.command("/ticket")
    async def ticket(ack, body, client):
        await ack(f"Ticket for {body['text']}")
        app.acted.append(body)
        await client.views_open(trigger_id=body["trigger_id"], view=MODAL)

    @bolt.shortcut("make_ticket")
    async def shortcut(ack, body):
        await ack()
        app.acted.append(body)

    @bolt.view("note")
    async def note(ack, body, view):
        text = view["state"]["values"]["note"]["text"]["value"]
        await (ack() if text else ack(response_action="errors", errors={"note": "empty"}))
        app.acted.append(body)

    return app


@asynccontextmanager
async def over_http(stage: Stage, app: App) -> AsyncIterator[str]:
    """The app behind FastAPI on a loopback port; its request URL, subscribed."""
    web, handler = FastAPI(), AsyncSlackRequestHandler(app.bolt)

    @web.post("/slack/events")
    async def endpoint(request: Request):
        return await handler.handle(request)

    server = uvicorn.Server(uvicorn.Config(web, log_level="critical", ws="none", lifespan="off"))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/slack/events"
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await stage.slack.world.until(lambda: server.started or _pulse(stage), what="uvicorn")
        assert await stage.slack.subscribe(url)
        yield url
        await stage.slack.http.close()
        server.should_exit = True
        await task


def _pulse(stage: Stage) -> None:
    asyncio.get_running_loop().call_later(0.01, stage.slack.world.touch)


@asynccontextmanager
async def over_socket(stage: Stage, app: App) -> AsyncIterator[AsyncSocketModeHandler]:
    """The app in Socket Mode, connected."""
    handler = AsyncSocketModeHandler(
        app.bolt, stage.slack.settings.app_token, web_client=app.bolt.client, ping_interval=0.3
    )
    await handler.connect_async()
    yield handler
    await handler.close_async()
    await asyncio.sleep(0)


@pytest.fixture(params=["http", "socket"])
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[tuple[Stage, App]]:
    """The stage and an app, over each transport."""
    async with stage_of(Settings(socket_mode=request.param == "socket")) as stage:
        app = app_of(stage)
        transport: Any = over_socket if request.param == "socket" else over_http
        async with transport(stage, app):
            yield stage, app


# --- the Web API: what it does


async def test_auth_test_says_who_and_with_which_rights(stage):
    """The bot learns its ids and its scopes."""
    answer = await stage.client.auth_test()
    assert (answer["user_id"], answer["bot_id"], answer["team_id"]) == ("U0BOT", "B0BOT", "T0HOME")
    assert "chat:write" in answer.headers["X-OAuth-Scopes"].split(",")


async def test_arguments_come_as_json_form_or_query(stage):
    """The same message three ways, as different methods of the library send it."""
    args = {"channel": stage.general.id, "text": "hello", "blocks": json.dumps(CARD)}
    for way in ({"json": {**args, "blocks": CARD}}, {"data": args}, {"params": args}):
        await stage.client.api_call("chat.postMessage", **way)
    assert [m.text for m in stage.general.seen] == ["hello"] * 3
    assert [m.buttons["solved"]["value"] for m in stage.general.seen] == ["t-1"] * 3


async def test_team_users_and_bots(stage):
    """What the bot can ask about people; lists come in pages."""
    assert (await stage.client.team_info())["team"]["domain"] == "aftercare"
    wang = (await stage.client.users_info(user=stage.wang.id, include_locale=True))["user"]
    assert (wang["profile"]["email"], wang["tz"], wang["locale"]) == ("wang@example.test", "Asia/Shanghai", "zh-CN")
    pages = [page["members"] async for page in await stage.client.users_list(limit=2)]
    assert [[user["name"] for user in page] for page in pages] == [["aftercare", "wang"], ["lin"]]
    assert (await stage.client.bots_info(bot="B0BOT"))["bot"]["user_id"] == "U0BOT"


async def test_conversations(stage):
    """Information, lists, members, joining, and direct messages."""
    client = stage.client
    info = (await client.conversations_info(channel=stage.general.id, include_num_members=True))["channel"]
    assert (info["name"], info["is_member"], info["num_members"], info["is_archived"]) == ("general", True, 3, False)
    pages = [page["channels"] async for page in await client.conversations_list(exclude_archived=True, limit=1)]
    assert [channel["name"] for page in pages for channel in page] == ["general", "outside"]
    members = [page["members"] async for page in await client.conversations_members(channel=stage.general.id, limit=2)]
    assert members == [[stage.wang.id, stage.lin.id], ["U0BOT"]]
    assert (await client.conversations_join(channel=stage.outside.id))["channel"]["is_member"]
    assert (await client.conversations_join(channel=stage.outside.id))["warning"] == "already_in_channel"
    opened = (await client.conversations_open(users=[stage.wang.id], return_im=True))["channel"]
    assert opened["user"] == stage.wang.id
    assert opened["id"] == stage.slack.world.direct(stage.wang).id
    assert (await client.conversations_open(users=[stage.wang.id, stage.lin.id]))["channel"]["id"].startswith("G")


async def test_history_and_threads(stage):
    """History is newest first without replies but broadcast ones; a thread is oldest first, found by any of its ts."""
    root = stage.general.say(stage.wang, "root")
    reply = stage.general.say(stage.lin, "reply", thread=root)
    shown = stage.general.say(stage.lin, "shown", thread=reply, broadcast=True)
    last = stage.general.say(stage.wang, "last")
    client, place = stage.client, stage.general.id
    history = (await client.conversations_history(channel=place))["messages"]
    assert [m["text"] for m in history] == ["last", "shown", "root"]
    assert (history[2]["reply_count"], history[2]["latest_reply"]) == (2, shown.ts)
    thread = (await client.conversations_replies(channel=place, ts=reply.ts))["messages"]
    assert [m["text"] for m in thread] == ["root", "reply", "shown"]
    between = await client.conversations_history(channel=place, oldest=root.ts, latest=last.ts)
    assert [m["text"] for m in between["messages"]] == ["shown"]
    pages = [p["messages"] async for p in await client.conversations_history(channel=place, limit=2)]
    assert [len(page) for page in pages] == [2, 1]


async def test_post_update_delete(stage):
    """A message lives and dies by (channel, ts); text alone takes blocks away, blocks alone leave no mark."""
    posted = await stage.client.chat_postMessage(channel="#general", text="card", blocks=CARD)
    place = {"channel": posted["channel"], "ts": posted["ts"]}
    assert (posted["message"]["bot_id"], posted["message"]["app_id"]) == ("B0BOT", "A0DESK")
    assert (await stage.client.chat_update(**place, text="new", blocks=CARD))["message"].get("edited") is None
    updated = (await stage.client.chat_update(**place, text="plain"))["message"]
    assert updated["text"] == "plain"
    assert "blocks" not in updated
    assert updated["edited"]["user"] == "U0BOT"
    assert stage.general.last.texts == ["card", "new", "plain"]
    await stage.client.chat_delete(**place)
    assert not stage.general.messages
    assert stage.general.last.deleted


async def test_replies_permalinks_and_direct_messages(stage):
    """Replies of the bot, a link to one, and posting to a user's id."""
    root = stage.general.say(stage.wang, "help")
    reply = await stage.client.chat_postMessage(
        channel=stage.general.id,
        text="yes",
        thread_ts=root.ts,
        reply_broadcast=True,
        metadata={"event_type": "a", "event_payload": {}},
    )
    assert (stage.general.last.thread, stage.general.last.broadcast) == (root.ts, True)
    assert stage.general.last.metadata == {"event_type": "a", "event_payload": {}}
    link = await stage.client.chat_getPermalink(channel=stage.general.id, message_ts=reply["ts"])
    assert f"thread_ts={root.ts}" in link["permalink"]
    sent = await stage.client.chat_postMessage(channel=stage.wang.id, text="just you")
    assert sent["channel"] == stage.slack.world.direct(stage.wang).id


async def test_ephemeral_messages(stage):
    """A whisper is seen by one person, is no message of the channel, and cannot be updated."""
    sent = await stage.client.chat_postEphemeral(channel=stage.general.id, user=stage.wang.id, text="psst")
    whispered = await stage.general.bot_whispers("psst")
    assert (whispered.only_for, whispered.ts) == (stage.wang.id, sent["message_ts"])
    assert not stage.general.messages
    assert (await stage.refused("chat.update", channel=stage.general.id, ts=whispered.ts, text="x"))[
        "error"
    ] == "message_not_found"


async def test_reactions_and_pins(stage):
    """Once each."""
    message = stage.general.say(stage.wang, "help")
    item = {"channel": stage.general.id, "timestamp": message.ts}
    await stage.client.reactions_add(**item, name="eyes")
    assert (await stage.refused("reactions.add", **item, name="eyes"))["error"] == "already_reacted"
    assert message.reactions == {"eyes": ["U0BOT"]}
    await stage.client.reactions_remove(**item, name="eyes")
    assert (await stage.refused("reactions.remove", **item, name="eyes"))["error"] == "no_reaction"
    await stage.client.pins_add(**item)
    assert (await stage.refused("pins.add", **item))["error"] == "already_pinned"


async def test_files_go_both_ways_byte_for_byte(stage):
    """An upload of the library arrives whole; a person's file comes down whole with the token, else a sign-in page."""
    content = bytes(range(256)) * 300
    root = stage.general.say(stage.wang, "screenshot?")
    done = await stage.client.files_upload_v2(
        channel=stage.general.id,
        filename="报告 1.png",
        content=content,
        title="Report",
        initial_comment="here",
        thread_ts=root.ts,
    )
    posted = await stage.general.bot_says("here")
    assert (posted.files[0].content, posted.files[0].title, posted.thread) == (content, "Report", root.ts)
    url = (await stage.client.files_info(file=done["file"]["id"]))["file"]["url_private_download"]
    async with httpx.AsyncClient(trust_env=False) as http:
        good = await http.get(url, headers={"Authorization": f"Bearer {stage.client.token}"})
        assert good.content == content
        for headers in ({}, {"Authorization": "Bearer xoxb-wrong"}):
            page = await http.get(url, headers=headers)
            assert (page.status_code, page.headers["content-type"].split(";")[0]) == (200, "text/html")
    said = stage.general.say(stage.wang, "look", files=[Upload("a.bin", b"\0\r\n\xff")])
    info = (await stage.client.files_info(file=said.files[0].id))["file"]
    async with httpx.AsyncClient(trust_env=False) as http:
        raw = await http.get(info["url_private"], headers={"Authorization": f"Bearer {stage.client.token}"})
        assert raw.content == b"\0\r\n\xff"
        lost = info["url_private"].replace("a.bin", "b.bin")
        assert (await http.get(lost, headers={"Authorization": f"Bearer {stage.client.token}"})).status_code == 404


async def test_uploads_are_strict(stage):
    """No completion without the bytes, none of the wrong length, none twice, none where the bot is not."""
    assert (await stage.refused("files.getUploadURLExternal", filename="a", length=0))["error"] == "missing_argument"
    ticket = await stage.client.files_getUploadURLExternal(filename="a.txt", length=3)
    named = [{"id": ticket["file_id"]}]
    assert (await stage.refused("files.completeUploadExternal", files=named))["error"] == "file_not_found"
    async with httpx.AsyncClient(trust_env=False) as http:
        assert (await http.post(ticket["upload_url"], content=b"four")).status_code == 400
        assert (await http.post(ticket["upload_url"], files={"file": b"abc"})).text == "OK - 3"
    denied = await stage.refused("files.completeUploadExternal", files=named, channel_id=stage.outside.id)
    assert denied["error"] == "posting_to_channel_denied"
    assert (await stage.refused("files.completeUploadExternal", files=named, channel_id="C1"))[
        "error"
    ] == "invalid_channel"
    await stage.client.files_completeUploadExternal(files=named)
    assert (await stage.refused("files.completeUploadExternal", files=named))["error"] == "file_not_found"
    assert (await stage.refused("files.info", file="F1"))["error"] == "file_not_found"


async def test_views(stage):
    """A modal opens once a trigger, updates under its hash; the home is the last one published."""
    world = stage.slack.world
    trigger = world.triggers.issue(stage.wang)
    opened = (await stage.client.views_open(trigger_id=trigger, view=MODAL))["view"]
    assert (await stage.refused("views.open", trigger_id=trigger, view=MODAL))["error"] == "exchanged_trigger_id"
    assert (await stage.refused("views.open", trigger_id="1.2.a", view=MODAL))["error"] == "invalid_trigger_id"
    changed = (await stage.client.views_update(view_id=opened["id"], hash=opened["hash"], view=MODAL))["view"]
    assert changed["hash"] != opened["hash"]
    late = await stage.refused("views.update", view_id=opened["id"], hash=opened["hash"], view=MODAL)
    assert late["error"] == "hash_conflict"
    assert (await stage.refused("views.update", view_id="V1", view=MODAL))["error"] == "not_found"
    assert world.home(stage.wang) is None
    await stage.client.views_publish(user_id=stage.wang.id, view=HOME)
    await stage.client.views_publish(user_id=stage.wang.id, view={**HOME, "private_metadata": "2"})
    assert world.home(stage.wang).body["private_metadata"] == "2"
    assert (await stage.refused("views.publish", user_id=stage.wang.id, view=MODAL))["error"] == "invalid_arguments"


async def test_a_trigger_expires():
    """Slack gives three seconds; the setting scales them."""
    async with stage_of(Settings(trigger_lives=0.0)) as stage:
        trigger = stage.slack.world.triggers.issue(stage.wang)
        assert (await stage.refused("views.open", trigger_id=trigger, view=MODAL))["error"] == "expired_trigger_id"


# --- the Web API: what it refuses


@pytest.mark.parametrize(
    ("method", "args", "code"),
    [
        ("no.such", {}, "unknown_method"),
        ("chat.postMessage", {"channel": "C404", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "secret", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": "outside", "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": "closed", "text": "x"}, "is_archived"),
        ("chat.postMessage", {"channel": "general"}, "no_text"),
        ("chat.postMessage", {"channel": "general", "text": " "}, "no_text"),
        ("chat.postMessage", {"channel": "general", "text": "x" * 40_001}, "msg_too_long"),
        ("chat.postMessage", {"channel": "general", "text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "general", "text": "x", "blocks": {}}, "invalid_blocks_format"),
        ("chat.postMessage", {"channel": "general", "text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
        ("chat.postMessage", {"channel": "general", "text": "x", "thread_ts": "yesterday"}, "invalid_thread_ts"),
        ("chat.postEphemeral", {"channel": "general", "user": "U404", "text": "x"}, "user_not_in_channel"),
        ("chat.update", {"channel": "general", "ts": "1700000000.000001", "text": "x"}, "message_not_found"),
        ("chat.update", {"channel": "closed", "ts": "1700000000.000001", "text": "x"}, "is_inactive"),
        ("chat.update", {"channel": "general"}, "invalid_arguments"),
        ("chat.delete", {"channel": "general", "ts": "1700000000.000001"}, "message_not_found"),
        ("chat.getPermalink", {"channel": "general", "message_ts": "1700000000.000001"}, "message_not_found"),
        ("conversations.info", {"channel": "secret"}, "channel_not_found"),
        ("conversations.history", {"channel": "outside"}, "not_in_channel"),
        ("conversations.history", {"channel": "general", "cursor": "?"}, "invalid_cursor"),
        ("conversations.history", {"channel": "general", "limit": 1000}, "invalid_limit"),
        ("conversations.replies", {"channel": "general", "ts": "1700000000.000001"}, "thread_not_found"),
        ("conversations.list", {"types": "cellar"}, "invalid_types"),
        ("conversations.join", {"channel": "closed"}, "is_archived"),
        ("conversations.open", {"users": "U404"}, "user_not_found"),
        ("conversations.open", {}, "users_list_not_supplied"),
        ("users.info", {"user": "U404"}, "user_not_found"),
        ("team.info", {"team": "T404"}, "team_not_found"),
        ("bots.info", {"bot": "B404"}, "bot_not_found"),
        ("reactions.add", {"name": "eyes"}, "no_item_specified"),
        ("reactions.add", {"name": "Eyes!", "channel": "general", "timestamp": "1"}, "invalid_name"),
        ("reactions.add", {"name": "eyes", "channel": "general", "timestamp": "1"}, "bad_timestamp"),
        (
            "reactions.add",
            {"name": "eyes", "channel": "general", "timestamp": "1700000000.000001"},
            "message_not_found",
        ),
        ("apps.connections.open", {}, "not_allowed_token_type"),
    ],
)
async def test_refusals(stage, method, args, code):
    """Each rule with Slack's own code."""
    places = {channel.name: channel.id for channel in stage.slack.world.channels.values()}
    named = {name: places.get(value, value) if name == "channel" else value for name, value in args.items()}
    assert (await stage.refused(method, **named))["error"] == code
    assert stage.slack.calls[-1].error == code
    assert not stage.general.seen


async def test_only_its_own_messages_are_the_bots_to_change(stage):
    """A person's message can neither be updated nor deleted by the bot."""
    message = stage.general.say(stage.wang, "mine")
    place = {"channel": stage.general.id, "ts": message.ts}
    assert (await stage.refused("chat.update", **place, text="x"))["error"] == "cant_update_message"
    assert (await stage.refused("chat.delete", **place))["error"] == "cant_delete_message"


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({"Content-Type": "application/json"}, "{", "invalid_json"),
        ({"Content-Type": "application/json"}, "[]", "json_not_object"),
        ({"Content-Type": "application/xml"}, "<a/>", "invalid_post_type"),
    ],
)
async def test_malformed_requests(stage, headers, body, code):
    """What no client of the library sends."""
    async with httpx.AsyncClient(trust_env=False, headers=headers) as http:
        answer = await http.post(f"{stage.slack.api_url}auth.test", content=body)
        assert (answer.status_code, answer.json()["error"]) == (200, code)


async def test_the_token_may_be_an_argument(stage):
    """In a form, as older clients send it."""
    async with httpx.AsyncClient(trust_env=False) as http:
        answer = await http.post(f"{stage.slack.api_url}auth.test", data={"token": stage.client.token})
        assert answer.json()["ok"]


def section(length: int) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": "x" * length}}


def button(**changes: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": [{**BUTTON, **changes}]}


@pytest.mark.parametrize(
    ("good", "bad", "message"),
    [
        ([section(3000)], [section(3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        ([section(1)], [section(0)], "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        ([section(1)] * 50, [section(1)] * 51, "no more than 50 items allowed [json-pointer:/blocks]"),
        (
            [button(value="v" * 2000)],
            [button(value="v" * 2001)],
            "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
        ),
        (
            [button(action_id="a" * 255)],
            [button(action_id="a" * 256)],
            "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]",
        ),
        (
            [button(style="danger")],
            [button(style="loud")],
            "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
        ),
        ([{"type": "divider"}], [{"type": "dividend"}], "unsupported type: dividend [json-pointer:/blocks/0/type]"),
        (
            [{"type": "header", "text": {"type": "plain_text", "text": "h" * 150}}],
            [{"type": "header", "text": {"type": "plain_text", "text": "h" * 151}}],
            "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
        ),
        (
            [{**section(1), "block_id": "a"}],
            [{**section(1), "block_id": "a"}] * 2,
            "`block_id` already exists [json-pointer:/blocks/0/block_id]",
        ),
        (
            [button()],
            [{"type": "actions", "elements": [BUTTON] * 2}],
            "`action_id` already exists [json-pointer:/blocks/0/elements/0/action_id]",
        ),
        (
            [{"type": "context", "elements": [{"type": "mrkdwn", "text": "c"}] * 10}],
            [{"type": "context", "elements": [{"type": "mrkdwn", "text": "c"}] * 11}],
            "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
        ),
    ],
)
async def test_blocks_have_limits(stage, good, bad, message):
    """At the limit it goes, one past it `invalid_blocks` names the place."""
    await stage.client.chat_postMessage(channel=stage.general.id, text="good", blocks=good)
    refused = await stage.refused("chat.postMessage", channel=stage.general.id, text="bad", blocks=bad)
    assert refused["error"] == "invalid_blocks"
    assert refused["response_metadata"]["messages"][0] == f"[ERROR] {message}"
    assert refused["errors"][0] == message
    assert [m.text for m in stage.general.seen] == ["good"]


PLAIN = {"type": "plain_text", "text": "x"}


def menu(count: int, kind: str = "static_select", **option: Any) -> dict[str, Any]:
    options = [{"text": PLAIN, "value": str(number), **option} for number in range(count)]
    return {**section(1), "accessory": {"type": kind, "action_id": "pick", "options": options}}


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"type": "section"}, "missing required field: text [json-pointer:/blocks/0]"),
        ({"type": "section", "text": "x"}, "missing required field [json-pointer:/blocks/0/text]"),
        ({"type": "section", "fields": [PLAIN] * 11}, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
        (
            {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
            "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
        ),
        ({"type": "actions", "elements": []}, "no less than 1 items allowed [json-pointer:/blocks/0/elements]"),
        (
            {"type": "actions", "elements": [{"type": "lever"}]},
            "unsupported type: lever [json-pointer:/blocks/0/elements/0/type]",
        ),
        (
            {"type": "actions", "elements": [BUTTON | {"action_id": str(n)} for n in range(26)]},
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        ({"type": "context", "elements": []}, "no less than 1 items allowed [json-pointer:/blocks/0/elements]"),
        ({"type": "input", "label": PLAIN}, "missing required field: element [json-pointer:/blocks/0]"),
        ({"type": "image", "alt_text": "x"}, "missing required field: image_url [json-pointer:/blocks/0]"),
        ({"type": "image", "image_url": "x"}, "missing required field: alt_text [json-pointer:/blocks/0]"),
        ({"type": "markdown"}, "missing required field: text [json-pointer:/blocks/0]"),
        (
            {"type": "markdown", "text": "x" * 12_001},
            "must be less than 12001 characters [json-pointer:/blocks/0/text]",
        ),
        (menu(0), "no less than 1 items allowed [json-pointer:/blocks/0/accessory/options]"),
        (menu(101), "no more than 100 items allowed [json-pointer:/blocks/0/accessory/options]"),
        (menu(6, "overflow"), "no more than 5 items allowed [json-pointer:/blocks/0/accessory/options]"),
        (
            menu(1, value="v" * 151),
            "must be less than 151 characters [json-pointer:/blocks/0/accessory/options/0/value]",
        ),
    ],
)
async def test_blocks_must_be_well_made(stage, bad, message):
    """What is missing, or of no known kind, is named with its place."""
    refused = await stage.refused("chat.postMessage", channel=stage.general.id, text="bad", blocks=[bad])
    assert (refused["error"], refused["errors"]) == ("invalid_blocks", [message])


async def test_forty_thousand_characters_are_allowed(stage):
    """The boundary of the text."""
    await stage.client.chat_postMessage(channel=stage.general.id, text="x" * 40_000)
    assert len(stage.general.last.text) == 40_000


def with_field(initial_value: str = "", **more: Any) -> dict[str, Any]:
    """The modal with another field."""
    field = {**MODAL["blocks"][0]["element"], "initial_value": initial_value, **more}
    return {**MODAL, "blocks": [{**MODAL["blocks"][0], "element": field}]}


async def test_homes_have_limits():
    """A hundred blocks; and the tab must be switched on."""
    async with stage_of(Settings(home_tab=False)) as stage:
        off = await stage.refused("views.publish", user_id=stage.wang.id, view=HOME)
        assert off["error"] == "not_enabled"
    async with stage_of(Settings()) as stage:
        await stage.client.views_publish(user_id=stage.wang.id, view={"type": "home", "blocks": [section(1)] * 100})
        large = await stage.refused(
            "views.publish", user_id=stage.wang.id, view={"type": "home", "blocks": [section(1)] * 101}
        )
        assert "no more than 100 items" in large["response_metadata"]["messages"][0]


async def test_modals_have_limits(stage):
    """A title of 24 characters, a submit button where there is input, blocks at all, 250 kB."""
    world = stage.slack.world
    long = {**MODAL, "title": {"type": "plain_text", "text": "t" * 25}}
    mute = {name: value for name, value in MODAL.items() if name != "submit"}
    large = json.dumps({**MODAL, "private_metadata": "x" * 250_000})
    refused = await stage.refused("views.open", trigger_id=world.triggers.issue(stage.wang), view=large)
    assert refused["error"] == "view_too_large"
    loud = {**MODAL, "submit": {"type": "plain_text", "text": "s" * 25}}
    full = with_field(initial_value="x" * 3001)
    tight = with_field(initial_value="xxx", max_length=2)
    wide = with_field(max_length=3001)
    assert (await stage.client.views_open(trigger_id=world.triggers.issue(stage.wang), view=with_field("x" * 3000)))[
        "ok"
    ]
    for view, words in (
        (long, "less than 25"),
        (loud, "less than 25"),
        (full, "less than 3001"),
        (tight, "less than 3"),
        (wide, "between 1 and 3000"),
        (mute, "submit"),
        ({"type": "modal"}, "blocks"),
        ([], "object"),
    ):
        refused = await stage.refused("views.open", trigger_id=world.triggers.issue(stage.wang), view=view)
        assert refused["error"] == "invalid_arguments"
        assert words in refused["response_metadata"]["messages"][0]


@pytest.mark.parametrize(("setting", "lands"), [("unthread", True), ("refuse", False)])
async def test_a_reply_to_a_message_that_is_gone(setting, lands):
    """Slack un-threads it silently; older reports say `thread_not_found`: a program stands both."""
    async with stage_of(Settings(unknown_thread=setting)) as stage:
        root = stage.general.say(stage.wang, "help")
        stage.general.delete(root)
        args = {"channel": stage.general.id, "text": "late", "thread_ts": root.ts}
        if lands:
            assert "thread_ts" not in (await stage.client.chat_postMessage(**args))["message"]
        else:
            assert (await stage.refused("chat.postMessage", **args))["error"] == "thread_not_found"


async def test_tokens(stage):
    """None, a wrong one, one of the wrong kind, and one of an app that was removed."""
    for token, code in (
        (None, "not_authed"),
        ("xoxb-wrong", "invalid_auth"),
        ("xapp-1-A0DESK-2-app", "not_allowed_token_type"),
    ):
        stranger = AsyncWebClient(token, base_url=stage.slack.api_url)
        with pytest.raises(SlackApiError) as caught:
            await stranger.auth_test()
        assert caught.value.response["error"] == code
    stage.slack.world.uninstall()
    assert (await stage.refused("auth.test"))["error"] == "account_inactive"


@pytest.mark.parametrize(
    ("scope", "method", "needed"),
    [
        ("chat:write", "chat.postMessage", "chat:write"),
        ("channels:history", "conversations.history", "channels:history"),
        ("groups:read", "conversations.list", "groups:read"),
        ("files:read", "files.info", "files:read"),
    ],
)
async def test_a_missing_scope_is_named(scope, method, needed):
    """`missing_scope` says what is needed and what is there."""
    scopes = Settings().scopes - {scope}
    async with stage_of(Settings(scopes=scopes)) as stage:
        args = {"channel": stage.general.id, "text": "x", "types": "private_channel", "file": "F1"}
        refused = await stage.refused(method, **args)
        assert (refused["error"], refused["needed"]) == ("missing_scope", needed)
        assert set(refused["provided"].split(",")) == scopes


async def test_posting_has_a_pace_for_each_channel():
    """A second message in the same moment is refused with Retry-After; another channel is free."""
    async with stage_of(Settings(paced=True, post_gap=60.0)) as stage:
        await stage.client.chat_postMessage(channel=stage.general.id, text="1")
        refused = await stage.refused("chat.postMessage", channel=stage.general.id, text="2")
        assert (refused.status_code, refused["error"]) == (429, "ratelimited")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        await stage.client.chat_postMessage(channel=stage.wang.id, text="elsewhere")
        assert [m.text for m in stage.general.seen] == ["1"]


async def test_the_library_waits_when_it_is_told_to(stage):
    """Its handler for 429 sleeps for Retry-After and asks again."""
    patient = AsyncWebClient(
        stage.client.token,
        base_url=stage.slack.api_url,
        retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=2)],
    )
    stage.slack.faults.call("chat.postMessage", TooMany(0))
    await patient.chat_postMessage(channel=stage.general.id, text="x")
    assert [call.answer is None for call in stage.slack.calls] == [True, False]


async def test_methods_have_tiers():
    """Tier 3 is 50 calls a minute of one method; another method has its own count."""
    async with stage_of(Settings(paced=True, tiers={1: 1, 2: 2, 3: 3, 4: 4})) as stage:
        for _ in range(3):
            await stage.client.conversations_info(channel=stage.general.id)
        refused = await stage.refused("conversations.info", channel=stage.general.id)
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        await stage.client.conversations_members(channel=stage.general.id)


# --- the Web API: what goes wrong


async def test_faults_of_a_call(stage):
    """429, an HTML page, another refusal; the next call goes."""
    args = {"channel": stage.general.id, "text": "x"}
    for fault in (TooMany(7), Html(500), Refuse("fatal_error")):
        stage.slack.faults.call("chat.postMessage", fault)
    many = await stage.refused("chat.postMessage", **args)
    assert (many.status_code, many.headers["Retry-After"]) == (429, "7")
    page = await stage.refused("chat.postMessage", **args)
    assert (page.status_code, page.data) == (500, {})
    assert (await stage.refused("chat.postMessage", **args))["error"] == "fatal_error"
    assert not stage.general.seen
    await stage.client.chat_postMessage(**args)
    assert len(stage.general.seen) == 1


async def test_a_server_error_is_retried_by_the_library(stage):
    """With its handler for server errors, the library asks again by itself."""
    stage.slack.faults.call("chat.postMessage", Html(500))
    patient = AsyncWebClient(
        stage.client.token, base_url=stage.slack.api_url, retry_handlers=[AsyncServerErrorRetryHandler()]
    )
    await patient.chat_postMessage(channel=stage.general.id, text="x")
    assert [call.answer is None for call in stage.slack.calls] == [True, False]


@pytest.mark.parametrize(("after", "posted"), [(False, 0), (True, 1)])
async def test_a_cut_connection_leaves_the_caller_in_doubt(stage, after, posted):
    """Both cuts look the same from outside; one of the messages is there."""
    stage.slack.faults.call("chat.postMessage", Cut(after=after))
    with pytest.raises(aiohttp.ClientError):
        await stage.client.chat_postMessage(channel=stage.general.id, text="x")
    assert len(stage.general.seen) == posted


async def test_the_librarys_default_retry_doubles_a_message(stage):
    """The default client asks again after a cut: one call, two messages. A program must do without that handler."""
    stage.slack.faults.call("chat.postMessage", Cut(after=True))
    client = AsyncWebClient(stage.client.token, base_url=stage.slack.api_url)
    await client.chat_postMessage(channel=stage.general.id, text="x")
    assert len(stage.general.seen) == 2


async def test_a_slow_answer_comes_after_the_effect(stage):
    """A caller that gives up has still posted."""
    stage.slack.faults.call("chat.postMessage", Slow(0.5))
    hasty = AsyncWebClient(stage.client.token, base_url=stage.slack.api_url, timeout=0.1, retry_handlers=[])
    with pytest.raises(TimeoutError):
        await hasty.chat_postMessage(channel=stage.general.id, text="x")
    await stage.general.bot_says("x")


async def test_faults_of_files(stage):
    """Uploads and downloads fail, too."""
    stage.slack.faults.call("upload", Html(503))
    with pytest.raises(Exception, match="status: 503"):
        await stage.client.files_upload_v2(filename="a.txt", content="abc", channel=stage.general.id)
    file = stage.general.say(stage.wang, "", files=[Upload("a.txt", b"abc")]).files[0]
    url = (await stage.client.files_info(file=file.id))["file"]["url_private"]
    stage.slack.faults.call("download", Cut())
    async with httpx.AsyncClient(trust_env=False, headers={"Authorization": f"Bearer {stage.client.token}"}) as http:
        with pytest.raises(httpx.TransportError):
            await http.get(url)
        assert (await http.get(url)).content == b"abc"


# --- events, over both transports


async def test_a_mention_comes_twice(desk):
    """One message, two events with two ids, one (channel, ts)."""
    stage, app = desk
    said = stage.general.say(stage.wang, f"{stage.slack.world.bot.mention} 网站打不开")
    await stage.slack.settled()
    assert {body["event"]["type"] for body in app.heard} == {"message", "app_mention"}
    assert len({body["event_id"] for body in app.heard}) == 2
    assert {(body["event"]["channel"], body["event"]["ts"]) for body in app.heard} == {(stage.general.id, said.ts)}
    assert app.heard[0]["authorizations"][0]["user_id"] == "U0BOT"


async def test_an_app_answers_where_it_was_asked(desk):
    """The whole way round: a listener answers in the thread, and is not asked by its own answer."""
    stage, app = desk

    async def answer(event: dict[str, Any]) -> None:
        await app.bolt.client.chat_postMessage(channel=event["channel"], text="看到了", thread_ts=event["ts"])

    said = stage.general.say(stage.wang, "在吗")
    await stage.slack.settled()
    await answer(app.events("message")[0])
    reply = await stage.general.bot_says("看到")
    await stage.slack.settled()
    assert reply.thread == said.ts
    assert [d.event["user"] for d in stage.slack.deliveries] == [stage.wang.id, "U0BOT"]
    assert [event["user"] for event in app.events("message")] == [stage.wang.id], "bolt drops the bot's own"


async def test_edits_deletions_and_reactions(desk):
    """Each tells what was before; a root with replies becomes a tombstone."""
    stage, app = desk
    said = stage.general.say(stage.wang, "一")
    stage.general.edit(said, "二")
    stage.general.react(stage.lin, said, "eyes")
    stage.general.react(stage.lin, said, "eyes", add=False)
    root = stage.general.say(stage.wang, "root")
    stage.general.say(stage.lin, "reply", thread=root)
    stage.general.delete(said)
    stage.general.delete(root)
    await stage.slack.settled()
    edit, tomb = app.events("message", "message_changed")
    assert (edit["message"]["text"], edit["previous_message"]["text"], edit["message"]["ts"]) == ("二", "一", said.ts)
    assert edit["message"]["edited"]["user"] == stage.wang.id
    assert edit["ts"] != said.ts
    assert tomb["message"]["subtype"] == "tombstone"
    [gone] = app.events("message", "message_deleted")
    assert (gone["deleted_ts"], gone["previous_message"]["text"]) == (said.ts, "二")
    assert [app.events(f"reaction_{verb}")[0]["item"]["ts"] for verb in ("added", "removed")] == [said.ts] * 2


async def test_threads_broadcasts_and_files(desk):
    """Replies carry thread_ts, a broadcast its subtype, a file its own; all kinds of places name themselves."""
    stage, app = desk
    root = stage.general.say(stage.wang, "root")
    stage.general.say(stage.lin, "reply", thread=root)
    stage.general.say(stage.lin, "shown", thread=root, broadcast=True)
    stage.general.say(stage.wang, "", files=[Upload("a.png", b"png", "image/png")])
    stage.slack.world.direct(stage.wang).say(stage.wang, "dm")
    await stage.slack.settled()
    assert [event.get("thread_ts") for event in app.events("message")] == [None, root.ts, None]
    [shown] = app.events("message", "thread_broadcast")
    assert (shown["thread_ts"], shown["root"]["text"]) == (root.ts, "root")
    [shared] = app.events("message", "file_share")
    assert (shared["files"][0]["mimetype"], shared["files"][0]["size"]) == ("image/png", 3)
    assert app.events("file_shared")[0]["file_id"] == shared["files"][0]["id"]
    assert [event["channel_type"] for event in app.events("message")] == ["channel", "channel", "im"]


async def test_comings_and_goings(desk):
    """Joins, leaves, archives, the home, and the end; where the bot is not, it hears nothing."""
    stage, app = desk
    wu = stage.slack.world.user("wu")
    stage.outside.say(stage.lin, "not for the bot")
    stage.general.join(wu, inviter=stage.lin)
    stage.general.leave(wu)
    stage.outside.join(stage.slack.world.bot)
    stage.outside.archive(stage.lin)
    stage.slack.open_home(wu)
    await stage.slack.settled()
    stage.slack.world.uninstall()
    stage.general.say(stage.wang, "too late")
    await stage.slack.settled()
    kinds = [delivery.event["type"] for delivery in stage.slack.deliveries if delivery.event["type"] != "message"]
    assert kinds == [
        "member_joined_channel", "member_left_channel", "member_joined_channel", "channel_archive", "app_home_opened",
        "tokens_revoked", "app_uninstalled",
    ]  # fmt: skip
    assert all(delivery.acknowledged for delivery in stage.slack.deliveries[:-2])
    assert app.events("member_joined_channel")[0]["inviter"] == stage.lin.id
    assert not app.events("message"), "only the lines about joins and leaves were messages"


async def test_other_bots_and_the_bots_own_leave(desk):
    """Another bot's message carries its bot id; the bot hears that it was sent away, and nothing after."""
    stage, app = desk
    world = stage.slack.world
    robot = world.user("robot", is_bot=True)
    stage.general.join(robot)
    stage.general.say(robot, "beep")
    stage.general.leave(world.bot)
    stage.general.say(stage.wang, "alone at last")
    await stage.slack.settled()
    [beep] = app.events("message")
    assert beep["bot_id"] == (await stage.client.users_info(user=robot.id))["user"]["profile"]["bot_id"]
    assert (await stage.client.bots_info(bot=beep["bot_id"]))["bot"]["name"] == "robot"
    assert [delivery.event["type"] for delivery in stage.slack.deliveries][-1] == "member_left_channel"


async def test_group_direct_messages(desk):
    """Several people and the bot: a mention there is one."""
    stage, app = desk
    group = stage.slack.world.group(stage.wang, stage.lin)
    group.say(stage.wang, f"{stage.slack.world.bot.mention} hi")
    await stage.slack.settled()
    assert (app.events("message")[0]["channel_type"], len(app.events("app_mention"))) == ("mpim", 1)
    assert stage.slack.world.group(stage.lin, stage.wang) is group


async def test_shared_channels(desk):
    """People of another team carry their team; their files are stubs until asked for."""
    stage, app = desk
    world = stage.slack.world
    acme = world.other_team("Acme")
    guest = world.user("guest", team=acme)
    assert (await stage.refused("users.info", user=guest.id))["error"] == "user_not_visible"
    shared = world.channel("acme-support", members=[guest, stage.lin], shared=acme)
    shared.say(guest, "hi", files=[Upload("a.png", b"png", "image/png")])
    await stage.slack.settled()
    [event] = app.events("message", "file_share")
    assert (event["team"], event["user_team"]) == (acme.id, acme.id)
    assert app.heard[0]["is_ext_shared_channel"]
    assert event["files"][0]["file_access"] == "check_file_info"
    assert (await stage.client.files_info(file=event["files"][0]["id"]))["file"]["name"] == "a.png"
    assert (await stage.client.users_info(user=guest.id))["user"]["is_stranger"]
    assert (await stage.client.conversations_info(channel=shared.id))["channel"]["is_ext_shared"]


@pytest.mark.parametrize("without", ["scope", "subscription"])
async def test_what_the_app_may_not_hear_is_not_sent(without):
    """No scope or no subscription, no event."""
    everything = Settings()
    rights = {
        "scope": {"scopes": everything.scopes - {"channels:history"}},
        "subscription": {"subscriptions": everything.subscriptions - {"message"}},
    }
    async with stage_of(Settings(**rights[without])) as stage:
        app = app_of(stage)
        async with over_http(stage, app):
            stage.general.say(stage.wang, f"{stage.slack.world.bot.mention} hi")
            await stage.slack.settled()
            assert [body["event"]["type"] for body in app.heard] == ["app_mention"]


async def test_archives_reopen_and_tokens_are_revoked(desk):
    """Both ways of a channel; a revoked token leaves the app in place, and dead."""
    stage, app = desk
    stage.general.archive(stage.lin)
    stage.general.archive(stage.lin, archived=False)
    await stage.slack.settled()
    assert [body["event"]["type"] for body in app.heard] == ["channel_archive", "channel_unarchive"]
    stage.slack.world.revoke_tokens()
    assert stage.slack.deliveries[-1].event == {
        **stage.slack.deliveries[-1].event,
        "tokens": {"oauth": [], "bot": ["U0BOT"]},
    }
    assert (await stage.refused("auth.test"))["error"] == "account_inactive"


async def test_doubled_events_have_one_id(desk):
    """The library passes both on: the program itself must see that they are one."""
    stage, app = desk
    stage.slack.faults.delivery("double")
    stage.general.say(stage.wang, "一")
    await stage.slack.settled()
    assert len(app.heard) == 2
    assert len({body["event_id"] for body in app.heard}) == 1


async def test_events_out_of_order(desk):
    """Three messages, the last first."""
    stage, app = desk
    stage.slack.faults.delivery("reorder", times=3)
    for text in ("一", "二", "三"):
        stage.general.say(stage.wang, text)
    await stage.slack.settled()
    assert [event["text"] for event in app.events("message")] == ["三", "二", "一"]


async def test_late_acknowledgements_bring_the_event_again():
    """Not acknowledged in time: again at once and later, with number and reason, in all four times."""
    for socket_mode, reason in ((False, "http_timeout"), (True, "timeout")):
        async with stage_of(Settings(socket_mode=socket_mode, ack_within=0.1, retry_delays=(0.0, 0.05, 0.1))) as stage:
            app = app_of(stage)
            transport: Any = over_socket if socket_mode else over_http
            async with transport(stage, app):
                await app.bolt.client.auth_test()
                app.delay = 0.3
                stage.general.say(stage.wang, "一")
                await stage.slack.settled()
                [delivery] = stage.slack.deliveries
                assert [sending.retry for sending, _ in delivery.attempts] == [0, 1, 2, 3]
                assert not delivery.acknowledged
                await stage.slack.world.until(lambda s=stage, a=app: len(a.heard) == 4 or _pulse(s))
                assert app.retries == [("1", reason), ("2", reason), ("3", reason)]
                assert len({body["event_id"] for body in app.heard}) == 1


# --- interactions, over both transports


async def test_a_button_is_pressed(desk):
    """The app acknowledges, hears who pressed what, and answers through the response URL."""
    stage, app = desk
    await stage.client.chat_postMessage(channel=stage.general.id, text="card", blocks=CARD)
    ack = await stage.slack.press(stage.wang, stage.general.last, "solved")
    assert ack.ok
    assert (await stage.general.bot_whispers("Done")).only_for == stage.wang.id
    [body] = app.acted
    assert (body["actions"][0]["value"], body["user"]["id"], body["message"]["ts"]) == (
        "t-1",
        stage.wang.id,
        stage.general.last.ts,
    )
    await stage.client.views_publish(user_id=stage.wang.id, view=HOME)
    home = stage.slack.world.home(stage.wang)
    assert (await stage.slack.press(stage.wang, home, "solved", "t-1")).ok
    assert app.acted[1]["view"]["id"] == home.id
    assert "response_url" not in app.acted[1], "there is none in a home"


async def test_a_slash_command_opens_a_view_that_is_submitted(desk):
    """Command, modal, a mistake in it, then none."""
    stage, app = desk
    ack = await stage.slack.slash(stage.wang, stage.general, "/ticket", "the shop")
    assert ack.ok
    assert (await stage.general.bot_whispers("Ticket for")).text == "Ticket for the shop"
    views = stage.slack.world.views
    await stage.slack.world.until(lambda: views, what="the modal")
    [view] = views.values()
    empty = await stage.slack.submit(view, {"note": {"text": {"type": "plain_text_input", "value": None}}})
    assert (empty.errors, view.open) == ({"note": "empty"}, True)
    assert (await stage.slack.submit(view)).errors == {"note": "empty"}  # nothing typed: as it stood there
    full = await stage.slack.submit(view, {"note": {"text": {"type": "plain_text_input", "value": "ok"}}})
    assert (full.errors, view.open) == (None, False)
    assert app.acted[-1]["view"]["state"]["values"]["note"]["text"]["value"] == "ok"


async def test_shortcuts(desk):
    """On a message, with the message; anywhere, without."""
    stage, app = desk
    said = stage.general.say(stage.wang, "broken")
    assert (await stage.slack.shortcut(stage.lin, said, "make_ticket")).ok
    assert (await stage.slack.shortcut(stage.lin, None, "make_ticket")).ok
    assert [body["type"] for body in app.acted] == ["message_action", "shortcut"]
    assert app.acted[0]["message"]["text"] == "broken"


async def test_an_interaction_is_not_sent_twice():
    """Slack shows the person a failure instead."""
    async with stage_of(Settings(ack_within=0.2)) as stage:
        app = app_of(stage)

        @app.bolt.command("/slow")
        async def slow(ack):
            await asyncio.sleep(0.4)
            await ack()
            app.acted.append({})

        async with over_http(stage, app):
            await app.bolt.client.auth_test()
            ack = await stage.slack.slash(stage.wang, stage.general, "/slow")
            assert (ack.ok, ack.error) == (False, "operation_timeout")
            await stage.slack.world.until(lambda: app.acted or _pulse(stage))
            assert len(app.acted) == 1


async def test_response_urls_wear_out(stage):
    """Five uses; they replace and delete what was pressed; unknown ones and bad blocks are refused."""
    await stage.client.chat_postMessage(channel=stage.general.id, text="card", blocks=CARD)
    card = stage.general.last
    url = stage.slack.world.responses.issue(stage.slack.world.base, stage.general.id, stage.wang.id, card.ts)
    async with httpx.AsyncClient(trust_env=False) as http:

        async def use(**said: Any) -> tuple[int, str]:
            answer = await http.post(url, json=said)
            return answer.status_code, answer.text

        assert await use(text="new", replace_original=True) == (200, "ok")
        assert (card.text, card.blocks) == ("new", [])
        assert await use(text="all", response_type="in_channel") == (200, "ok")
        assert stage.general.last.text == "all"
        assert (await use(text="x", blocks=[section(3001)]))[0] == 400
        assert await use(delete_original=True) == (200, "ok")
        assert card.deleted
        assert await use(text="only you") == (200, "ok")
        assert "used_url" in (await use(text="too much"))[1]
        assert (await http.post(url + "x", json={"text": "x"})).status_code == 404


async def test_views_answer_and_close(desk):
    """An acknowledgement may change the view or push another; one that asks for it tells of its closing."""
    stage, app = desk
    answers: list[dict[str, Any]] = []

    @app.bolt.view({"type": "view_submission", "callback_id": "step"})
    async def step(ack):
        await ack(**answers.pop(0))

    @app.bolt.view({"type": "view_closed", "callback_id": "step"})
    async def closed(ack, body):
        await ack()
        app.acted.append(body)

    world = stage.slack.world
    modal = {**MODAL, "callback_id": "step", "notify_on_close": True}
    await stage.client.views_open(trigger_id=world.triggers.issue(stage.wang), view=modal)
    [view] = world.views.values()
    broken = {name: value for name, value in modal.items() if name != "title"}
    answers += [{"response_action": "update", "view": {**modal, "private_metadata": "2"}}]
    answers += [{"response_action": "push", "view": modal}, {"response_action": "update", "view": broken}]
    assert (await stage.slack.submit(view)).ok
    assert (view.body["private_metadata"], view.open) == ("2", True)
    assert (await stage.slack.submit(view)).ok
    assert len(world.views) == 2
    assert (await stage.slack.submit(view)).error == "invalid_arguments"
    closing = await stage.slack.close_view(view)
    assert closing is not None
    assert closing.ok
    assert app.acted[0]["type"] == "view_closed"


async def test_a_choice_in_a_menu(desk):
    """A select tells which option was chosen; what is not on the card cannot be pressed."""
    stage, app = desk
    options = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("a", "b")]
    menu = {"type": "static_select", "action_id": "pick", "options": options}
    await stage.client.chat_postMessage(channel=stage.general.id, text="x", blocks=[{**section(1), "accessory": menu}])

    @app.bolt.action("pick")
    async def pick(ack, action):
        await ack()
        app.acted.append(action)

    assert (await stage.slack.press(stage.wang, stage.general.last, "pick", "b")).ok
    assert app.acted[0]["selected_option"]["value"] == "b"
    for action, value in (("pick", "c"), ("choose", None)):
        with pytest.raises(AssertionError, match=f"no '{action}'"):
            await stage.slack.press(stage.wang, stage.general.last, action, value)


async def test_whispers_are_pressed_and_replaced(desk):
    """An ephemeral message comes without its body, and only its reader can press it."""
    stage, app = desk
    await stage.client.chat_postEphemeral(channel=stage.general.id, user=stage.wang.id, text="card", blocks=CARD)
    whispered = await stage.general.bot_whispers("card")

    @app.bolt.action("gone")
    async def gone(ack, respond):
        await ack()
        await respond(delete_original=True)

    @app.bolt.action("swap")
    async def swap(ack, respond):
        await ack()
        await respond(text="swapped", blocks=[button(action_id="gone")], replace_original=True)

    whispered.blocks = [button(action_id="swap")]
    with pytest.raises(AssertionError, match="somebody else"):
        await stage.slack.press(stage.lin, whispered, "swap")
    assert (await stage.slack.press(stage.wang, whispered, "swap")).ok
    await stage.slack.world.until(lambda: whispered.text == "swapped")
    assert (await stage.slack.press(stage.wang, whispered, "gone")).ok
    await stage.slack.world.until(lambda: whispered.deleted)
    assert not stage.slack.deliveries, "whispers are no events"


# --- HTTP only


async def test_the_request_url_must_give_the_challenge_back(stage):
    """A URL that does not answer as the library does is not accepted."""
    async with over_http(stage, app_of(stage)) as url:
        assert not await stage.slack.subscribe(url.replace("/slack/events", "/elsewhere"))
        assert stage.slack.http.url == url


@pytest.mark.parametrize("fault", ["forged", "stale"])
async def test_bad_signatures_are_refused(stage, fault):
    """The library answers 401 to a wrong signature and to an old timestamp; the listener hears nothing."""
    app = app_of(stage)
    async with over_http(stage, app):
        stage.slack.faults.delivery(fault)
        stage.general.say(stage.wang, "evil")
        stage.general.say(stage.wang, "good")
        await stage.slack.settled()
        evil, good = stage.slack.deliveries
        assert [outcome.status for _, outcome in evil.attempts] == [401]
        assert [outcome.status for _, outcome in good.attempts] == [200]
        assert [event["text"] for event in app.events("message")] == ["good"]


async def test_a_failing_app_is_tried_again():
    """HTTP errors and refused connections have their own reasons; X-Slack-No-Retry ends it."""
    async with stage_of(Settings(retry_delays=(0.0, 0.01, 0.02))) as stage:
        answers: list[tuple[int, dict[str, str]]] = [(500, {}), (200, {}), (500, {"X-Slack-No-Retry": "1"})]
        seen: list[tuple[str | None, str | None]] = []

        async def endpoint(request: aiohttp.web.BaseRequest) -> aiohttp.web.Response:
            seen.append((request.headers.get("X-Slack-Retry-Num"), request.headers.get("X-Slack-Retry-Reason")))
            status, headers = answers.pop(0)
            return aiohttp.web.Response(status=status, headers=headers)

        runner = aiohttp.web.ServerRunner(aiohttp.web.Server(endpoint))
        await runner.setup()
        await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
        stage.slack.http.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        stage.general.say(stage.wang, "一")
        await stage.slack.settled()
        stage.general.say(stage.wang, "二")
        await stage.slack.settled()
        assert seen == [(None, None), ("1", "http_error"), (None, None)]
        await runner.cleanup()
        stage.general.say(stage.wang, "三")
        await stage.slack.settled()
        assert [s.reason for s, _ in stage.slack.deliveries[2].attempts] == ["", *["connection_failed"] * 3]


# --- Socket Mode only


async def test_hello_and_tickets():
    """The library's ticket opens one connection; a second use is refused; the eleventh connection is one too many."""
    async with stage_of(Settings(socket_mode=True, most_connections=2)) as stage, aiohttp.ClientSession() as http:
        token = stage.slack.settings.app_token

        async def address() -> str:
            return (await stage.client.apps_connections_open(app_token=token))["url"]

        first = await address()
        async with http.ws_connect(first) as one, http.ws_connect(await address()) as two:
            assert (await one.receive_json())["type"] == "hello"
            assert (await two.receive_json())["num_connections"] == 2
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await http.ws_connect(first)
            async with http.ws_connect(await address()) as three:
                assert (await three.receive_json())["reason"] == "too_many_websockets"


async def test_what_happens_before_the_app_connects_waits():
    """An event finds the connection that comes later."""
    async with stage_of(Settings(socket_mode=True)) as stage:
        app = app_of(stage)
        stage.general.say(stage.wang, "early")
        async with over_socket(stage, app):
            await stage.slack.settled()
            assert [event["text"] for event in app.events("message")] == ["early"]


async def test_a_dropped_connection_brings_the_envelope_again():
    """The app did its work and the acknowledgement was lost: the event comes again on the next connection."""
    async with stage_of(Settings(socket_mode=True)) as stage:
        app = app_of(stage)
        async with over_socket(stage, app):
            stage.slack.faults.delivery("drop_socket")
            stage.general.say(stage.wang, "一")
            await stage.slack.settled()
            assert [body["event_id"] for body in app.heard] == [stage.slack.deliveries[0].payload["event_id"]] * 2
            assert len(stage.slack.socket.connections) == 2


async def test_another_connection_gets_the_envelope_again():
    """With two connections, what one lost the other gets."""
    async with stage_of(Settings(socket_mode=True)) as stage:
        first, second = app_of(stage), app_of(stage)
        async with over_socket(stage, first), over_socket(stage, second):
            stage.slack.faults.delivery("drop_socket")
            stage.general.say(stage.wang, "一")
            await stage.slack.settled()
            assert len(first.heard) == len(second.heard) == 1
            assert first.heard[0]["event_id"] == second.heard[0]["event_id"]


@pytest.mark.parametrize("reason", ["refresh_requested", "warning"])
async def test_a_connection_is_refreshed(reason):
    """Asked to leave, the library connects anew; nothing is lost."""
    async with stage_of(Settings(socket_mode=True)) as stage:
        app = app_of(stage)
        async with over_socket(stage, app):
            await stage.slack.socket.connected()
            await stage.slack.socket.ask_to_leave(reason)
            stage.general.say(stage.wang, "一")
            await stage.slack.settled()
            assert len(app.heard) == 1
            assert len(stage.slack.socket.connections) == 2


async def test_a_cut_socket_is_opened_again():
    """Cut without a word while nothing is under way."""
    async with stage_of(Settings(socket_mode=True)) as stage:
        app = app_of(stage)
        async with over_socket(stage, app):
            await stage.slack.socket.connected()
            stage.slack.socket.drop()
            stage.general.say(stage.wang, "一")
            await stage.slack.settled()
            assert len(app.heard) == 1


# --- the test's side


async def test_waiting_is_bounded(stage):
    """What does not come fails the test with its name."""
    with pytest.raises(AssertionError, match="'never' in general"):
        await stage.general.bot_says("never", within=0.05)


async def test_timestamps_are_unique_and_rise():
    """Even with a clock that stands still, or goes back."""
    times = iter([1_800_000_000.0, 1_800_000_000.0, 1_700_000_000.0])
    async with SlackServer(Settings(clock=lambda: next(times, 1_700_000_000.0))) as slack:
        stamps = [slack.world.mint_ts() for _ in range(50)]
        assert sorted(set(stamps)) == stamps
        assert all(re.fullmatch(r"\d{10}\.\d{6}", stamp) for stamp in stamps)


def test_scaled_settings():
    """One factor for all of Slack's durations."""
    settings = Settings.scaled(0.01, paced=True)
    assert (settings.retry_delays, settings.ack_within, settings.paced) == ((0.0, 0.6, 3.0), 0.03, True)
