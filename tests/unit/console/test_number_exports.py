"""The figures as files and by API: opened again, and held against what the page rests on."""

import csv
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook
from sqlalchemy import Connection

from console import number_reading, number_tables
from console.api.numbers import NumbersDocument
from console.number_files import csv_text, disarmed, pieces, workbook
from console.number_query import Query
from console.number_tables import Share, Sheet
from console.numbers import Wording
from console.texts import Texts
from handoff.kinds import Level
from handoff.ticket_names import named
from tests.unit.console.api.world import Api
from tests.unit.console.world import World

FORMULA = '=HYPERLINK("http://evil.example","网站")'


@pytest.fixture
async def desk(world: World) -> World:
    """A ticket with a hostile title that waited five hours, and one that was answered after one."""
    await world.ticket(title=FORMULA, level=Level.QUESTION)
    answered = await world.ticket(title="表单收不到邮件", level=Level.BUG)
    world.clock.advance(timedelta(hours=1))
    lin = world.people["lin"].id
    await world.write(
        lambda conn: world.deps.desk.reply(conn, ticket_id=answered.id, by=lin, text="已修好了", now=world.clock())
    )
    world.clock.advance(timedelta(hours=4))
    return world


def rows_of(answer: httpx.Response) -> list[list[str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")  # so that Excel reads Chinese
    return list(csv.reader(StringIO(answer.content.decode("utf-8-sig"))))


def sheets_of(content: bytes) -> dict[str, list[tuple[Any, ...]]]:
    book = load_workbook(BytesIO(content))
    return {page.title: [tuple(cell.value for cell in row) for row in page.iter_rows()] for page in book}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"), ("+86", "'+86"), ("-2", "'-2"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"),
        ("  =1", "'  =1"), ("\r=1", "'\r=1"), ("a=1", "a=1"), ("", ""), ("网站 - 打不开", "网站 - 打不开"),
    ],
)  # fmt: skip
def test_no_text_becomes_a_formula(text: str, shown: str) -> None:
    """What begins like one is quoted; anything else is left alone."""
    assert disarmed(text) == shown


async def test_the_csv_holds_what_the_page_shows(desk: World) -> None:
    """Filters named, indicators with definitions, the trend, the tickets; seconds and shares as numbers."""
    answer = await (await desk.signed_in("tom")).get("/desk/numbers.csv?client=nw&from=2026-11-16&to=2026-11-16")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="numbers-2026-11-16-2026-11-16.csv"'
    rows = rows_of(answer)
    assert ["client: Northwind"] in rows
    first = next(row for row in rows if row[:1] == ["First response"])
    assert first[1:6] == ["10800", "", "14400", "Goal met", "2"]  # three hours on average, the goal is four
    assert "left unresolved" in first[6]
    kept = next(row for row in rows if row[:1] == ["Targets kept: first response"])
    assert kept[1] == "0.5"
    title = next(row for row in rows if len(row) > 1 and "HYPERLINK" in row[1])[1]
    assert title == "'" + FORMULA


async def test_the_workbook_has_real_numbers_dates_and_lengths(desk: World) -> None:
    """Three sheets; text is text, whatever it begins with."""
    answer = await (await desk.signed_in("tom")).get("/desk/numbers.xlsx?lang=zh-Hans&period=7d")
    found = sheets_of(answer.content)
    assert list(found) == ["指标", "走势", "工单"]
    first = next(row for row in found["指标"] if row[0] == "首次响应")
    assert first[1] == timedelta(hours=3)
    assert first[5] == 2
    assert next(row for row in found["指标"] if row[0] == "首次响应达成率")[1] == 0.5
    assert [str(row[0]) for row in found["走势"][1:]] == [f"2026-11-{10 + n} 00:00:00" for n in range(7)]
    tickets = found["工单"][1:]
    assert {row[1] for row in tickets} == {FORMULA, "表单收不到邮件"}
    assert all(isinstance(row[9], datetime) for row in tickets)
    book = load_workbook(BytesIO(answer.content))
    assert {cell.data_type for cell in book["工单"]["B"]} == {"s"}
    assert book["指标"].column_dimensions["G"].width > 40


