"""The page of the figures: tables between markers, in a page and its translation; the words around them stay."""

import os
import platform
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from tests.postgres import programs

_BEGIN: Final = "<!-- figures: {} -->"
_END: Final = "<!-- end -->"
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "machine": ("Machine", "机器"),
    "cores": ("{n} cores, {gb} GB of memory", "{n} 核，内存 {gb} GB"),
    "date": ("Measured", "测量时间"),
    "with": ("With", "软件版本"),
    "sqlite": ("One process, SQLite", "一个进程，SQLite"),
    "postgresql": ("One process, PostgreSQL", "一个进程，PostgreSQL"),
    "processes": ("Four processes, PostgreSQL and Chroma", "四个进程，PostgreSQL 与 Chroma"),
    "turns": ("Turns a second", "每秒轮次"),
    "messages": ("Messages a second", "每秒消息"),
    "question": ("Question answered, p50 / p95 / p99", "问题得到回答，p50 / p95 / p99"),
    "emergency": ("Emergency told, p50 / p95", "紧急得到答复，p50 / p95"),
    "colleague": ("A colleague's reply shown, p50 / p95", "同事回复送达，p50 / p95"),
    "queue": ("Oldest that waits", "最久等待"),
    "fate": ("Sent / lost / doubled", "发出 / 丢失 / 重复"),
    "process": ("Process", "进程"),
    "cpu_turn": ("CPU a turn", "每轮次 CPU"),
    "cpu_share": ("Share of a core", "占用核"),
    "memory": ("Memory", "内存"),
    "stage": ("Stage", "阶段"),
    "mean": ("Mean", "平均"),
    "a_turn": ("A turn", "每轮次"),
    "limit": ("At the limit", "上限"),
    "too_much": ("One step more", "再快一档"),
    "before": ("Usual day", "平日"),
    "peak": ("Peak", "高峰"),
    "after": ("Usual day again", "恢复平日"),
    "recovered": ("After the line was gone", "队列清空后"),
    "all": ("All", "全程"),
    "told": ("Told once how long it takes", "被告知一次等候时间的人"),
    "drained": ("Seconds until nothing waited any more", "到无人等候所需秒数"),
    "none": ("–", "–"),
}


