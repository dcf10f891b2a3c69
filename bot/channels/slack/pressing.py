"""What was done with things of ours in Slack, as what came in: buttons, a colleague's page, a form. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from bot.arrived import (
    Author,
    Came,
    Ignored,
    Place,
    Pressed,
    StaffPressed,
    Submitted,
    TicketPressed,
    read_form,
    read_press,
    read_staff_press,
    read_ticket_press,
)

FORM: Final = "reply"  # the form's name
WRITTEN: Final = "written"  # its field


def pressed(body: Mapping[str, Any], *, author: Author, place: Place | None, platform: str) -> Came:
    """A button; `place` is the message's channel, None on a colleague's page."""
    action = (body.get("actions") or [{}])[0]
    carried = str(action.get("value") or "")
    if place is None:
        ticket = read_ticket_press(carried)
        return Ignored("press") if ticket is None else TicketPressed(platform=platform, author=author, ticket=ticket)
    if (staffs := read_staff_press(carried)) is not None:
        query = f"{author.id}:{action.get('action_ts')}"  # the same however often it is told
        return StaffPressed(place=place, author=author, query=query, message=staffs[0], button=staffs[1])
    found = read_press(carried)
    if found is None:
        return Ignored("press")
    return Pressed(place=place, author=author, query=author.id.rpartition("/")[2], message=found[0], button=found[1])


def submitted(body: Mapping[str, Any], *, author: Author, platform: str) -> Came:
    """A form."""
    view = body["view"]
    found = read_form(str(view.get("private_metadata") or ""))
    if view.get("callback_id") != FORM or found is None:
        return Ignored("view")
    text = view["state"]["values"][WRITTEN][WRITTEN].get("value")
    return Submitted(platform=platform, author=author, message=found[0], holder=found[1], text=str(text or ""))
