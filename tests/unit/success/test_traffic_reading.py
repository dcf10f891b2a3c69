"""Files of visits: what each kind comes to, in the languages that programs write, and files that mean harm."""

import gzip
import json
import zipfile
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from success.traffic import channels, reading
from success.traffic.model import Found, Refused, Source, Tally

ZONE = ZoneInfo("Asia/Shanghai")
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/120.0 Safari/537.36"
TODAY = date(2026, 11, 30)
OCTOBER = (date(2026, 10, 1), date(2026, 10, 31))


def read(
    tmp_path: Path,
    content: str | bytes,
    *,
    kind: str = "",
    hosts: tuple[str, ...] = ("shop.cn",),
    longest: int = reading.LONGEST,
    today: date = TODAY,
) -> Found:
    path = tmp_path / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return reading.read(path, zone=ZONE, hosts=hosts, kind=kind, longest=longest, today=today)


def refused(tmp_path: Path, content: str | bytes, **options: Any) -> str:
    with pytest.raises(Refused) as refusal:
        read(tmp_path, content, **options)
    return refusal.value.why


def line(
    at: str,
    path: str = "/",
    *,
    who: str = "1.2.3.4",
    referrer: str = "-",
    agent: str = CHROME,
    status: int = 200,
    verb: str = "GET",
) -> str:
    return f'{who} - - [{at} +0800] "{verb} {path} HTTP/1.1" {status} 512 "{referrer}" "{agent}"\n'


def test_visits_of_a_log(tmp_path: Path) -> None:
    """Half an hour apart is another visit, a minute less the same; one page is a bounce; the first referrer counts."""
    log = "".join([
        line("31/Oct/2026:23:40:00", "/a?x=1", referrer="https://www.baidu.com/link?url=x"),
        line("31/Oct/2026:23:59:00", "/b", referrer="https://shop.cn/a"),
        line("01/Nov/2026:00:29:00", "/c", referrer="https://www.shop.cn/b"),  # goes on past midnight
        line("01/Nov/2026:01:00:00", "/a"),  # another visit
        line("01/Nov/2026:01:00:00", "/a", who="5.6.7.8", referrer="https://weibo.com/u/1"),
        line("01/Nov/2026:01:00:01", "/a", who="5.6.7.8", agent=CHROME + " Edg/1"),  # another browser
    ])  # fmt: skip
    found = read(tmp_path, log)
    first, second = (
        found.tallies[date(2026, 10, 31), date(2026, 10, 31)],
        found.tallies[date(2026, 11, 1), date(2026, 11, 1)],
    )
    assert (first.visits, first.views, first.bounces, first.sources) == (1, 2, 0, {"search": 1})
    assert (second.visits, second.views, second.bounces) == (3, 4, 3)
    assert second.sources == {"direct": 2, "social": 1}
    assert second.pages == {"/c": 1, "/a": 3}
    assert (found.lines, found.broken, found.bots, found.kind) == (6, 0, 0, Source.LOGS)


def test_what_is_no_visit(tmp_path: Path) -> None:
    """Bots, monitors, forms, errors, pictures, the back office and scripts; broken lines are counted."""
    log = "".join([
        line("01/Nov/2026:01:00:00", "/"),
        line("01/Nov/2026:01:00:00", "/", agent="Mozilla/5.0 (compatible; Baiduspider/2.0)"),
        line("01/Nov/2026:01:00:00", "/", agent="curl/8.0"), line("01/Nov/2026:01:00:00", "/", agent="-"),
        line("01/Nov/2026:01:00:00", "/", verb="POST"), line("01/Nov/2026:01:00:00", "/gone", status=404),
        line("01/Nov/2026:01:00:00", "/logo.PNG"), line("01/Nov/2026:01:00:00", "/wp-login.php"),
        "rubbish\n", line("31/Feb/2026:01:00:00"), line("01/Xyz/2026:01:00:00"), "\n",
    ])  # fmt: skip
    found = read(tmp_path, log)
    assert [one.visits for one in found.tallies.values()] == [1]
    assert (found.lines, found.broken, found.bots) == (11, 3, 3)


