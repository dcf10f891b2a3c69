"""Slack's rules, apart from any state: refusals, what a method needs, what a block may hold.

Sources: the reference of each Web API method and of Block Kit; the wording of block faults is Slack's recorded one
("[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]").
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.platforms.slack import rich_text

MOST_TEXT = 40_000
MOST_MESSAGE_BLOCKS = 50
MOST_VIEW_BLOCKS = 100
MOST_ATTACHMENTS = 100
MOST_BLOCKS_LENGTH = 13_200  # undocumented; slackapi/bolt-js#2509
MOST_VIEW_BYTES = 250_000
MOST_TYPED = 3000
TS = re.compile(r"\d{10}\.\d{6}")
EMOJI = re.compile(r"[a-z0-9_+'\-]{1,100}(::skin-tone-[2-6])?")
SELECTS = frozenset({"static_select", "multi_static_select", "radio_buttons", "checkboxes", "overflow"})
ELEMENTS = SELECTS | {
    "button", "image", "plain_text_input", "datepicker", "timepicker", "datetimepicker", "users_select",
    "multi_users_select", "conversations_select", "channels_select", "external_select", "email_text_input",
    "url_text_input", "number_input", "rich_text_input", "file_input", "feedback_buttons", "icon_button",
}  # fmt: skip


class SlackError(Exception):
    """A refusal: `ok: false`, its code, and whatever else Slack says with it."""

    def __init__(self, code: str, *messages: str, **more: Any) -> None:
        super().__init__(code)
        self.code, self.messages, self.more = code, messages, more

    def body(self) -> dict[str, Any]:
        """The JSON of the answer."""
        body: dict[str, Any] = {"ok": False, "error": self.code, **self.more}
        if self.messages:
            body["response_metadata"] = {"messages": list(self.messages)}
        return body


@dataclass(frozen=True)
class Need:
    """What a method needs: one scope ("*:history" stands for the conversation's own kind), its tier, its token."""

    scope: str = ""
    tier: int = 0
    token: str = "bot"


NEEDS: Mapping[str, Need] = {
    "apps.connections.open": Need("connections:write", 1, "app"),
    "auth.test": Need(),
    "bots.info": Need("users:read", 3),
    "chat.delete": Need("chat:write", 3),
    "chat.getPermalink": Need(),
    "chat.postEphemeral": Need("chat:write", 4),
    "chat.postMessage": Need("chat:write"),
    "chat.update": Need("chat:write", 3),
    "conversations.history": Need("*:history", 3),
    "conversations.info": Need("*:read", 3),
    "conversations.join": Need("channels:join", 3),
    "conversations.list": Need("", 2),
    "conversations.members": Need("*:read", 4),
    "conversations.open": Need("im:write", 3),
    "conversations.replies": Need("*:history", 3),
    "files.completeUploadExternal": Need("files:write", 4),
    "files.getUploadURLExternal": Need("files:write", 4),
    "files.info": Need("files:read", 4),
    "pins.add": Need("pins:write", 2),
    "reactions.add": Need("reactions:write", 3),
    "reactions.remove": Need("reactions:write", 2),
    "team.info": Need("team:read", 3),
    "users.info": Need("users:read", 4),
    "users.list": Need("users:read", 2),
    "views.open": Need("", 4),
    "views.publish": Need("", 4),
    "views.update": Need("", 4),
}
EVENT_SCOPES: Mapping[str, str] = {
    "app_mention": "app_mentions:read",
    "channel_archive": "channels:read",
    "channel_unarchive": "channels:read",
    "file_shared": "files:read",
    "member_joined_channel": "*:read",
    "member_left_channel": "*:read",
    "message": "*:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
}
SCOPE_FAMILIES = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}
TEXT_LIMITS = {"header": 150, "section": 3000, "button": 75, "label": 2000, "field": 2000, "option": 75, "title": 24}


def scope_of(scope: str, kind: str) -> str:
    """The scope by name, for a conversation of this kind."""
    return scope.replace("*", SCOPE_FAMILIES[kind])


