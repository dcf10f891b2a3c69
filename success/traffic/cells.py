"""Tables of analytics programs, in any of their languages: which column is what, and what a cell's number is. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Final

from success.traffic.model import Refused

MOST_COLUMNS: Final = 400
LONGEST_FIELD: Final = 100_000
MOST_ROWS: Final = 2_000_000
_HEADS: Final[Mapping[str, str]] = {
    "day": r"date|day|event_date|日期|天|第 ?n ?天|nth day",
    "first": r"start ?date|开始日期|開始日期",
    "visits": r"sessions?|visits?|nb_visits|会话数?|工作階段|会话次数|访问次?数|造訪次數|訪問次數|访问量",
    "engaged": r"engaged sessions|engagedsessions|互动会话数|互动次数|有效会话数|互動工作階段|參與工作階段",
    "engagement": r"engagement rate|engagementrate|互动率|互動率|參與度",
    "bounce": r"bounce rate|bouncerate|bounce_rate|跳出率",
    "bounces": r"bounces|bounce_count|跳出次数|跳出數|跳出次數|跳出数",
    "views": r"views|page ?views|screenpageviews|nb_actions|nb_pageviews|nb_hits|actions|"
    r"浏览次数|浏览量|瀏覽次數|瀏覽量|网页浏览量|查看次数|操作|动作次数|動作|活动",
    "channel": r"(?:session )?(?:primary |default )?(?:channel group|channel grouping)(?: \(default channel group\))?|"
    r"(?:session )?default channel group|channel|channel type|referrer type|来源类型|來源類型|渠道分组|"
    r"(?:会话|工作階段|會話)?[\-的 ]*(?:主要|默认|預設)?(?:渠道|管道)(?:组|分组|群組|類型|类型)?.*",
    "source": r"(?:session )?source ?/ ?medium|(?:会话)?来源[/ ]+媒介|來源[/ ]+媒介",
    "page": r"page path(?: and screen class)?|page(?: path)?|landing page|pagepath|page url|url|label|标签|標籤|"
    r"页面网址|网页路径(?:和屏幕类)?|页面路径(?:和屏幕类)?|頁面路徑(?:和畫面類別)?|網頁路徑|着陆页|到達網頁|"
    r"page title and screen class",
}
_KNOWN: Final = {name: re.compile(pattern) for name, pattern in _HEADS.items()}
_NUMBER: Final = re.compile(r"-?[\d,. ]+%?")
_DAY: Final = re.compile(r"(\d{4})[-/.年]?(\d{1,2})[-/.月]?(\d{1,2})日?")


def rows(lines: Iterable[str]) -> Iterator[list[str]]:
    """The rows of a comma-, tab- or semicolon-separated file; raises Refused for a row that is too wide or long."""
    csv.field_size_limit(LONGEST_FIELD)
    rest = iter(lines)
    begun, separator = _separator(rest)
    try:
        for n, row in enumerate(csv.reader(chain(begun, rest), delimiter=separator)):
            if n > MOST_ROWS:
                raise Refused("long")
            if len(row) > MOST_COLUMNS:
                raise Refused("wide")
            yield row
    except csv.Error as error:
        raise Refused("wide" if "limit" in str(error) else "kind") from error


def _separator(lines: Iterator[str]) -> tuple[list[str], str]:
    """What stands between cells, by the first line that is no comment; and the lines read to know it."""
    begun: list[str] = []
    for line in lines:
        begun.append(line)
        if line.strip() and not line.lstrip("\ufeff").startswith("#"):
            return begun, max(",\t;", key=line.count)
    return begun, ","


def columns(head: Sequence[str]) -> dict[str, int]:
    """Where each known column is, by what it means; the first of a kind counts."""
    found: dict[str, int] = {}
    for place, name in enumerate(head):
        said = " ".join(name.strip('\ufeff "').casefold().split())
        meaning = next((known for known, pattern in _KNOWN.items() if pattern.fullmatch(said)), None)
        if meaning is not None:
            found.setdefault(meaning, place)
    return found


def number(cell: str) -> float | None:
    """A cell's number: with its separators, or as a share where it has a per cent sign; None for none."""
    text = cell.strip().replace("\u00a0", "")
    if not text or not _NUMBER.fullmatch(text):
        return None
    share, digits = text.endswith("%"), text.rstrip("%").replace(" ", "")
    if digits.count(",") == 1 and "." not in digits and len(digits.rpartition(",")[2]) != 3:  # noqa: PLR2004
        digits = digits.replace(",", ".")
    try:
        value = float(digits.replace(",", ""))
    except ValueError:
        return None
    if not 0 <= value < 1e12:  # noqa: PLR2004 - more than anybody visits
        return None
    return value / 100 if share else value


def day(cell: str) -> date | None:
    """A cell's date."""
    match = _DAY.fullmatch(cell.strip().partition("T")[0])
    if match is None:
        return None
    try:
        found = date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
    return found if 2000 <= found.year < 2100 else None  # noqa: PLR2004 - as sites' dates have it


def path(cell: str) -> str:
    """A page's address without its host and what was asked of it."""
    text = re.sub(r"^https?://[^/]*", "", cell.strip()) or "/"
    text = text.partition("?")[0].partition("#")[0].replace("\0", "")
    return (text if text.startswith("/") else f"/{text}")[:160]