def test_days_without_visits_are_days_of_none(tmp_path: Path) -> None:
    """Between the first and the last day of a log; other zones' instants fall on the site's days."""
    log = line("01/Nov/2026:12:00:00") + line("04/Nov/2026:12:00:00").replace("+0800", "-0800")
    found = read(tmp_path, log)
    assert [(str(first), one.visits) for (first, _), one in sorted(found.tallies.items())] == [
        ("2026-11-01", 1), ("2026-11-02", 0), ("2026-11-03", 0), ("2026-11-04", 0), ("2026-11-05", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "left_out"),
    [("27/Nov/2024", 1), ("29/Nov/2024", 0), ("01/Dec/2026", 0), ("02/Dec/2026", 1), ("01/Jan/1970", 1), ("06/Feb/2099", 1)],
)  # fmt: skip
def test_lines_of_wrong_days_are_left_out(tmp_path: Path, day: str, left_out: int) -> None:
    """More than two years back, or after tomorrow; counted, and they end nobody's visit."""
    log = line("30/Nov/2026:12:00:00", "/a") + line(f"{day}:12:00:00", "/x") + line("30/Nov/2026:12:10:00", "/b")
    found = read(tmp_path, log)
    one = found.tallies[TODAY, TODAY]
    assert (found.lines, found.broken, found.outside) == (3, 0, left_out)
    assert (one.views, one.visits) == (2, 1 if left_out else 2)
    assert len(found.tallies) == (1 if left_out else 2)


def test_lines_far_from_the_bulk_are_left_out(tmp_path: Path) -> None:
    """A few lines of another season beside many; as many of two seasons are both kept, with no days of none between."""
    bulk = "".join(line(f"{day:02}/Nov/2026:12:00:00") for day in range(1, 29))
    stray = line("05/Mar/2026:12:00:00", "/old") + line("05/Mar/2026:12:00:01", agent="curl/8.0")
    found = read(tmp_path, bulk + stray)
    assert (len(found.tallies), found.lines, found.outside, found.bots) == (28, 30, 2, 0)
    spring = "".join(line(f"{day:02}/Mar/2026:12:00:00") for day in range(1, 29, 3))
    both = read(tmp_path, bulk + spring)
    assert (len(both.tallies), both.outside) == (28 + 28, 0)
    near = "".join(line(f"{day:02}/Oct/2026:12:00:00", agent="curl/8.0") for day in (1, 2))
    assert read(tmp_path, bulk + line("30/Sep/2026:12:00:00") + near).outside == 0, "a quiet month is no gap"


def test_a_log_of_another_age_is_refused(tmp_path: Path) -> None:
    """With words of its own."""
    assert refused(tmp_path, line("01/Nov/2020:01:00:00") * 9) == "outside"


GA_CHANNELS = {
    "en": """# ----------------------------------------
# Traffic acquisition: Session primary channel group (Default channel group)
# Start date: 20261001
# End date: 20261031
Session primary channel group (Default channel group),Sessions,Engaged sessions,Engagement rate,Views
Organic Search,1200,700,0.5833,3000
Direct,800,400,0.5,1500
Organic Social,100,20,0.2,150
Paid Search,50,10,0.2,60
Referral,"1,050",600,0.57,2000
,3200,1730,0.54,6710
""",
    "zh": """# 开始日期：20261001
# 结束日期：20261031
会话主要渠道组（默认渠道组）,会话数,互动会话数,浏览次数
自然搜索,1200,700,3000
直接,800,400,1500
社交,100,20,150
付费搜索,50,10,60
引荐,1050,600,2000
总计,3200,1730,6710
""",
}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_ga4_channels_of_a_span(tmp_path: Path, language: str) -> None:
    """The file's head says which days; sums are not counted again; a bounce is a session without engagement."""
    found = read(tmp_path, GA_CHANNELS[language])
    (span,) = found.tallies
    one = found.tallies[span]
    assert span == OCTOBER
    assert (one.visits, one.views, one.bounces) == (3200, 6710, 1470)
    assert one.sources == {"search": 1200, "direct": 800, "social": 100, "ads": 50, "links": 1050}