def escaped(text: str) -> str:
    """What a person typed, as Slack passes it on."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def check_text(text: str, *, alone: bool) -> None:
    """Refuse a text that is too long or, standing alone, empty."""
    if alone and not text.strip():
        raise SlackError("no_text")
    if len(text) > MOST_TEXT:
        raise SlackError("msg_too_long")


def check_blocks(blocks: Any) -> None:
    """Refuse blocks that a message may not hold."""
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    faults = list(block_faults(blocks, most=MOST_MESSAGE_BLOCKS, at="/blocks"))
    if faults:
        raise SlackError("invalid_blocks", *faults, errors=[fault.removeprefix("[ERROR] ") for fault in faults])
    if len(json.dumps(blocks, ensure_ascii=False)) > MOST_BLOCKS_LENGTH:
        raise SlackError("msg_blocks_too_long")


def check_view(view: Any, *, kind: str) -> None:
    """Refuse a view that is not of this kind ("modal" or "home") or not well made."""
    if not isinstance(view, dict):
        raise SlackError("invalid_arguments", "[ERROR] must provide an object [json-pointer:/view]")
    faults = list(view_faults(view, kind=kind))
    if faults:
        raise SlackError("invalid_arguments", *faults)


def view_faults(view: Mapping[str, Any], *, kind: str) -> Iterator[str]:
    """What is wrong with a view, in Slack's words."""
    blocks = view.get("blocks")
    if view.get("type") != kind:
        yield _fault(f"unsupported type: {view.get('type')}", "/view/type")
    if not isinstance(blocks, list):
        yield _fault("missing required field: blocks", "/view")
        return
    if kind == "modal":
        yield from _text_faults(view.get("title"), "title", "/view/title", plain=True)
        for name in ("submit", "close"):
            if name in view:
                yield from _text_faults(view[name], "title", f"/view/{name}", plain=True)
        if any(block.get("type") == "input" for block in blocks) and not view.get("submit"):
            yield _fault("missing required field: submit", "/view")
    yield from _too_long(view.get("callback_id"), 255, "/view/callback_id")
    yield from _too_long(view.get("private_metadata"), 3000, "/view/private_metadata")
    yield from block_faults(blocks, most=MOST_VIEW_BLOCKS, at="/view/blocks")


def block_faults(blocks: Sequence[Mapping[str, Any]], *, most: int, at: str) -> Iterator[str]:
    """What is wrong with a list of blocks, in Slack's words."""
    if len(blocks) > most:
        yield _fault(f"no more than {most} items allowed", at)
    named = [block.get("block_id") for block in blocks if block.get("block_id")]
    for place, block in enumerate(blocks):
        here = f"{at}/{place}"
        yield from _too_long(block.get("block_id"), 255, f"{here}/block_id")
        if named.count(block.get("block_id")) > 1:
            yield _fault("`block_id` already exists", f"{here}/block_id")
        yield from _one_block(block, here)


