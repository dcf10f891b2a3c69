"""A colleague's page and the form for a reply, as Slack's views. Pure."""

from collections.abc import Iterator
from typing import Any, Final

from bot.arrived import form_data, ticket_data
from bot.channels.slack.pressing import FORM, WRITTEN
from bot.staff_forms import Form
from bot.staff_home import HomePage, Row
from bot.staff_words import StaffWords

LONGEST_INPUT: Final = 3000
_SECTION: Final = 3000
_TITLE: Final = 24
_BUTTON: Final = 75
Json = dict[str, Any]


def home(page: HomePage, *, at: str) -> Json:
    """The App Home; `at` is when it was made, in words. At most 70 of the 100 blocks that a view may have."""
    blocks = list(_ours(page, at=at) if page.is_ours else _guests(page.words))
    return {"type": "home", "blocks": blocks}


def modal(form: Form) -> Json | None:
    """The form for a reply; None where the text is longer than a field may hold."""
    if not 0 < len(form.text) <= LONGEST_INPUT:
        return None
    words = form.words
    field: Json = {"type": "plain_text_input", "action_id": WRITTEN, "multiline": True, "max_length": LONGEST_INPUT}
    label = _plain(words.say("staff.form.label"))
    blocks: list[Json] = [
        {
            "type": "input",
            "block_id": WRITTEN,
            "label": label,
            "element": {**field, "initial_value": form.text, "focus_on_load": True},
        }
    ]
    if form.holder is not None:
        blocks.insert(0, _section(words.say("staff.confirm", name=form.holder.name)))
    key = "staff.form.send" if form.holder is None else "staff.button.anyway"
    return {
        "type": "modal",
        "callback_id": FORM,
        "private_metadata": form_data(form.message, form.holder.id if form.holder is not None else None),
        "title": _plain(words.say("staff.form.title"), most=_TITLE),
        "submit": _plain(words.say(key), most=_TITLE),
        "close": _plain(words.say("staff.form.cancel"), most=_TITLE),
        "blocks": blocks,
    }


def _ours(page: HomePage, *, at: str) -> Iterator[Json]:
    words = page.words
    if page.told:
        yield _section(f"⚠️ {page.told}")
    for name, rows in (("mine", page.mine), ("pressing", page.pressing)):
        yield {"type": "header", "text": _plain(words.say(f"staff.home.{name}"))}
        if not rows:
            yield _section(words.say(f"staff.home.{name}.none"))
        for row in rows:
            yield from _ticket(row, words)
    if page.more:
        yield _note(words.say("staff.queue.more"))
    yield {"type": "divider"}
    yield _section(words.guide("staff.help", "queue", "mine", "why"))
    yield _note(words.say("staff.home.at", at=at))


def _guests(words: StaffWords) -> Iterator[Json]:
    yield {"type": "header", "text": _plain(words.say("staff.home.guest.title"))}
    typed = {name: words.manner.command.format(name) for name in ("status", "human", "bind")}
    yield _section(words.say("staff.home.guest", **typed))


def _ticket(row: Row, words: StaffWords) -> Iterator[Json]:
    yield _section(f"{row.head}\n{row.facts}")
    elements: list[Json] = []
    if row.claimable:
        button = {"type": "button", "action_id": f"claim:{row.ticket}", "value": ticket_data(row.ticket)}
        elements.append({**button, "text": _plain(words.say("staff.button.claim"))})
    if row.link:
        button = {"type": "button", "action_id": f"open:{row.ticket}", "url": row.link}
        elements.append({**button, "text": _plain(words.say("staff.home.open"))})
    if elements:
        yield {"type": "actions", "elements": elements}


def _plain(text: str, *, most: int = _BUTTON) -> Json:
    """In plain text nothing is markup, mentions anybody or becomes a picture."""
    return {"type": "plain_text", "text": text[:most], "emoji": False}


def _section(text: str) -> Json:
    return {"type": "section", "text": _plain(text, most=_SECTION)}


def _note(text: str) -> Json:
    return {"type": "context", "elements": [_plain(text, most=_SECTION)]}
