"""What Slack sends, as what came in. Pure: its JSON in, frozen values out.

A message is known by `team/channel/ts`, whichever event tells of it, an edit by that, `EDITED` and the edit's ts.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from bot.arrived import (
    EDITED,
    UNREADABLE,
    Author,
    Came,
    File,
    Ignored,
    Looked,
    Ordered,
    Place,
    Said,
    Standing,
    Withdrawn,
)
from bot.channels.slack.pressing import pressed, submitted
from bot.channels.slack.quoting import signed
from bot.channels.slack.wire import mentioned, readable
from handoff.kinds import ChatKind

PLATFORM: Final = "slack"
COMMAND: Final = "/aftercare"
HOME: Final = "app_home_opened"
Json: TypeAlias = Mapping[str, Any]
WORDS: Final = {
    "help": "help",
    "帮助": "help",
    "幫助": "help",
    "status": "status",
    "状态": "status",
    "狀態": "status",
    "human": "human",
    "人工": "human",
    "转人工": "human",
    "轉人工": "human",
    "bind": "bind",
    "绑定": "bind",
    "綁定": "bind",
    "queue": "queue",
    "队列": "queue",
    "隊列": "queue",
    "佇列": "queue",
    "mine": "mine",
    "我的": "mine",
    "why": "why",
    "为什么": "why",
    "為什麼": "why",
}
_STAMP: Final = re.compile(r"[^/]+/[^/]+/(\d{1,12}\.\d{1,6})")
_SAID: Final = frozenset({None, "file_share", "me_message", "thread_broadcast"})
_HERE: Final = {
    "member_joined_channel": True,
    "channel_rename": True,
    "group_rename": True,
    "channel_unarchive": True,
    "group_unarchive": True,
    "member_left_channel": False,
    "channel_left": False,
    "group_left": False,
    "channel_archive": False,
    "group_archive": False,
}
_GONE_FILES: Final = frozenset({"tombstone", "hidden_by_limit"})


@dataclass(frozen=True, kw_only=True)
class Me:
    """The bot's own account in the workspace where it is installed."""

    team: str
    user: str
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Known:
    """A person as Slack knows them; `language` is what their program is set to."""

    name: str
    language: str = ""


People: TypeAlias = Mapping[str, Known]


def read(body: Json, me: Me, people: People, *, now: datetime) -> Came | Withdrawn:
    """What a request of Slack's says: an event, a press, or our slash command, which tells no time: it is `now`.

    What is not of a documented shape says nothing.
    """
    try:
        return _read(body, me, people, now=now)
    except UNREADABLE:
        return Ignored("unreadable")


def _read(body: Json, me: Me, people: People, *, now: datetime) -> Came | Withdrawn:
    if "command" in body:
        return _slash(body, me, people, now=now)
    if body.get("type") in {"block_actions", "view_submission"}:
        return _acted(body, me, people)
    if body.get("type") != "event_callback":
        return Ignored(str(body.get("type")))
    event: Json = body["event"]
    return _event(event, str(event.get("type")), me, people)


def needs(body: Json) -> tuple[str, ...]:
    """The ids of the people whose names `read` wants: who did it, and who is mentioned."""
    try:
        return _needs(body)
    except UNREADABLE:
        return ()


def _needs(body: Json) -> tuple[str, ...]:
    event: Json = body.get("event") or {}
    message: Json = event.get("message") or event
    user = body.get("user")
    who = (user.get("id") if isinstance(user, Mapping) else None) or body.get("user_id") or message.get("user")
    ids = (*([who] if isinstance(who, str) else []), *mentioned(str(message.get("text") or "")))
    return tuple(dict.fromkeys(ids))


def identity(team: str, channel: str, ts: str) -> str:
    """A message's identity, the same for everything that names it."""
    return f"{team}/{channel}/{ts}"


def stamp(identified: str | None) -> str:
    """Slack's ts of the message with this identity, or of which this is an edit's; "" of anything else."""
    found = _STAMP.fullmatch((identified or "").partition(EDITED)[0])
    return found[1] if found else ""


def channel_of(chat: str) -> str:
    """Slack's id of the channel with this id of ours."""
    return chat.rpartition("/")[2]


def _event(event: Json, kind: str, me: Me, people: People) -> Came | Withdrawn:
    if kind in {"message", "app_mention"}:
        return _message(event, me, people)
    if kind == HOME:
        return _home(event, me, people)
    return _standing(event, me, people) if kind in _HERE else Ignored(kind)


def _message(event: Json, me: Me, people: People) -> Came | Withdrawn:
    subtype = event.get("subtype")
    if subtype == "message_deleted":
        return _withdrawn(event, str(event["deleted_ts"]), me)
    if subtype == "message_changed":
        return _changed(event, me, people)
    if subtype not in _SAID:
        return Ignored(str(subtype))
    return _said(event, event, me, people)


def _changed(event: Json, me: Me, people: People) -> Came | Withdrawn:
    """An edit by its author; what Slack itself changes (a preview, a count of replies) is none."""
    now: Json = event["message"]
    before: Json = event.get("previous_message") or {}
    if now.get("subtype") == "tombstone":
        return _withdrawn(event, str(now["ts"]), me)
    edited = (now.get("edited") or {}).get("ts")
    if not edited or edited == (before.get("edited") or {}).get("ts") or now.get("subtype") not in _SAID:
        return Ignored("unchanged")
    said = _said(event, now, me, people)
    return replace(said, edited=True, at=_instant(edited)) if isinstance(said, Said) else said


