"""The pages of the desk's figures: what they are asked for, what they say, who sees them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest

from console import number_reading, plots
from console.errors import BadPeriod
from console.formats import percent
from console.number_query import EDGES, Query, period
from console.numbers import Wording, worst_first
from console.plots import HEIGHT, Part
from console.texts import LANGUAGES, Texts
from handoff.indicators import NOTHING, Better, Fact, Figure
from tests.unit.console.world import World

TEXTS = Texts.shipped()
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 16, 17, 0, tzinfo=UTC)  # one in the morning of Tuesday the 17th in Shanghai


@pytest.mark.parametrize(
    ("query", "since", "until"),
    [
        (Query(), date(2026, 10, 21), date(2026, 11, 18)),  # four weeks with today
        (Query(period="today"), date(2026, 11, 17), date(2026, 11, 18)),
        (Query(period="7d"), date(2026, 11, 11), date(2026, 11, 18)),
        (Query(period="month"), date(2026, 11, 1), date(2026, 11, 18)),
        (Query(period="last_month"), date(2026, 10, 1), date(2026, 11, 1)),
        (Query(period="year"), date(2026, 1, 1), date(2026, 11, 18)),
        (Query(first="2026-11-01", last="2026-11-01"), date(2026, 11, 1), date(2026, 11, 2)),
        (Query(first="2026-11-01", period="7d"), date(2026, 11, 1), date(2026, 11, 18)),  # own dates win
        (Query(last="2026-02-28"), date(2026, 2, 1), date(2026, 3, 1)),
    ],
)
def test_a_period_is_of_whole_days_where_the_reader_is(query: Query, since: date, until: date) -> None:
    """Its last day belongs to it, and the one before has as many days."""
    found = period(query, now=NOW, zone=SHANGHAI)
    assert (found.since.astimezone(SHANGHAI).date(), found.until.astimezone(SHANGHAI).date()) == (since, until)
    assert found.since.astimezone(SHANGHAI).hour == 0
    assert found.before.days == found.days
    assert found.before.until == found.since


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (Query(first="2026-02-30"), "date"),
        (Query(first="yesterday"), "date"),
        (Query(last="2026-13-01"), "date"),
        (Query(first="2026-11-02", last="2026-11-01"), "order"),
        (Query(first="2001-01-01", last="2026-01-01"), "long"),
        (Query(first="0001-01-01", last="0001-01-02"), "long"),
        (Query(first="9999-12-30", last="9999-12-31"), "long"),
        (Query(period="forever"), "preset"),
    ],
)
def test_a_period_that_cannot_be_meant_says_why(query: Query, why: str) -> None:
    """No date, the wrong way round, or beyond reason."""
    with pytest.raises(BadPeriod) as refused:
        period(query, now=NOW, zone=SHANGHAI)
    assert refused.value.why == why


@pytest.mark.parametrize(
    ("first", "last", "wanted", "step"),
    [
        ("2026-11-01", "2026-11-17", "", "day"),
        ("2026-08-01", "2026-11-17", "", "week"),
        ("2025-11-01", "2026-11-17", "", "month"),
        ("2026-11-01", "2026-11-17", "month", "month"),
        ("2017-11-01", "2026-11-17", "day", "month"),  # no more columns than can be told apart
        ("2026-11-01", "2026-11-17", "hour", "day"),
    ],
)
def test_a_trend_has_parts_that_can_be_told_apart(first: str, last: str, wanted: str, step: str) -> None:
    """By day, week or month; together they are the period."""
    found = period(Query(first=first, last=last), now=NOW, zone=SHANGHAI)
    assert found.step(wanted) == step
    edges = found.edges(found.step(wanted))
    assert edges[0] == found.first
    assert edges[-1] == found.last + timedelta(days=1)
    assert list(edges) == sorted(set(edges))
    assert len(edges) <= EDGES


def test_weeks_begin_on_monday_but_for_the_first() -> None:
    """The first and the last may be cut."""
    edges = period(Query(first="2026-11-04", last="2026-11-18"), now=NOW, zone=SHANGHAI).edges("week")
    assert [f"{day:%m-%d}" for day in edges] == ["11-04", "11-09", "11-16", "11-19"]


@pytest.mark.parametrize(
    ("rate", "shown"), [(None, "–"), (0.0, "0%"), (0.29, "29%"), (0.9999, "99%"), (1.0, "100%"), (2 / 3, "66%")]
)
def test_a_share_is_never_shown_better_than_it_is(rate: float | None, shown: str) -> None:
    """100% is all of them."""
    assert {percent(rate, language) for language in LANGUAGES} == {shown}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_indicator_is_defined(language: str) -> None:
    """Its name, what counts, its formula, its rows, and a word for every mark: a new one must bring them."""
    say = Wording(TEXTS, language)
    for one in number_reading.registry():
        assert len(say(f"number.def.{one.id}")) > 15
        assert say(f"number.{one.id}")
        assert say(f"number.rows.{one.rows}")
        assert all(say(f"number.mark.{mark}") for mark in one.marks)
        assert bool(say.goal(one)) is (one.goal is not None)


def test_columns_stay_inside_their_frame() -> None:
    """The highest fills it, nothing is no column, very little is still seen; layers stand on each other."""
    stacks = [[], [Part(value=0.001, kind="main", title="")], [Part(value=4, kind="kept", title=""), Part(value=6, kind="missed", title="")]]  # fmt: skip
    drawn = plots.columns(stacks, top=10, goal=5)
    assert [box.height for box in drawn.boxes] == [1.2, 40, 60]
    assert [box.y for box in drawn.boxes] == [HEIGHT - 1.2, 60, 0]
    assert all(box.x >= 0 and box.x + box.width <= plots.WIDTH for box in drawn.boxes)
    assert drawn.goal == 50
    assert plots.columns([], top=0).boxes == ()


@pytest.mark.parametrize(("values", "top"), [([], 1), ([1], 1), ([3], 5), ([21, 4], 25), ([101], 200), ([999], 1000)])
def test_an_axis_ends_at_a_round_number(values: list[float], top: float) -> None:
    """At or above everything."""
    assert plots.ceiling(values) == top


def test_a_sparkline_shows_gaps_and_single_points() -> None:
    """What is not known is not drawn through."""
    lines, dots = plots.sparkline([1, 2, None, 5, None])
    assert len(lines) == 1
    assert len(dots) == 1
    assert plots.sparkline([None, None]) == ((), ())
    assert plots.sparkline([3]) == ((), ((500.0, 50.0),))


def test_the_worst_come_first() -> None:
    """The longest wait, the target not kept; else the newest."""
    one = number_reading.registry()[0]
    facts = (Fact(1, 5.0, NOTHING), Fact(2, 9.0, NOTHING), Fact(3, 0.0, NOTHING))
    for better, order in ((Better.LOWER, [2, 1, 3]), (Better.HIGHER, [3, 1, 2]), (Better.NEITHER, [3, 2, 1])):
        figure = Figure(indicator=replace(one, better=better), value=None, before=None, facts=facts)
        assert [fact.at for fact in worst_first(figure)] == order


async def test_who_sees_the_numbers(world: World) -> None:
    """Leads, success managers and admins all of them; an agent those of the tickets assigned to them, whatever they ask."""
    mine, other = await world.ticket(title="Mine"), await world.ticket(title="Not mine")
    for ticket, login in ((mine, "lin"), (other, "tom")):
        await world.write(
            lambda conn, t=ticket, w=login: world.deps.desk.claim(
                conn, ticket_id=t.id, by=world.people[w].id, now=world.clock()
            )
        )
    world.clock.advance(timedelta(hours=5))
    for login in ("tom", "mira"):
        browser = await world.signed_in(login)
        answer = await browser.get("/numbers", follow_redirects=True)
        assert answer.status_code == 200
        assert "Targets kept" in answer.text
        assert "5 h" in answer.text  # it still waits
        assert 'href="/desk/numbers" aria-current="page"' in answer.text
        assert "Not mine" in (await browser.get("/desk/numbers/tickets")).text
    agent = await world.signed_in("lin")
    for query in ("", f"?agent={world.people['tom'].id}", "?agent="):
        html = (await agent.get(f"/desk/numbers/tickets{query}")).text
        assert "Mine" in html
        assert "Not mine" not in html
        assert "The tickets assigned to you" in html
        assert 'name="agent"' not in html


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_defines_each_figure_one_click_away(world: World, language: str) -> None:
    """In the reader's language, in a details element, with formula and rows."""
    await world.ticket()
    html = unescape((await (await world.signed_in("tom")).get(f"/desk/numbers?lang={language}")).text)
    for one in number_reading.registry():
        assert TEXTS.say(f"number.def.{one.id}", language) in html
        assert f'href="/desk/numbers/{one.id}"' in html