def test_ga4_days_and_then_pages(tmp_path: Path) -> None:
    """A day a row, by date or by number; a report of pages gives pages, no visits; broken rows are counted."""
    days = "Date,Sessions,Bounce rate,Views\n20261001,100,45%,250\n2026-10-02,80,0.5,160\nyesterday,1,0,1\n20261003,none,,\n"
    found = read(tmp_path, days)
    assert [(one.visits, one.bounces, one.views) for one in found.tallies.values()] == [(100, 45, 250), (80, 40, 160)]
    assert found.broken == 2
    nth = "# Start date: 20261001\n# End date: 20261002\nNth day,Sessions\n0000,7\n0001,9\n"
    assert [one.visits for one in read(tmp_path, nth).tallies.values()] == [7, 9]
    pages = "# Start date: 20261001\n# End date: 20261031\nPage path and screen class,Views,Active users\n/,900,5\nhttps://shop.cn/a?b=1,300,2\n"
    one = read(tmp_path, pages).tallies[OCTOBER]
    assert (one.visits, one.views, one.pages) == (None, 1200, {"/": 900, "/a": 300})


def event(name: str, session: int, **params: Any) -> dict[str, Any]:
    nested = [{"key": "ga_session_id", "value": {"string_value": None, "int_value": session}}]
    nested += [{"key": key, "value": {"string_value": value}} for key, value in params.items()]
    return {
        "event_date": "20261001", "event_name": name, "user_pseudo_id": "u1", "event_params": nested,
        "traffic_source": {"source": "baidu", "medium": "organic"},
    }  # fmt: skip


EVENTS = [
    event("session_start", 1), event("page_view", 1, page_location="https://shop.cn/a?x"),
    event("user_engagement", 1, session_engaged="1"), event("page_view", 2, page_location="https://shop.cn/"),
]  # fmt: skip


@pytest.mark.parametrize("shape", ["lines", "list", "csv"])
def test_ga4_event_rows(tmp_path: Path, shape: str) -> None:
    """As JSON lines, as a list, flattened as CSV: sessions, views, and those without engagement."""
    if shape == "csv":
        head = "event_date,event_name,user_pseudo_id,ga_session_id,session_engaged,page_location,source,medium\n"
        content = (
            head
            + "20261001,session_start,u1,1,,,baidu,organic\n20261001,page_view,u1,1,1,https://shop.cn/a?x,,\n20261001,page_view,u1,2,,https://shop.cn/,baidu,organic\n"
        )
    else:
        content = "\n".join(map(json.dumps, EVENTS)) if shape == "lines" else json.dumps(EVENTS)
    found = read(tmp_path, content)
    one = found.tallies[date(2026, 10, 1), date(2026, 10, 1)]
    assert (one.visits, one.views, one.bounces) == (2, 2, 1)
    assert one.sources == {"search": 2}
    assert one.pages == {"/a": 1, "/": 1}


def test_matomo_by_its_api(tmp_path: Path) -> None:
    """Visits, referrers and pages by day, in one list; a day without data is an empty list."""
    document = [
        {"2026-10-01": {"nb_visits": 10, "nb_actions": 25, "bounce_count": 4}, "2026-10-02": []},
        {"2026-10-01": [
            {"label": "Search Engines", "nb_visits": 6, "segment": "referrerType==search"},
            {"label": "Direct Entry", "nb_visits": 4, "segment": "referrerType==direct"},
        ]},
        {"2026-10-01": [{"label": "/index", "url": "https://shop.cn/", "nb_hits": 20, "nb_visits": 9}]},
    ]  # fmt: skip
    found = read(tmp_path, json.dumps(document))
    one = found.tallies[date(2026, 10, 1), date(2026, 10, 1)]
    assert (one.visits, one.views, one.bounces, one.sources, one.pages) == (
        10,
        25,
        4,
        {"search": 6, "direct": 4},
        {"/": 20},
    )
    assert found.kind is Source.MATOMO


def test_matomo_as_it_writes_csv(tmp_path: Path) -> None:
    """In UTF-16 with its mark, in Chinese or English."""
    content = "日期,访问次数,操作,跳出次数,独立访客\n2026-10-01,10,25,4,8\n2026-10-02,20,40,9,15\n".encode("utf-16")
    found = read(tmp_path, content)
    assert [(one.visits, one.views, one.bounces) for one in found.tallies.values()] == [(10, 25, 4), (20, 40, 9)]
    assert found.kind is Source.MATOMO
    semicolons = "Date;Unique visitors;Visits;Actions;Bounces\n2026-10-01;8;10;25;4\n"
    assert read(tmp_path, semicolons).tallies[date(2026, 10, 1), date(2026, 10, 1)].visits == 10