def _withdrawn(event: Json, ts: str, me: Me) -> Withdrawn:
    return Withdrawn(place=_place(event, me), message=identity(me.team, event["channel"], ts))


def _said(event: Json, message: Json, me: Me, people: People) -> Came:
    """`event` tells of the channel, `message` of what was said."""
    user = message.get("user")
    if not user or user == me.user or message.get("bot_id"):
        return Ignored("bot")
    text, ts, root = str(message.get("text") or ""), str(message["ts"]), str(message.get("thread_ts") or "")
    files, lines = _files(message)
    typed = signed(readable(text, names=_names(people), without=me.user), message)
    words = "\n".join(part for part in (typed, *lines) if part)
    to_us = me.user in mentioned(text)
    if not words and not files and not to_us:
        return Ignored("nothing said")
    in_thread = root if root != ts else ""
    place = _place(event, me, thread=in_thread)
    said = Said(
        place=place,
        author=_author(str(user), message.get("user_team") or message.get("team"), me, people),
        message=identity(me.team, event["channel"], ts),
        edited=False,
        text=words,
        files=files,
        addressed=to_us or place.kind is ChatKind.DIRECT,
        reply_to=identity(me.team, event["channel"], in_thread) if in_thread else None,
        at=_instant(ts),
    )
    return _ordered(said) or said


def _ordered(said: Said) -> Ordered | None:
    """A code, told us in so many words: it must not be kept as a message."""
    first, _, rest = said.text.partition(" ")
    if not said.addressed or WORDS.get(first.lower()) != "bind" or not rest.strip() or len(rest.split()) > 1:
        return None
    return Ordered(said=said, name="bind", argument=rest.strip())


def _slash(body: Json, me: Me, people: People, *, now: datetime) -> Came:
    if body["command"] != COMMAND:
        return Ignored("command")
    word, _, rest = str(body.get("text") or "").strip().partition(" ")
    user, channel = str(body["user_id"]), str(body["channel_id"])
    known = people.get(user) or Known(name=str(body.get("user_name") or ""))
    said = Said(
        place=_place({"channel": channel}, me),
        author=_author(user, body.get("team_id"), me, {user: known}),
        message=identity(me.team, channel, f"typed-{body.get('trigger_id')}"),
        edited=False,
        text=rest.strip(),
        addressed=True,
        at=now,
    )
    return Ordered(said=said, name=WORDS.get(word.lower(), "help"), argument=rest.strip())


def _acted(body: Json, me: Me, people: People) -> Came:
    user: Json = body["user"]
    author = _author(str(user["id"]), user.get("team_id"), me, people)
    if body["type"] == "view_submission":
        return submitted(body, author=author, platform=PLATFORM)
    container: Json = body.get("container") or {}
    if container.get("type") not in {"message", "view"}:
        return Ignored("press")
    place = _place({"channel": container["channel_id"]}, me) if container["type"] == "message" else None
    return pressed(body, author=author, place=place, platform=PLATFORM)


def _home(event: Json, me: Me, people: People) -> Came:
    if event.get("tab") != "home":
        return Ignored("tab")
    return Looked(platform=PLATFORM, author=_author(str(event["user"]), None, me, people))


def _standing(event: Json, me: Me, people: People) -> Came:
    kind = str(event["type"])
    if kind.startswith("member_") and event.get("user") != me.user:
        return Ignored("others' coming and going")
    channel: Any = event.get("channel")
    about: Json = channel if isinstance(channel, Mapping) else {"id": channel}
    who = str(event.get("inviter") or event.get("actor_id") or event.get("user") or me.user)
    place = _place({"channel": about["id"]}, me, title=about.get("name"))
    return Standing(place=place, author=_author(who, None, me, people), here=_HERE[kind])


def _place(event: Json, me: Me, *, thread: str = "", title: str | None = None) -> Place:
    channel = str(event["channel"])
    direct = event.get("channel_type") == "im" or channel.startswith("D")
    kind = ChatKind.DIRECT if direct else ChatKind.GROUP
    return Place(platform=PLATFORM, chat=f"{me.team}/{channel}", kind=kind, title=title, thread=thread)


def _author(user: str, team: object, me: Me, people: People) -> Author:
    known = people.get(user) or Known(name="")
    return Author(id=f"{team or me.team}/{user}", name=known.name, language=known.language)


def _names(people: People) -> Mapping[str, str]:
    return {user: known.name for user, known in people.items()}


def _files(message: Json) -> tuple[tuple[File, ...], tuple[str, ...]]:
    """The files that can be fetched, and a line for each that lies elsewhere."""
    fetched, lines = [], []
    for file in message.get("files") or []:
        name = str(file.get("name") or file.get("title") or "file")
        if file.get("mode") == "external" or file.get("is_external"):
            lines.append(f"{name}: {file.get('url_private') or ''}".rstrip(": "))
        elif file.get("mode") not in _GONE_FILES:
            size = file.get("size")
            fetched.append(File(id=str(file["id"]), name=name, size=size if isinstance(size, int) else None))
    return tuple(fetched), tuple(lines)


def _instant(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)
