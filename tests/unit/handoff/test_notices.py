"""A year's holiday notice: read as people send it, refused with the line and the field."""

import json
from datetime import date

import pytest

from handoff.errors import NoticeError
from handoff.holiday_library import known_holidays, library_years
from handoff.holidays import Year, difference, joined, read_notice

CSV = "date,kind,name\n2027-01-01,off,元旦\n2027-02-06,off,春节\n2027-02-07,makeup,春节\n"
ROWS = [
    {"date": "2027-01-01", "kind": "off", "name": "元旦"},
    {"date": "2027-02-06", "kind": "off", "name": "春节"},
    {"date": "2027-02-07", "kind": "makeup", "name": "春节"},
]
READ = Year(
    country="china", year=2027,
    off={date(2027, 1, 1): "元旦", date(2027, 2, 6): "春节"}, makeup={date(2027, 2, 7): "春节"},
)  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        CSV.encode(),
        CSV.encode("utf-8-sig"),
        CSV.encode("gbk"),
        CSV.replace("\n", "\r\n").encode(),
        CSV.replace(",", ";").encode(),
        CSV.replace(",", "\t").encode(),
        CSV.partition("\n")[2].encode(),
        CSV.replace("date,kind,name", "日期,类型,名称").replace("off", "休").replace("makeup", "班").encode("gbk"),
        CSV.replace("2027-01-01", "2027/1/1").replace("2027-02-06", "2027年2月6日").encode(),
        json.dumps(ROWS).encode(),
        json.dumps({"days": ROWS}, ensure_ascii=False).encode("utf-8-sig"),
    ],
)
def test_a_notice_is_read_as_it_is_sent(content: bytes) -> None:
    """CSV of any common shape, JSON, a BOM, GBK, Chinese words; a weekend may be a day off."""
    assert read_notice(content, country="china", year=2027) == READ


@pytest.mark.parametrize(
    ("content", "line", "field"),
    [
        (b"", 0, "date"),
        (b"2027-01-01,perhaps,x", 1, "kind"),
        (b"date,kind,name\n2027-13-01,off,x", 2, "date"),
        (b"date,kind,name\n2027-01-01,off,x\n2026-12-31,off,x", 3, "date"),
        (b"2027-01-01,off,x\n2027-01-01,off,y", 2, "date"),
        (b"2027-01-02,off,x\n2027-01-02,makeup,y", 2, "date"),
        (b"2027-01-04,makeup,x", 1, "kind"),
        (b"2027-01-01", 1, "kind"),
        (b"[1]", 1, "days"),
        (b'{"days": 3}', 0, "days"),
        (b"[{]", 1, "file"),
        (b"[" * 100_000, 0, "file"),
        (b"\xff\xff\xff", 0, "file"),
        (b"\n".join(b"2027-01-01,off,x" for _ in range(2)), 2, "date"),
        (b"2027-01-01,off,x" + b"\n" * 900 + b"2027-01-02,off,x", 733, "file"),
    ],
)
def test_a_notice_that_cannot_be_meant_names_line_and_field(content: bytes, line: int, field: str) -> None:
    """Empty, wrong year, doubled, both off and made up, a weekday made up, no table at all."""
    with pytest.raises(NoticeError) as refused:
        read_notice(content, country="china", year=2027)
    assert (refused.value.line, refused.value.field) == (line, field)


@pytest.mark.parametrize(
    ("country", "year"), [("../etc", 2027), ("CN", 2027), ("", 2027), ("china", 0), ("china", 10_000)]
)
def test_a_notice_is_of_a_country_and_a_year(country: str, year: int) -> None:
    """Names that could be anything are refused."""
    with pytest.raises(NoticeError):
        read_notice(CSV.encode(), country=country, year=year)


def test_what_a_new_table_changes() -> None:
    """Days that are new, that are gone, and nothing for the same table."""
    other = Year(country="china", year=2027, off={date(2027, 1, 1): "x", date(2027, 1, 4): "y"}, makeup={})
    found = difference(READ, other)
    assert (found.off, found.not_off, found.not_makeup) == (
        (date(2027, 1, 4),),
        (date(2027, 2, 6),),
        (date(2027, 2, 7),),
    )
    assert not difference(READ, READ)
    assert difference(None, READ).off == tuple(READ.off)


def test_years_are_known_until_the_first_gap() -> None:
    """2028 without 2027 does not make 2027 known."""
    years = {n: Year(country="x", year=n, off={date(n, 1, 1): ""}, makeup={}) for n in (2025, 2026, 2028)}
    assert joined(years.values()).until == date(2026, 12, 31)
    assert len(joined(years.values()).off) == 3


def test_china_comes_from_its_own_library() -> None:
    """2004 to 2026 with make-up days; never from a library that guesses."""
    years = list(library_years(["china"], today=date(2026, 11, 22)))
    assert [year.year for year in years] == list(range(2004, 2027))
    assert date(2026, 10, 10) in years[-1].makeup
    assert known_holidays()["china"].until == date(2026, 12, 31)
    assert list(library_years(["atlantis"], today=date(2026, 11, 22))) == []


def test_other_countries_come_from_the_general_library() -> None:
    """Years around this one, without make-up days."""
    years = list(library_years(["tw", "hk", "us"], today=date(2026, 11, 22)))
    assert {(year.country, year.year) for year in years} >= {("tw", 2026), ("hk", 2027), ("us", 2025)}
    assert date(2026, 7, 3) in next(y for y in years if (y.country, y.year) == ("us", 2026)).off
