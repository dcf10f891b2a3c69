"""What Slack sends, as what came in: one table of events, and what each names."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.arrived import (
    Ignored,
    Looked,
    Ordered,
    Pressed,
    Said,
    StaffPressed,
    Standing,
    Submitted,
    TicketPressed,
    Withdrawn,
)
from bot.channels.slack.reading import Known, Me, channel_of, identity, needs, read, stamp
from handoff.kinds import ChatKind

ME = Me(team="T1", user="UBOT")
PEOPLE = {"U1": Known(name="Mei", language="zh-CN"), "U2": Known(name="Wang")}
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
TS = "1780000000.000100"


def event(**inner: Any) -> dict[str, Any]:
    return {"type": "event_callback", "team_id": "T1", "event": {"type": "message", "channel": "C1", **inner}}


def said(**inner: Any) -> dict[str, Any]:
    return event(**{"user": "U1", "text": "hello", "ts": TS, "team": "T1", "channel_type": "channel", **inner})


def taken(body: dict[str, Any]) -> Any:
    return read(body, ME, PEOPLE, now=NOW)


def test_a_message() -> None:
    """Who, where, when, and whether it was said to us."""
    came = taken(said(text="<@UBOT> 后台密码忘了"))
    assert isinstance(came, Said)
    assert (came.message, came.version) == (f"T1/C1/{TS}", f"T1/C1/{TS}")
    assert (came.place.chat, came.place.kind, came.place.thread) == ("T1/C1", ChatKind.GROUP, "")
    assert (came.author.id, came.author.name, came.author.language) == ("T1/U1", "Mei", "zh-CN")
    assert (came.text, came.addressed, came.reply_to) == ("后台密码忘了", True, None)
    assert came.at == datetime.fromtimestamp(1780000000.0001, UTC)


def test_a_mention_is_the_same_message() -> None:
    """Two events, one identity."""
    one, two = taken(said(text="<@UBOT> x")), taken(said(type="app_mention", text="<@UBOT> x", channel_type=None))
    assert one == two


@pytest.mark.parametrize(
    ("inner", "why"),
    [
        ({"user": "UBOT"}, "bot"),
        ({"bot_id": "B1"}, "bot"),
        ({"user": None}, "bot"),
        ({"subtype": "bot_message"}, "bot_message"),
        ({"subtype": "channel_join"}, "channel_join"),
        ({"subtype": "channel_topic"}, "channel_topic"),
        ({"text": ""}, "nothing said"),
        ({"subtype": "message_replied"}, "message_replied"),
    ],
)
def test_what_is_nothing_of_ours(inner: dict[str, Any], why: str) -> None:
    """Bots, ourselves, comings and goings."""
    assert taken(said(**inner)) == Ignored(why)


@pytest.mark.parametrize("subtype", [None, "me_message", "thread_broadcast", "file_share"])
def test_kinds_of_saying(subtype: str | None) -> None:
    """Each is a message."""
    assert isinstance(taken(said(subtype=subtype)), Said)


def test_a_thread() -> None:
    """A reply answers the thread's first message; the first message itself answers nothing."""
    reply = taken(said(thread_ts="1779999999.000000"))
    assert (reply.place.thread, reply.reply_to) == ("1779999999.000000", "T1/C1/1779999999.000000")
    root = taken(said(thread_ts=TS))
    assert (root.place.thread, root.reply_to) == ("", None)


def test_direct_messages_are_said_to_us() -> None:
    """By the kind of channel, or its id where the event does not tell."""
    assert taken(said(channel="D1", channel_type="im")).addressed
    assert taken(said(channel="D1", channel_type=None)).place.kind is ChatKind.DIRECT
    assert taken(said(channel="G1", channel_type="mpim")).place.kind is ChatKind.GROUP


def test_people_of_another_company() -> None:
    """They keep their own team."""
    assert taken(said(user_team="T9")).author.id == "T9/U1"


def changed(now: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
    base = {"type": "message", "user": "U1", "text": "two", "ts": TS, "team": "T1"}
    return event(
        subtype="message_changed", message={**base, **now}, previous_message={**base, **before}, ts="1780000009.000000"
    )


def test_an_edit() -> None:
    """Its identity is the message's with the edit's ts."""
    came = taken(changed({"edited": {"user": "U1", "ts": "1780000005.000000"}}, {}))
    assert (came.edited, came.text, came.version) == (True, "two", f"T1/C1/{TS}:1780000005")


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ({"attachments": [{}]}, {}),
        ({"reply_count": 1}, {}),
        ({"edited": {"ts": "1780000005.0"}, "attachments": [{}]}, {"edited": {"ts": "1780000005.0"}}),
    ],
    ids=["preview", "reply", "preview after an edit"],
)
def test_what_slack_changes_is_no_edit(now: dict[str, Any], before: dict[str, Any]) -> None:
    """Only an author's edit is one."""
    assert taken(changed(now, before)) == Ignored("unchanged")