def test_a_packed_log_is_read_and_a_bomb_is_not(tmp_path: Path) -> None:
    """Gzip by its content; one that unpacks to more than we read, one that is cut off, a zip, are refused."""
    log = line("01/Nov/2026:01:00:00")
    assert read(tmp_path, gzip.compress(log.encode())).lines == 1
    spoilt = bytearray(gzip.compress(log.encode()))
    spoilt[-6] ^= 255
    assert refused(tmp_path, bytes(spoilt)) == "packed"
    assert refused(tmp_path, gzip.compress(log.encode() * 100_000), longest=3 * 1024 * 1024) == "long"
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("access.log", log)
    assert refused(tmp_path, path.read_bytes()) == "packed"


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(b"x" * 9)[:n] for n in (2, 5, 10, 12, -8, -1)]
    + [gzip.compress(b"".join(b"%d " % n for n in range(200_000)))[:n] for n in (1000, -20)],
    ids=range(8),
)
def test_a_file_that_is_cut_off(tmp_path: Path, packed: bytes) -> None:
    """In its head, in what is read first, later on, in its last bytes: said as what it is."""
    assert refused(tmp_path, packed, kind="logs") == "cut"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "empty"), (" \n\n", "empty"), (b"\x00\x01\x02" * 4000, "kind"), (b"\x89PNG\r\n" + b"\x00" * 99, "kind"),
        ("just some words\nand more\n", "kind"), ("a,b,c\n1,2,3\n", "kind"), ("Date,Sessions\n", "nothing"),
        ("Session default channel group,Sessions\nDirect,5\n", "dates"), ("[1, 2, 3]", "kind"), ("{", "kind"),
        ("[" * 100_000, "kind"), ('{"2026-10-01": 5}', "dates"), ("Date,Sessions" + ",x" * 1_000_000 + "\n", "wide"),
        ("Date,Sessions\n" + "1" * 5_000_000 + "\n", "wide"), ('Date,Sessions\n"' + "x" * 300_000 + "\n", "wide"),
        (line("01/Nov/2026:01:00:00", "/a.css"), "nothing"),
    ],
    ids=range(16),
)  # fmt: skip
def test_what_is_refused(tmp_path: Path, content: str | bytes, why: str) -> None:
    """Nothing, binary, prose, tables of something else, no dates, broken or bottomless JSON, a million columns."""
    assert refused(tmp_path, content) == why


def test_numbers_that_cannot_be_are_broken_rows(tmp_path: Path) -> None:
    """Negative, endless, formulas; none of them becomes a number or leaves as a formula."""
    rows = "Date,Sessions,Views\n20261001,-5,1\n20261001,1e999,\n20261001,=1+1,\n20261001,9999999999999999,\n20261002,10,20\n"
    found = read(tmp_path, rows)
    assert found.tallies[date(2026, 10, 2), date(2026, 10, 2)].visits == 10
    assert found.tallies[date(2026, 10, 1), date(2026, 10, 1)].visits is None
    assert found.broken == 3
    pages = '# Start date: 20261001\n# End date: 20261031\nPage path,Views\n=HYPERLINK("x"),3\n'
    assert read(tmp_path, pages).tallies[OCTOBER].pages == {'/=HYPERLINK("x")': 3}


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("www.baidu.com", "search"), ("m.baidu.com", "search"), ("www.google.co.jp", "search"), ("cn.bing.com", "search"),
        ("so.com", "search"), ("weibo.com", "social"), ("t.co", "social"), ("l.facebook.com", "social"), ("mail.qq.com", "mail"),
        ("mp.weixin.qq.com", "social"), ("partner.example.com", "links"), ("notbaidu.example", "links"), ("co.example", "links"),
    ],
)  # fmt: skip
def test_hosts_have_groups(host: str, group: str) -> None:
    """By their names' parts, not by what they contain."""
    assert channels.of_host(host) == group


def test_only_the_most_seen_pages_leave() -> None:
    """Fifty of a day."""
    tally = Tally()
    for n in range(200):
        tally.saw(f"/{n}", n)
    top = tally.top()
    assert top is not None
    assert (len(top), top[0]) == (50, ("/199", 199))