def _one_block(block: Mapping[str, Any], at: str) -> Iterator[str]:
    kind = str(block.get("type"))
    check = _BLOCKS.get(kind)
    if kind in _FREE_BLOCKS:
        return
    if check is None:
        yield _fault(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from check(block, at)


def _section(block: Mapping[str, Any], at: str) -> Iterator[str]:
    fields = block.get("fields") or []
    if "text" not in block and not fields:
        yield _fault("missing required field: text", at)
    if "text" in block:
        yield from _text_faults(block["text"], "section", f"{at}/text")
    if len(fields) > 10:
        yield _fault("no more than 10 items allowed", f"{at}/fields")
    for place, text in enumerate(fields):
        yield from _text_faults(text, "field", f"{at}/fields/{place}")
    if "accessory" in block:
        yield from _element(block["accessory"], f"{at}/accessory")


def _header(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _text_faults(block.get("text"), "header", f"{at}/text", plain=True)


def _actions(block: Mapping[str, Any], at: str) -> Iterator[str]:
    elements = block.get("elements") or []
    if not elements:
        yield _fault("no less than 1 items allowed", f"{at}/elements")
    if len(elements) > 25:
        yield _fault("no more than 25 items allowed", f"{at}/elements")
    ids = [element.get("action_id") for element in elements if element.get("action_id")]
    for place, element in enumerate(elements):
        if ids.count(element.get("action_id")) > 1:
            yield _fault("`action_id` already exists", f"{at}/elements/{place}/action_id")
        yield from _element(element, f"{at}/elements/{place}")


def _context(block: Mapping[str, Any], at: str) -> Iterator[str]:
    elements = block.get("elements") or []
    if not 1 <= len(elements) <= 10:
        yield _fault(f"no {'more than 10' if elements else 'less than 1'} items allowed", f"{at}/elements")
    for place, element in enumerate(elements):
        if element.get("type") != "image":
            yield from _text_faults(element, "section", f"{at}/elements/{place}")


def _input(block: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _text_faults(block.get("label"), "label", f"{at}/label", plain=True)
    if not isinstance(block.get("element"), dict):
        yield _fault("missing required field: element", at)
    else:
        yield from _element(block["element"], f"{at}/element")


def _image(block: Mapping[str, Any], at: str) -> Iterator[str]:
    if not block.get("image_url") and not block.get("slack_file"):
        yield _fault("missing required field: image_url", at)
    if not block.get("alt_text"):
        yield _fault("missing required field: alt_text", at)
    yield from _too_long(block.get("alt_text"), 2000, f"{at}/alt_text")


def _markdown(block: Mapping[str, Any], at: str) -> Iterator[str]:
    if not block.get("text"):
        yield _fault("missing required field: text", at)
    yield from _too_long(block.get("text"), 12_000, f"{at}/text")


_BLOCKS = {
    "section": _section,
    "header": _header,
    "actions": _actions,
    "context": _context,
    "input": _input,
    "image": _image,
    "markdown": _markdown,
    "rich_text": rich_text.faults,
}
_FREE_BLOCKS = frozenset({"divider", "file", "video", "table", "context_actions"})


def _element(element: Mapping[str, Any], at: str) -> Iterator[str]:
    kind = element.get("type")
    if kind not in ELEMENTS:
        yield _fault(f"unsupported type: {kind}", f"{at}/type")
        return
    yield from _too_long(element.get("action_id"), 255, f"{at}/action_id")
    if kind == "button":
        yield from _button(element, at)
    if kind == "plain_text_input":
        yield from _typed(element, at)
    if kind in SELECTS:
        yield from _options(element, at)


def _button(element: Mapping[str, Any], at: str) -> Iterator[str]:
    yield from _text_faults(element.get("text"), "button", f"{at}/text", plain=True)
    yield from _too_long(element.get("value"), 2000, f"{at}/value")
    yield from _too_long(element.get("url"), 3000, f"{at}/url")
    if element.get("style", "primary") not in {"primary", "danger"}:
        yield _fault("must be one of: primary, danger", f"{at}/style")


def _typed(element: Mapping[str, Any], at: str) -> Iterator[str]:
    """A field: its bounds, and what stands in it from the start."""
    least, most = element.get("min_length", 0), element.get("max_length", MOST_TYPED)
    if not 0 <= least <= MOST_TYPED:
        yield _fault(f"must be between 0 and {MOST_TYPED}", f"{at}/min_length")
    if not max(1, least) <= most <= MOST_TYPED:
        yield _fault(f"must be between {max(1, least)} and {MOST_TYPED}", f"{at}/max_length")
    yield from _too_long(element.get("initial_value"), min(most, MOST_TYPED), f"{at}/initial_value")
    if "placeholder" in element:
        yield from _text_faults(element["placeholder"], "header", f"{at}/placeholder", plain=True)


def _options(element: Mapping[str, Any], at: str) -> Iterator[str]:
    options = element.get("options") or [o for group in element.get("option_groups", []) for o in group["options"]]
    most = {"overflow": 5, "radio_buttons": 10, "checkboxes": 10}.get(str(element["type"]), 100)
    if not 1 <= len(options) <= most:
        yield _fault(f"no {f'more than {most}' if options else 'less than 1'} items allowed", f"{at}/options")
    for place, option in enumerate(options):
        yield from _text_faults(option.get("text"), "option", f"{at}/options/{place}/text")
        yield from _too_long(option.get("value"), 150, f"{at}/options/{place}/value")


def _text_faults(text: Any, limit: str, at: str, *, plain: bool = False) -> Iterator[str]:
    if not isinstance(text, dict):
        yield _fault("missing required field", at)
        return
    allowed = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if text.get("type") not in allowed:
        yield _fault(f"unsupported type: {text.get('type')}", f"{at}/type")
    if not text.get("text"):
        yield _fault("must be more than 0 characters", f"{at}/text")
    yield from _too_long(text.get("text"), TEXT_LIMITS[limit], f"{at}/text")


def _too_long(value: Any, most: int, at: str) -> Iterator[str]:
    if value is not None and len(str(value)) > most:
        yield _fault(f"must be less than {most + 1} characters", at)


def _fault(words: str, at: str) -> str:
    return f"[ERROR] {words} [json-pointer:{at}]"