@pytest.mark.parametrize(
    "body",
    [
        event(subtype="message_deleted", deleted_ts=TS, ts="1780000009.0", previous_message={}),
        changed({"subtype": "tombstone"}, {}),
    ],
    ids=["deleted", "deleted with a thread"],
)
def test_a_message_taken_back(body: dict[str, Any]) -> None:
    """Gone, or a tombstone where a thread hangs on it."""
    came = taken(body)
    assert isinstance(came, Withdrawn)
    assert came.message == f"T1/C1/{TS}"


def test_files() -> None:
    """What lies at Slack is fetched, what lies elsewhere is named, what is gone is nothing."""
    files = [
        {"id": "F1", "name": "a.png", "size": 5, "mode": "hosted"},
        {"id": "F2", "mode": "file_access", "file_access": "check_file_info"},
        {"id": "F3", "title": "Plan", "mode": "external", "is_external": True, "url_private": "https://drive.test/1"},
        {"id": "F4", "mode": "tombstone"},
    ]
    came = taken(said(text="", subtype="file_share", files=files))
    assert [(file.id, file.name, file.size) for file in came.files] == [("F1", "a.png", 5), ("F2", "file", None)]
    assert came.text == "Plan: https://drive.test/1"


@pytest.mark.parametrize(
    ("kind", "inner", "here"),
    [
        ("member_joined_channel", {"user": "UBOT", "inviter": "U1"}, True),
        ("member_left_channel", {"user": "UBOT"}, False),
        ("channel_left", {"actor_id": "U1"}, False),
        ("group_left", {"actor_id": "U1"}, False),
        ("channel_archive", {"user": "U1"}, False),
        ("group_unarchive", {"user": "U1"}, True),
    ],
)
def test_where_we_are(kind: str, inner: dict[str, Any], here: bool) -> None:
    """Let in, put out, archived."""
    came = taken(event(type=kind, **inner))
    assert isinstance(came, Standing)
    assert (came.here, came.place.chat) == (here, "T1/C1")


def test_others_come_and_go() -> None:
    """It is not about us."""
    assert isinstance(taken(event(type="member_joined_channel", user="U1")), Ignored)


def test_a_new_name() -> None:
    """The event carries the channel itself."""
    came = taken(event(type="channel_rename", channel={"id": "C1", "name": "new", "created": 1}))
    assert (came.place.chat, came.place.title) == ("T1/C1", "new")


def slash(text: str, **more: Any) -> dict[str, Any]:
    body = {"command": "/aftercare", "text": text, "user_id": "U1", "user_name": "mei", "channel_id": "C1"}
    return {**body, "team_id": "T1", "trigger_id": "1.2.x", **more}


@pytest.mark.parametrize(
    ("typed", "name", "argument"),
    [
        ("", "help", ""),
        ("help", "help", ""),
        ("帮助", "help", ""),
        ("STATUS", "status", ""),
        ("狀態", "status", ""),
        ("人工 我要换服务器", "human", "我要换服务器"),
        ("bind abc-def", "bind", "abc-def"),
        ("绑定 abc-def", "bind", "abc-def"),
        ("what is this", "help", "is this"),
    ],
)
def test_the_slash_command(typed: str, name: str, argument: str) -> None:
    """Its words in three scripts; anything else is a wish for help."""
    came = taken(slash(typed))
    assert isinstance(came, Ordered)
    assert (came.name, came.argument, came.said.author.id, came.said.at) == (name, argument, "T1/U1", NOW)
    assert stamp(came.said.message) == ""


def test_somebody_elses_command() -> None:
    """Not ours."""
    assert taken(slash("x", command="/other")) == Ignored("command")


@pytest.mark.parametrize(
    ("text", "ordered"),
    [("bind abc", True), ("绑定 abc", True), ("bind", False), ("bind me to this", False), ("status", False)],
)
def test_a_code_in_plain_words(text: str, ordered: bool) -> None:
    """Only said to us, and only a single word after it."""
    assert isinstance(taken(said(channel="D1", text=text)), Ordered) is ordered
    assert isinstance(taken(said(text=f"<@UBOT> {text}")), Ordered) is ordered
    assert isinstance(taken(said(text=text)), Said)