def machine() -> dict[str, str]:
    """What the figures were measured on, and with."""
    cpus = re.findall(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    kb = re.findall(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    return {
        "cpu": cpus[0] if cpus else platform.machine(),
        "cores": str(os.cpu_count()),
        "gb": str(round(int(kb[0]) / 1024**2)) if kb else "?",
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "with": ", ".join(
            [
                f"Python {platform.python_version()}",
                f"SQLite {sqlite3.sqlite_version}",
                _postgres(),
                f"Chroma {version('chromadb')}",
                f"onnxruntime {version('onnxruntime')}",
            ]
        ),
        "command": " ".join(["python -m benchmarks.load", *_arguments()]),
    }


def write(page: Path, figures: Mapping[str, Any]) -> None:
    """Put the figures into a page and its translation, where their markers stand.

    Raises:
        ValueError: a page lacks a marker; nothing is written.
    """
    pages = [page, page.with_name(f"{page.stem}.zh-CN{page.suffix}")]
    written = [_filled(each.read_text("utf-8"), figures, tongue=place) for place, each in enumerate(pages)]
    for each, text in zip(pages, written, strict=True):
        each.write_text(text, "utf-8")


def _filled(text: str, figures: Mapping[str, Any], *, tongue: int) -> str:
    for name, rows in _parts(figures, tongue):
        begin = _BEGIN.format(name)
        before, found, rest = text.partition(begin)
        _, ended, after = rest.partition(_END)
        if not found or not ended:
            raise ValueError(f"the page has no {begin} … {_END}")
        text = "\n".join([before + begin, *rows, _END + after])
    return text


def _parts(figures: Mapping[str, Any], tongue: int) -> Iterator[tuple[str, list[str]]]:
    yield "machine", _machine_rows(figures["machine"], tongue)
    if climbs := figures["climbs"]:
        yield "limits", _limit_rows(climbs, tongue)
        yield "costs", _cost_rows(climbs, tongue)
        yield "stages", _stage_rows(climbs, tongue)
    if peak := figures.get("peak"):
        yield "peak", _peak_rows(peak, tongue)


def _machine_rows(facts: Mapping[str, str], tongue: int) -> list[str]:
    cores = _word("cores", tongue).format(n=facts["cores"], gb=facts["gb"])
    return [
        f"- {_word('machine', tongue)}: {facts['cpu']}, {cores}",
        f"- {_word('with', tongue)}: {facts['with']}",
        f"- {_word('date', tongue)}: {facts['at']}, `{facts['command']}`",
    ]


def _limit_rows(climbs: Mapping[str, Any], tongue: int) -> list[str]:
    def column(climbed: Mapping[str, Any]) -> list[str]:
        at = climbed["limit"]
        if at is None:
            return ["–"] * 6 + [_fate(climbed["verdict"])]
        return [
            str(at["turns_a_second"]),
            str(at["messages_a_second"]),
            _spread(at["waits_s"].get("question"), "p50", "p95", "p99"),
            _spread(at["waits_s"].get("emergency"), "p50", "p95"),
            _spread(at["waits_s"].get("colleague"), "p50", "p95"),
            f"{at['queue_age_s']} s",
            _fate(climbed["verdict"]),
        ]

    names = ("turns", "messages", "question", "emergency", "colleague", "queue", "fate")
    columns = [column(each) for each in climbs.values()]
    rows = [[_word(name, tongue), *(each[n] for each in columns)] for n, name in enumerate(names)]
    return _table([_word("limit", tongue), *(_word(kind, tongue) for kind in climbs)], rows)


def _cost_rows(climbs: Mapping[str, Any], tongue: int) -> list[str]:
    rows = []
    for kind, climbed in climbs.items():
        at = climbed["limit"] or climbed["too_much"]
        for process, ms in at["cpu_ms_a_turn"].items():
            rows.append(
                [_word(kind, tongue), process, f"{ms} ms", str(at["cpu_share"][process]), f"{at['mb'][process]} MB"]
            )
    return _table(["", *(_word(each, tongue) for each in ("process", "cpu_turn", "cpu_share", "memory"))], rows)


def _stage_rows(climbs: Mapping[str, Any], tongue: int) -> list[str]:
    rows = []
    for kind, climbed in climbs.items():
        at = climbed["limit"] or climbed["too_much"]
        rows += [
            [_word(kind, tongue), stage, f"{took['mean']} ms", f"{took['a_turn']} ms"]
            for stage, took in at["stage_ms"].items()
        ]
        for process, parts in at.get("where_time_goes", {}).items():
            rows += [[_word(kind, tongue), f"{process}: {part}", "", f"{share:.0%}"] for part, share in parts.items()]
    return _table(["", *(_word(each, tongue) for each in ("stage", "mean", "a_turn"))], rows)


def _peak_rows(peak: Mapping[str, Any], tongue: int) -> list[str]:
    names = ("before", "peak", "after", "recovered")
    rows = [
        [
            _word(name, tongue),
            str(peak[name]["messages_a_second"]),
            str(peak[name]["turns_a_second"]),
            _spread(peak[name]["waits_s"].get("question"), "p50", "p95"),
            _spread(peak[name]["waits_s"].get("emergency"), "p50", "p95"),
            f"{peak[name]['queue_age_s']} s",
        ]
        for name in names
    ]
    everything = [_spread(peak["waits_s"].get(kind), "p50", "p95") for kind in ("question", "emergency")]
    rows.append([_word("all", tongue), "", "", *everything, ""])
    heads = ("messages", "turns", "question", "emergency", "queue")
    return [
        *_table(["", *(_word(each, tongue).partition(",")[0].partition("，")[0] for each in heads)], rows),
        "",
        f"- {_word('fate', tongue)}: {_fate(peak['verdict'])}",
        f"- {_word('told', tongue)}: {peak['verdict']['told_to_wait']}",
        f"- {_word('drained', tongue)}: {peak['recovered_s']}",
    ]


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _spread(found: Mapping[str, float] | None, *names: str) -> str:
    return " / ".join(f"{found[name]:g}" for name in names) + " s" if found else "–"


def _fate(verdict: Mapping[str, Any]) -> str:
    return f"{verdict['sent']} / {verdict['lost']} / {verdict['doubled']}"


def _word(name: str, tongue: int) -> str:
    return _WORDS[name][tongue]


def _postgres() -> str:
    folder = programs()
    if folder is None:
        return "no PostgreSQL"
    said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    return f"PostgreSQL {said.split()[2]}"


def _arguments() -> list[str]:
    """As they were given, without paths of this machine."""
    given = iter(sys.argv[1:])
    kept = []
    for each in given:
        if each in {"--data", "--profile"}:
            next(given, None)
        else:
            kept.append(each)
    return kept
