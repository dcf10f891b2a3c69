"""The countdown that ticks in the desk and the account of it name the same instant."""

from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Connection

from console.texts import Texts
from console.why import Account, accounts
from handoff.kinds import Level
from handoff.model import Ticket
from store.clock import utc_now
from tests.browser.conftest import Served

pytestmark = pytest.mark.browser
TEXTS = Texts.shipped()


def account(served: Served, ticket: Ticket, clock: str) -> Account:
    """What `aftercare sla why` says of a clock."""
    deps = served.world.deps
    ledger = served.run(deps.db.read(lambda conn: deps.desk.ledger(conn, ticket.id, now=deps.clock())))
    return next(one for one in accounts(ledger, TEXTS, "en") if one.clock == clock)


def shown(page: Page, clock: str) -> tuple[Locator, Locator]:
    """The clock's countdown and its account on the ticket's page."""
    return page.locator(f".clocks [data-key='{clock}'] .due"), page.locator(f"[data-key='why-{clock}-1']")


def instant(place: Locator) -> datetime:
    return datetime.fromisoformat(str(place.get_attribute("datetime")))


def rounded(at: datetime | None) -> datetime:
    """A page writes milliseconds."""
    assert at is not None
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def earlier(served: Served, ticket: Ticket, **delta: float) -> None:
    """Let the ticket have come in so much earlier."""
    from handoff.tables import ticket_event

    def body(conn: Connection) -> None:
        since = ticket.since - timedelta(**delta)
        conn.execute(ticket_event.update().where(ticket_event.c.ticket_id == ticket.id).values(at=since))

    served.run(served.world.write(body))


def test_a_running_clock_counts_down_to_the_instant_its_account_ends_with(served: Served) -> None:
    """The emergency's first response: the time element, the account in the page, and the command's account."""
    ticket = served.run(served.world.ticket(level=Level.EMERGENCY))
    page = served.page(f"/desk/t/{ticket.number}")
    countdown, panel = shown(page, "FR")
    said = account(served, ticket, "FR")
    assert instant(countdown) == instant(panel.locator("time")) == rounded(said.due_at)
    panel.locator("summary").click()
    for row in said.rows:
        expect(panel).to_contain_text(row.words)
    expect(panel.locator("b")).to_have_text(said.verdict)
    left = said.due_at - utc_now() if said.due_at else timedelta()
    assert timedelta(minutes=57) < left < timedelta(hours=1)
    expect(countdown).to_contain_text("due in 5")


def test_a_late_clock_says_by_how_much_its_account_is_over(served: Served) -> None:
    """Breached an hour and a half ago, in both."""
    ticket = served.run(served.world.ticket(level=Level.EMERGENCY))
    earlier(served, ticket, hours=2, minutes=30)
    page = served.page(f"/desk/t/{ticket.number}")
    countdown, panel = shown(page, "FR")
    said = account(served, ticket, "FR")
    assert instant(countdown) == instant(panel.locator("time")) == rounded(said.due_at)
    expect(countdown).to_contain_text("late by 1 h 3")
    expect(panel.locator("summary")).to_contain_text(f"{said.verdict}")
    assert said.verdict.endswith(": late")


def test_a_paused_clock_has_left_what_its_account_would_still_need(served: Served) -> None:
    """An emergency's four hours, half an hour used: three and a half are left wherever one looks."""
    ticket = served.run(served.world.ticket(level=Level.EMERGENCY))
    earlier(served, ticket, minutes=30, seconds=20)
    world, lin = served.world, served.world.people["lin"]
    desk = world.deps.desk
    served.run(
        world.write(lambda conn: desk.reply(conn, ticket_id=ticket.id, by=lin.id, text="?", wait=True, now=utc_now()))
    )
    page = served.page(f"/desk/t/{ticket.number}")
    countdown, panel = shown(page, "RS")
    said = account(served, ticket, "RS")
    left = said.due_at - utc_now() if said.due_at else timedelta()
    assert timedelta(hours=3, minutes=28) < left < timedelta(hours=3, minutes=31)
    expect(countdown).to_contain_text("Paused · 3 h 29 min left")
    expect(panel.locator("summary")).to_contain_text("if it went on now")
    assert abs(instant(panel.locator("time")) - rounded(said.due_at)) < timedelta(minutes=1)  # it waits with the clock


@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
def test_the_account_is_told_in_the_readers_language(served: Served, language: str) -> None:
    """One rendering, three catalogues; opened it stays open while the page renews itself."""
    ticket = served.run(served.world.ticket(level=Level.EMERGENCY))
    page = served.page(f"/desk/t/{ticket.number}?lang={language}")
    _, panel = shown(page, "FR")
    panel.locator("summary").click()
    served.run(served.world.ticket(title="Another"))
    expect(panel).to_have_attribute("open", "")
    expect(page.get_by_role("heading", name=TEXTS.say("why.title", language))).to_be_visible()
    expect(panel).to_contain_text(TEXTS.say("why.cause.opened", language))