def press(value: str, **container: Any) -> dict[str, Any]:
    place = {"type": "message", "channel_id": "C1", "message_ts": TS, **container}
    return {
        "type": "block_actions",
        "user": {"id": "U1", "team_id": "T1"},
        "container": place,
        "actions": [{"type": "button", "value": value}],
    }


def test_a_press() -> None:
    """Which button of which message, by whom."""
    came = taken(press("b:12:1"))
    assert isinstance(came, Pressed)
    assert (came.message, came.button, came.author.id, came.place.chat) == (12, 1, "T1/U1", "T1/C1")


def submission(callback: str = "reply", carried: str = "f:12:0", value: str | None = "好的") -> dict[str, Any]:
    state = {"values": {"written": {"written": {"type": "plain_text_input", "value": value}}}}
    view = {"callback_id": callback, "private_metadata": carried, "state": state}
    return {"type": "view_submission", "user": {"id": "U1", "team_id": "T1"}, "view": view}


def test_a_colleagues_press() -> None:
    """By what the button does; the same press has the same name however often it is told, another has another."""
    body = press("s:12:snooze:morning")
    body["actions"][0]["action_ts"] = "1780000001.000200"
    came = taken(body)
    assert isinstance(came, StaffPressed)
    assert (came.message, came.button, came.place.chat) == (12, "snooze:morning", "T1/C1")
    assert came == taken(body)
    body["actions"][0]["action_ts"] = "1780000002.000300"
    assert came != taken(body)


def test_a_press_on_a_page() -> None:
    """Only there: the same words under a message are nothing."""
    came = taken(press("t:31", type="view"))
    assert isinstance(came, TicketPressed)
    assert (came.ticket, came.author.id, came.author.language) == (31, "T1/U1", "zh-CN")
    assert isinstance(taken(press("t:31")), Ignored)


@pytest.mark.parametrize(("carried", "holder"), [("f:12:0", None), ("f:12:7", 7)])
def test_a_form(carried: str, holder: int | None) -> None:
    """What was written, for which draft, and who else had its ticket."""
    came = taken(submission(carried=carried))
    assert isinstance(came, Submitted)
    assert (came.message, came.holder, came.text, came.author.id) == (12, holder, "好的", "T1/U1")
    nothing = taken(submission(value=None))
    assert isinstance(nothing, Submitted)
    assert nothing.text == ""


@pytest.mark.parametrize(("tab", "kind"), [("home", Looked), ("messages", Ignored)])
def test_a_page_is_opened(tab: str, kind: type) -> None:
    """The home tab, by somebody."""
    event = {"type": "app_home_opened", "user": "U1", "tab": tab, "channel": "D1", "event_ts": TS}
    assert isinstance(taken({"type": "event_callback", "event": event}), kind)


def test_a_quotation_keeps_its_sign() -> None:
    """Also where only the editor's blocks say that all of it is quoted."""
    quote = {"type": "rich_text_quote", "elements": [{"type": "text", "text": "您好"}]}
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "?"}]}
    for text, boxes, wanted in (
        ("&gt; 您好", [quote], "> 您好"),
        ("您好", [quote], "> 您好"),
        ("您好 ?", [quote, section], "您好 ?"),
    ):
        came = taken(said(text=text, blocks=[{"type": "rich_text", "elements": boxes}]))
        assert isinstance(came, Said)
        assert came.text == wanted


@pytest.mark.parametrize(
    "body",
    [
        press("x"),
        press("b:1:1", type="view"),
        press("s:1:claim", type="view"),
        press("t:1", type="message_attachment"),
        submission(callback="other"),
        submission(carried="x"),
        {"type": "view_closed"},
    ],
)
def test_presses_that_are_not_ours(body: dict[str, Any]) -> None:
    """Another's button, one in the wrong place, another's form, another interaction."""
    assert isinstance(taken(body), Ignored)


def test_whose_names_are_wanted() -> None:
    """The author's and those of the mentioned, in whatever shape the request names them."""
    assert needs(said(text="<@U2> <@UBOT>")) == ("U1", "U2", "UBOT")
    assert needs(changed({}, {})) == ("U1",)
    assert needs(slash("help")) == ("U1",)
    assert needs(press("b:1:1")) == ("U1",)
    assert needs(event(type="channel_rename", channel={"id": "C1"})) == ()


def test_identities() -> None:
    """They are taken apart as they were put together."""
    made = identity("T1", "C1", TS)
    assert (stamp(made), stamp(f"{made}:1780000005"), channel_of("T1/C1")) == (TS, TS, "C1")
    assert (stamp("press:1:solved"), stamp(None), stamp("T1/C1/F123")) == ("", "", "")
