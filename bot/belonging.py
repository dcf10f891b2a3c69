"""Which client a direct chat is about: its author's, if they speak for one; of several, the one they chose. Pure.

Nothing crosses clients: until somebody who speaks for several has said which one it is about, nothing is looked up.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.model import Situation
from handoff.kinds import Outcome
from handoff.model import Button, Client, Turn

WHICH: Final = "which_client"  # why we asked back
CHOSEN: Final = "client"  # in a turn's trace, and before a client's number on a button
CHOICE_HOLDS: Final = timedelta(hours=12)  # between two turns; after that we ask again
_MOST: Final = 8


def settle(situation: Situation, *, pressed: str | None, now: datetime) -> Situation:
    """The situation with the client that it is about, if it is known or was just chosen."""
    if situation.client is not None or not situation.several:
        return situation
    chosen = _pressed(pressed, situation.several) or _named(situation) or _before(situation, now=now)
    if chosen is None:
        return situation
    resolved, returned = situation.resolved, situation.returned
    return replace(
        situation,
        client=chosen,
        open_tickets=tuple(ticket for ticket in situation.open_tickets if ticket.client_id == chosen.id),
        resolved=resolved if resolved and resolved.client_id == chosen.id else None,
        returned=returned if returned and returned.client_id == chosen.id else None,
    )


def buttons(several: Sequence[Client]) -> tuple[Button, ...]:
    """One for each client, by name."""
    return tuple(Button(id=f"{CHOSEN}:{client.id}", label=client.name) for client in several[:_MOST])


def is_choice(pressed: str | None) -> bool:
    """Whether a pressed button names a client."""
    return pressed is not None and pressed.startswith(f"{CHOSEN}:")


def is_name(text: str, several: Sequence[Client]) -> bool:
    """Whether a text is nothing but the name of one of them, or a word of it."""
    said = text.strip().casefold()
    return any(said in (name, *name.split()) for name in (client.name.casefold() for client in several))


def asked(turns: Sequence[Turn], *, now: datetime) -> Turn | None:
    """The turn before, if we asked in it which client it is about."""
    last = turns[0] if turns else None
    if last is None or (last.outcome, last.reason) != (Outcome.CLARIFY, WHICH) or now - last.at > CHOICE_HOLDS:
        return None
    return last


def _pressed(pressed: str | None, several: Sequence[Client]) -> Client | None:
    return next((client for client in several if pressed == f"{CHOSEN}:{client.id}"), None)


def _named(situation: Situation) -> Client | None:
    """The one client whose name, or a whole word of it, is all that was said."""
    fits = [client for client in situation.several if is_name(situation.text, (client,))]
    return fits[0] if len(fits) == 1 else None


def _before(situation: Situation, *, now: datetime) -> Client | None:
    last = situation.last_turn
    if last is None or now - last.at > CHOICE_HOLDS:
        return None
    return next((client for client in situation.several if client.id == last.trace.get(CHOSEN)), None)