async def test_every_number_leads_to_its_tickets(world: World) -> None:
    """Each indicator's page lists what it rests on, and draws its course and its parts with a table."""
    ticket = await world.ticket(title="<b>Broken</b>")
    world.clock.advance(timedelta(hours=30))
    browser = await world.signed_in("tom")
    for one in number_reading.registry():
        answer = await browser.get(f"/desk/numbers/{one.id}")
        assert answer.status_code == 200, one.id
        assert "<b>Broken" not in answer.text
        listed = f'href="/desk/t/{ticket.number}"' in answer.text
        assert listed is (
            one.id
            in {
                "first_response",
                "wait_any",
                "wait_person",
                "kept",
                "kept_fr",
                "tickets",
                "backlog",
                "backlog_age",
                "messages",
            }
        ), one.id
        assert listed is not ("Nothing in this period." in answer.text and "Choose a longer period" in answer.text)
    assert (await browser.get("/desk/numbers/nothing_of_the_kind")).status_code == 404


async def test_lists_come_in_pages(world: World) -> None:
    """Fifty at a time; a page that is not there is the nearest one."""
    for n in range(51):
        await world.ticket(title=f"Number {n:02}")
    browser = await world.signed_in("tom")
    first = (await browser.get("/desk/numbers/tickets")).text
    assert "1 to 50 of 51" in first
    assert "page=2#list" in first
    assert "51 to 51 of 51" in (await browser.get("/desk/numbers/tickets?page=2")).text
    assert "51 to 51 of 51" in (await browser.get("/desk/numbers/tickets?page=99")).text
    assert "1 to 50 of 51" in (await browser.get("/desk/numbers/tickets?page=-1")).text
    assert (await browser.get("/desk/numbers/tickets?page=x")).status_code == 422


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("from=nonsense", "That is no date"),
        ("from=2026-02-02&to=2026-02-01", "ends before it begins"),
        ("period=forever", "There is no such period"),
        ("client=nobody", "There is no such client"),
        ("level=worst", "There is no such level"),
        ("tier=tin", "There is no such tier"),
        ("team=none", "There is no such team"),
        ("agent=99", "There is no such colleague"),
        ("agent=%27--", "There is no such colleague"),
        ("from=%3Cscript%3E", "That is no date"),
    ],
)
async def test_a_filter_that_cannot_be_read_is_said(world: World, query: str, says: str) -> None:
    """And the usual period is shown, narrowed to nothing."""
    answer = await (await world.signed_in("tom")).get(f"/desk/numbers?{query}")
    assert answer.status_code == 422
    assert says in answer.text
    assert "<script>" not in answer.text


