"""The desk's figures as people read them, and the page that shows them."""

from datetime import UTC, date, datetime, timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from console.errors import BadPeriod
from console.numbers import HEIGHT, cards, document, kept_chart, percent, period, response_chart, table
from console.texts import LANGUAGES, Texts
from handoff.indicators import Course, Figures, Spread, Week, shares, times
from handoff.kinds import ClockKind, ClockState, Level, Tier
from tests.unit.console.world import World

TEXTS = Texts.shipped()
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)  # one in the morning of the 17th in Shanghai


def figures() -> Figures:
    """An hour's first response that was met, and one that was missed after three."""
    facts = {"kind": ClockKind.FR, "level": Level.BUG, "tier": Tier.GOLD, "started_at": NOW}
    rows = [
        Course(state=ClockState.MET, business_s=1800, wall_s=3600, **facts),
        Course(state=ClockState.MISSED, business_s=5400, wall_s=10800, late=True, **facts),
    ]
    return Figures(
        since=NOW, until=NOW, first_response=times(rows, ClockKind.FR), next_response=times(rows, ClockKind.NR),
        resolution=times(rows, ClockKind.RS), wait_any=Spread(), wait_person=Spread(), bot_latency=Spread(),
        shares=shares(rows),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "last", "since", "until"),
    [
        ("", "", date(2026, 10, 21), date(2026, 11, 18)),  # four weeks with today
        ("2026-11-01", "2026-11-01", date(2026, 11, 1), date(2026, 11, 2)),
        ("2026-11-01", "", date(2026, 11, 1), date(2026, 11, 18)),
        ("", "2026-02-28", date(2026, 2, 1), date(2026, 3, 1)),
    ],
)
def test_a_period_is_of_whole_days_where_the_desk_is(first: str, last: str, since: date, until: date) -> None:
    """Its last day belongs to it."""
    found = period(first, last, now=NOW, zone=SHANGHAI)
    assert (found.since.astimezone(SHANGHAI).date(), found.until.astimezone(SHANGHAI).date()) == (since, until)
    assert found.since.astimezone(SHANGHAI).hour == 0


@pytest.mark.parametrize(
    ("first", "last", "why"),
    [
        ("2026-02-30", "", "date"),
        ("yesterday", "", "date"),
        ("", "2026-13-01", "date"),
        ("2026-11-02", "2026-11-01", "order"),
        ("2001-01-01", "2026-01-01", "long"),
        ("0001-01-01", "0001-01-02", "long"),
        ("9999-12-30", "9999-12-31", "long"),
    ],
)
def test_a_period_that_cannot_be_meant_says_why(first: str, last: str, why: str) -> None:
    """No date, the wrong way round, or beyond reason."""
    with pytest.raises(BadPeriod) as refused:
        period(first, last, now=NOW, zone=SHANGHAI)
    assert refused.value.why == why


@pytest.mark.parametrize(
    ("rate", "shown"), [(None, "-"), (0.0, "0 %"), (0.29, "29 %"), (0.9999, "99 %"), (1.0, "100 %"), (2 / 3, "66 %")]
)
def test_a_share_is_never_shown_better_than_it_is(rate: float | None, shown: str) -> None:
    """100 % is all of them."""
    assert percent(rate) == shown


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_figure_has_a_definition(language: str) -> None:
    """Seven cards, each with a value, facts and what it means, in every language."""
    made = cards(figures(), TEXTS, language)
    assert [card.name for card in made] == [
        "kept", "first_response", "next_response", "resolution", "wait_any", "wait_person", "bot_latency",
    ]  # fmt: skip
    assert all(card.title and card.facts and len(card.definition) > 20 for card in made)


def test_a_card_shows_the_mean_of_the_contracts_hours_first() -> None:
    """Half an hour and an hour and a half; both clocks and the counts are in its facts."""
    card = cards(figures(), TEXTS, "en")[1]
    assert card.value == "1 h"
    assert ("median, clock time", "2 h") in card.facts
    assert ("counted", "2") in card.facts


def test_the_table_is_by_level_and_tier() -> None:
    """Four levels, three tiers; what nothing is known of is a dash."""
    found = {(cell.level, cell.tier): cell.percent for row in table(figures()) for cell in row}
    assert len(found) == 12
    assert found[Level.BUG, Tier.GOLD] == "50 %"
    assert found[Level.BUG, Tier.PLATINUM] == "-"
    assert document(figures())["by_clock"]["FR"]["rate"] == 0.5


def test_charts_stay_inside_their_frame() -> None:
    """The longest wait fills it, nothing known is no bar, zero is still seen."""
    monday = date(2026, 11, 16)
    weeks = [
        Week(starts=monday + timedelta(weeks=n), requests=1, response_s=seconds, kept=kept)
        for n, (seconds, kept) in enumerate([(None, None), (0, 0.0), (3600, 0.5), (7200, 1.0)])
    ]
    assert [bar.height for bar in kept_chart(weeks)] == [0, 2, HEIGHT / 2, HEIGHT]
    waited = response_chart(weeks, TEXTS, "en")
    assert [bar.brief for bar in waited] == ["-", "0 s", "1 h", "2 h"]
    assert [bar.shown for bar in waited] == ["-", "0 s", "1 h", "2 h"]
    assert all(bar.y >= 0 and bar.y + bar.height == HEIGHT for bar in waited)
    assert [bar.height for bar in response_chart(weeks[:1], TEXTS, "en")] == [0]


async def test_leads_and_admins_see_the_numbers_and_agents_do_not(world: World) -> None:
    """The page, its short address, and its place in the menu."""
    await world.ticket(title="A question", level=Level.QUESTION)
    world.clock.advance(timedelta(hours=5))
    for login in ("tom", "mira"):
        browser = await world.signed_in(login)
        answer = await browser.get("/numbers", follow_redirects=True)
        assert answer.status_code == 200
        assert "Targets kept" in answer.text
        assert "5 h" in answer.text  # it still waits
        assert 'href="/desk/numbers" aria-current="page"' in answer.text
    agent = await world.signed_in("lin")
    assert (await agent.get("/desk/numbers")).status_code == 403
    assert "/desk/numbers" not in (await agent.get("/desk")).text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_defines_each_figure_one_click_away(world: World, language: str) -> None:
    """In the reader's language, in a details element."""
    await world.ticket()
    html = (await (await world.signed_in("tom")).get(f"/desk/numbers?lang={language}")).text
    for card in cards(figures(), TEXTS, language):
        assert card.definition in unescape(html)
    assert html.count('<svg viewBox="0 -14') == 2


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=nonsense", "That is no date"),
        ("from=2026-02-02&to=2026-02-01", "ends before it begins"),
        ("client=nobody", "There is no such client"),
        ("from=%3Cscript%3E", "That is no date"),
    ],
)
async def test_a_filter_that_cannot_be_read_is_said(world: World, query: str, says: str) -> None:
    """And the usual period is shown."""
    answer = await (await world.signed_in("tom")).get(f"/desk/numbers?{query}")
    assert answer.status_code == 422
    assert says in answer.text
    assert "<script>" not in answer.text


async def test_a_clients_own_numbers(world: World) -> None:
    """The filter keeps its choice; an empty period has dashes."""
    await world.ticket()
    browser = await world.signed_in("tom")
    html = (await browser.get("/desk/numbers?client=nw")).text
    assert '<option value="nw" selected>' in html
    empty = (await browser.get("/desk/numbers?from=2020-01-01&to=2020-01-31")).text
    assert '<p class="figure num">-</p>' in empty
