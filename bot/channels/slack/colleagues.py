"""What colleagues do with things of ours in Slack: buttons of the staff chat, their page, the form for a reply."""

from dataclasses import replace
from functools import partial
from typing import TypeAlias

import structlog
from sqlalchemy import Connection

from bot import staff_forms, staff_home, staff_presses
from bot.arrived import Author, Looked, StaffPressed, Submitted, TicketPressed
from bot.channels.slack.account import TROUBLE, Account, code, mend
from bot.channels.slack.errands import Errands, Turns
from bot.channels.slack.pressing import WRITTEN
from bot.channels.slack.reading import PLATFORM, Json
from bot.channels.slack.views import home, modal
from bot.staff_reception import Staff
from handoff import directory
from store.clock import Clock
from store.db import Database

log = structlog.get_logger()

Acted: TypeAlias = StaffPressed | TicketPressed | Submitted | Looked


class Colleagues:
    """Takes in what colleagues do. What it returns is what the request is acknowledged with."""

    def __init__(
        self, account: Account, db: Database, *, staff: Staff, errands: Errands, public_url: str | None, clock: Clock
    ) -> None:
        self._account, self._db, self._staff, self._errands = account, db, staff, errands
        self._public_url, self._clock, self._turns = public_url, clock, Turns()

    async def take(self, came: Acted, body: Json) -> Json:
        """Store what somebody did; raises what `Arrivals.take` raises."""
        match came:
            case StaffPressed():
                await self._pressed(came, body)
            case TicketPressed():
                press = partial(staff_home.press, pressed=came, staff=self._staff, now=self._clock())
                self._errands.start(self._show_home(came.author, told=await self._db.write(press)))
            case Submitted():
                return await self._submitted(came)
            case Looked():
                self._errands.start(self._show_home(came.author))
        return {}

    async def _pressed(self, pressed: StaffPressed, body: Json) -> None:
        if pressed.button == staff_forms.EDIT and await self._show_form(pressed, body):
            return

        def press(conn: Connection) -> str:
            by = replace(pressed, author=named(conn, pressed.author))
            return staff_presses.press(conn, by, staff=self._staff, now=self._clock())

        if told := await self._db.write(press):
            self._errands.start(self._account.answer(body, told))
        self._errands.start(self._show_home(pressed.author))

    async def _show_form(self, pressed: StaffPressed, body: Json) -> bool:
        """Show a draft in a form; False where there can be none, which a message then makes up for."""
        form = await self._db.read(partial(staff_forms.form, pressed=pressed, staff=self._staff))
        view = modal(form) if form is not None else None
        if view is None:
            return False
        try:
            await self._account.client.views_open(trigger_id=str(body.get("trigger_id")), view=view)
        except TROUBLE as error:
            log.warning("slack_no_form", error=code(error))
            return False
        return True

    async def _submitted(self, submitted: Submitted) -> Json:
        """Send what a form says; what is wrong with it is shown in the form."""
        submit = partial(staff_forms.submit, submitted=submitted, staff=self._staff, now=self._clock())
        told = await self._db.write(submit)
        return {"response_action": "errors", "errors": {WRITTEN: told}} if told else {}

    async def _show_home(self, author: Author, *, told: str = "") -> None:
        """Publish somebody's page as things stand now, one at a time, so that the newest stays."""
        async with self._turns.alone(author.id):
            now = self._clock()
            page = partial(
                staff_home.page,
                platform=PLATFORM,
                account=author.id,
                language=author.language,
                staff=self._staff,
                public_url=self._public_url,
                told=told,
                now=now,
            )
            shown = await self._db.read(page)
            view = home(shown, at=shown.words.when(now, now=now))
            try:
                await self._account.client.views_publish(user_id=author.id.rpartition("/")[2], view=view)
            except TROUBLE as error:
                log.warning("slack_home_not_shown", error=code(error), mend=mend(error))


def named(conn: Connection, author: Author) -> Author:
    """The author by the name we know, where Slack would not tell it just now."""
    if author.name:
        return author
    known = directory.find_person(conn, platform=PLATFORM, external_id=author.id)
    return replace(author, name=known.name if known else author.id.rpartition("/")[2])