async def test_choices_stay_in_the_address(world: World) -> None:
    """Every link to a figure keeps them, and the fields show them."""
    await world.ticket()
    browser = await world.signed_in("tom")
    html = unescape((await browser.get("/desk/numbers?client=nw&level=bug&from=2026-11-01&to=2026-11-16&by=week")).text)
    assert '<option value="nw" selected>' in html
    assert '<option value="bug" selected>' in html
    assert 'href="/desk/numbers/tickets?from=2026-11-01&to=2026-11-16&by=week&client=nw&level=bug"' in html
    assert 'href="/desk/numbers.csv?from=2026-11-01&to=2026-11-16&by=week&client=nw&level=bug"' in html
    assert 'href="/desk/numbers?period=7d&by=week&client=nw&level=bug"' in html


async def test_days_are_the_readers(world: World) -> None:
    """The same ticket is of Monday in Shanghai and of Sunday in Los Angeles."""
    await world.ticket()
    browser = await world.signed_in("tom")
    browser.cookies.set("zone", "America%2FLos_Angeles", domain="desk.test", path="/desk")
    html = (await browser.get("/desk/numbers/tickets?from=2026-11-15&to=2026-11-15")).text
    assert "Pacific Time" in html
    assert "1 to 1 of 1" in html
    browser.cookies.set("zone", "Asia%2FShanghai", domain="desk.test", path="/desk")
    assert "Nothing in this period" in (await browser.get("/desk/numbers/tickets?from=2026-11-15&to=2026-11-15")).text


async def test_an_empty_period_has_dashes_and_no_plots(world: World) -> None:
    """Nothing is drawn as something; one point alone is drawn."""
    browser = await world.signed_in("tom")
    html = (await browser.get("/desk/numbers?from=2020-01-01&to=2020-01-31")).text
    assert '<p class="figure num">–</p>' in html
    assert "<rect" not in html.split('class="charts"')[1]
    assert "Nothing in this period." in html
    await world.ticket()
    one = (await browser.get("/desk/numbers?period=today")).text
    assert one.count('<rect class="main"') >= 2
    assert 'class="dot"' in one


def test_addresses_are_read_back_as_they_were_written() -> None:
    """Whatever a category is called."""
    written = Query(category="a&b=c #?", client="nw").address("/desk/numbers", first="2026-01-01")
    assert parse_qs(urlsplit(written).query) == {"category": ["a&b=c #?"], "client": ["nw"], "from": ["2026-01-01"]}