async def test_an_agents_export_is_of_their_own(desk: World) -> None:
    """The same address, and none of the others' tickets."""
    agent = await desk.signed_in("lin")
    rows = rows_of(await agent.get(f"/desk/numbers.csv?agent={desk.people['tom'].id}"))
    assert not any("HYPERLINK" in cell for row in rows for cell in row)
    assert ["assignee: 林薇"] in rows


async def test_what_cannot_be_read_is_refused(desk: World) -> None:
    """With a sentence, not with a file of something else."""
    browser = await desk.signed_in("tom")
    for name in ("csv", "xlsx"):
        answer = await browser.get(f"/desk/numbers.{name}?from=soon")
        assert answer.status_code == 422
        assert answer.text == "That is no date; write 2026-03-31."
    assert (await desk.browser().get("/desk/numbers.csv")).status_code == 303


async def test_an_export_is_bounded_and_says_so(desk: World) -> None:
    """The newest tickets, and a sentence about the others."""

    def body(conn: Connection) -> Sheet:
        found = number_reading.read(conn, Query(), now=desk.clock(), zone=None)
        say, tickets = Wording(Texts.shipped(), "en"), named(conn, number_tables.ticket_ids(found))
        return number_tables.sheets(found, tickets, say, most=1)[2]

    sheet = await desk.deps.db.read(body)
    assert [row[0] for row in sheet.rows] == ["T-1002"]
    assert sheet.notes[0].startswith("Only the newest ticket (1)")


def test_files_are_written_in_pieces() -> None:
    """A long CSV in many, a workbook through a scratch file; a control character breaks neither."""
    rows = tuple((f"T-{n}", "x\x01" * 50, Share(rate=0.5), date(2026, 1, 1), None, 3) for n in range(2000))
    sheet = Sheet(name="x" * 40, head=("a", "b", "c", "d", "e", "f"), rows=rows)
    assert len(list(csv_text(number_tables.lines([sheet])))) > 5
    found = sheets_of(b"".join(pieces(workbook([sheet]))))
    assert found["x" * 31][1] == ("T-0", "x" * 50, 0.5, datetime.fromisoformat("2026-01-01"), None, 3)


async def test_the_api_gives_the_same_document(desk: World) -> None:
    """It reads as its own model, keeps to its filters, and its parts add up."""
    browser = await Api(desk).caller("numbers:read")
    raw = (await browser.get("/numbers?period=7d&zone=Asia/Shanghai&client=nw")).json()
    document = NumbersDocument.model_validate(raw)
    assert raw["since"] == "2026-11-09T16:00:00Z"
    assert raw["filters"] == {"client": "nw"}
    found = {one.id: one for one in document.indicators}
    assert found["first_response"].value == 3 * 3600
    assert found["first_response"].met is True
    assert found["first_response"].counts == {"open": 1, "held": 0}
    assert [part.model_dump() for part in found["tickets"].parts["client"]] == [{"of": "nw", "value": 2.0, "n": 2}]
    for one in document.indicators:
        assert all(sum(part.n for part in parts) == one.n for parts in one.parts.values())
    assert sum(point.value or 0 for point in found["tickets"].trend) == 2
    only = (await browser.get("/numbers?indicator=kept&indicator=tickets")).json()["indicators"]
    assert [one["id"] for one in only] == ["kept", "tickets"]


@pytest.mark.parametrize(
    "query",
    ["from=soon", "client=nobody", "level=worst", "zone=Mars", "indicator=joy", "by=hour", "agent=x", "period=forever"],
)
async def test_the_api_refuses_what_it_cannot_read(desk: World, query: str) -> None:
    """With 422."""
    assert (await (await Api(desk).caller("numbers:read")).get(f"/numbers?{query}")).status_code == 422


async def test_a_token_for_one_client_reads_their_figures_alone(desk: World) -> None:
    """Asked or not it is told of its client; another client is not there; another scope does not do."""
    api = Api(desk)
    other = await api.other_client()
    await api.ticket_of(other)
    theirs = await api.caller("numbers:read", client=other)
    found = NumbersDocument.model_validate((await theirs.get("/numbers?period=7d")).json())
    assert {one.id: one.value for one in found.indicators}["tickets"] == 1
    assert (await theirs.get(f"/numbers?client={other.slug}")).status_code == 200
    assert (await theirs.get("/numbers?client=nw")).status_code == 404
    assert (await (await api.caller("tickets:read")).get("/numbers")).status_code == 403
    assert (await api.with_secret(None).get("/numbers")).status_code == 401
