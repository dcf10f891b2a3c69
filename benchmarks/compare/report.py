"""The report: what was measured, as Markdown in both languages with plots. Who is ahead, tables.py decides."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from benchmarks.compare import plots
from benchmarks.compare.plots import Bar
from benchmarks.compare.tables import Measured, best, table

Row = Mapping[str, Any]
LANGUAGES = ("en", "zh")
IMAGES = Path("images") / "benchmarks"
COMMAND = "python -m benchmarks.compare --report docs/benchmarks.md"


@dataclass
class Words:
    """The sentences of one language."""

    language: str
    known: Mapping[str, Any] = field(
        default_factory=lambda: yaml.safe_load(Path(__file__).with_name("words.yaml").read_text("utf-8"))
    )

    def __call__(self, name: str, **facts: object) -> Any:
        found: Any = self.known
        for part in name.split("."):
            found = found[part]
        said = found[self.language]
        return said.format(**facts) if isinstance(said, str) else said


@dataclass
class Page:
    """One language's report as it grows."""

    words: Words
    images: Path
    lines: list[str] = field(default_factory=list)
    ahead: list[Measured] = field(default_factory=list)

    def say(self, *lines: str) -> None:
        self.lines += [*lines, ""]

    def plot(self, name: str, title: str, rows: Iterable[Bar], *, unit: str = "", log: bool = False) -> None:
        """Draw it, sorted, and show it."""
        sorted_rows = sorted(rows, key=lambda row: -row.value)
        if any(row.value > 0 for row in sorted_rows):
            drawing = plots.bars(title, sorted_rows, unit=unit, log=log)
            name = f"{name}.zh-CN" if self.words.language == "zh" else name
            self.say(f"![{title}]({IMAGES.as_posix()}/{plots.write(self.images, name, drawing)})")

    def compare(self, found: Measured | None) -> None:
        if found is not None:
            self.ahead.append(found)


def write(found: Mapping[str, Any], path: Path) -> None:
    """Both languages and the plots."""
    for language in LANGUAGES:
        target = path if language == "en" else path.with_suffix(f".zh-CN{path.suffix}")
        target.parent.mkdir(parents=True, exist_ok=True)
        text = "\n".join(told(found, Page(Words(language), path.parent / IMAGES)))
        target.write_text(f"{text.rstrip()}\n", "utf-8")


def told(found: Mapping[str, Any], page: Page) -> Iterator[str]:
    """The lines of the report."""
    words, machine = page.words, found["machine"]
    for name, section in SECTIONS.items():
        page.say(f"## {words(f'{name}.title')}")
        if name not in found:
            page.say(words("not_run"))
        elif "missing" in found[name]:
            page.say(f"{words('missing')}: {found[name]['missing']}")
        else:
            section(page, found[name])
    yield from (f"# {words('title')}", "", words("switch"), "", words("intro"), "")
    if found["small"]:
        yield from (words("small"), "")
    elif machine["load"] > machine["cores"]:
        yield from (words("busy", **machine), "")
    yield from (words("run", **machine), "", "```sh", COMMAND, "```", "")
    if page.ahead:
        yield from (f"## {words('bottom')}", "", words("bottom_text"), "")
        said = words("ahead")
        yield from table(
            words("ahead_head"),
            (
                (one.what, one.ours, one.other, one.who, one.ratio and f"{one.ratio:.2f}", said[one.ahead])
                for one in page.ahead
            ),
        )
    yield from page.lines
    yield from (f"## {words('versions')}", "", words("versions_text"), "")
    yield from table(words("versions_head"), sorted(versions(found).items()))


def versions(found: object) -> dict[str, str]:
    """Every package's that any script named."""
    if isinstance(found, Mapping):
        here = dict(found.get("versions", {}))
        return here | {name: version for value in found.values() for name, version in versions(value).items()}
    if isinstance(found, list):
        return {name: version for value in found for name, version in versions(value).items()}
    return {}


def whole(rows: Iterable[Row]) -> list[Row]:
    """Those with figures."""
    return [row for row in rows if "missing" not in row]


def gaps(page: Page, rows: Iterable[Row]) -> None:
    """Name what could not be measured."""
    for row in rows:
        if "missing" in row:
            page.say(f"{page.words('missing')}: {row['name']}: {row['missing']}")


def label(row: Row) -> str:
    return f"{row['name']}, {row['way']}" if row.get("way") and not row["ours"] else str(row["name"])


def retrieval(page: Page, found: Mapping[str, Any]) -> None:
    words, packs = page.words, found["packs"]
    page.say(words("retrieval.method").strip())
    page.say(f"### {words('retrieval.quality')}")
    names = list(dict.fromkeys(label(row) for pack in packs.values() for row in whole(pack["rows"])))
    scores = {(label(row), name): row for name, pack in packs.items() for row in whole(pack["rows"])}
    cells = (
        [
            who,
            *(
                f"{row['ndcg']:.3f} ({row['recall']:.3f})" if (row := scores.get((who, name))) else None
                for name in packs
            ),
        ]
        for who in names
    )
    page.lines += table(["", *(f"{name} ({pack['queries']})" for name, pack in packs.items())], cells)
    first = next(iter(packs.values()))["rows"]
    gaps(page, first)
    for name in [one for one in ("help-zh", "help-en") if one in packs] or list(packs)[:1]:
        rows = whole(packs[name]["rows"])
        page.plot(f"retrieval-{name}", words("retrieval.plot", pack=name), (bar(row, row["ndcg"]) for row in rows))
    name = next(iter(packs))
    rows = whole(packs[name]["rows"])
    own = next(row for row in rows if row["ours"])
    page.say(f"### {words('retrieval.speed', pack=name)}")
    page.lines += table(
        words("retrieval.speed_head"),
        (
            [label(row), row["ms"]["p50"], row["ms"]["p95"], row["ms"]["p50"] / own["ms"]["p50"], row["index_s"],
             row["embed_s"], row["embedded"], row["memory_mb"]] for row in rows
        ),
    )  # fmt: skip
    page.plot(
        "retrieval-ms", words("retrieval.plot_ms", pack=name), (bar(row, row["ms"]["p50"]) for row in rows), log=True
    )
    for each, pack in packs.items():
        beside = whole(pack["rows"])
        mine = next(row for row in beside if row["ours"])
        page.compare(against(words("retrieval.ndcg", pack=each), mine, beside, lambda row: row["ndcg"], more=True))
    vectors = [row for row in rows if row["embedded"] and row["way"] != "bm25"]
    page.compare(against(words("retrieval.ms", pack=name), own, vectors, lambda row: row["ms"]["p50"], more=False))
    page.compare(
        against(
            words("retrieval.index", pack=name), own, vectors, lambda row: row["index_s"] + row["embed_s"], more=False
        )
    )
    page.compare(against(words("retrieval.mb", pack=name), own, vectors, lambda row: row["memory_mb"], more=False))


def bar(row: Row, value: float) -> Bar:
    return Bar(label(row), value, ours=row["ours"])


def against(what: str, own: Row, rows: Iterable[Row], value: Callable[[Row], float], *, more: bool) -> Measured | None:
    others = [(label(row), value(row)) for row in rows if not row["ours"]]
    return best(what, value(own), others, more=more)


def turns(page: Page, found: Mapping[str, Any]) -> None:
    words, rows = page.words, whole(found["rows"])
    own = next(row for row in rows if row["ours"])
    page.say(words("turns.method", questions=found["questions"], **facts(found["plan"])).strip())
    gaps(page, found["rows"])
    page.say(f"### {words('turns.answered')}")
    shares = ("answered_right", "answered_wrong", "refused_rightly")
    page.lines += table(
        words("turns.answered_head"), ([row["name"], *(f"{row[each]:.1%}" for each in shares)] for row in rows)
    )
    page.plot("turns-right", words("turns.plot"), (bar(row, row["answered_right"]) for row in rows))
    page.say(f"### {words('turns.speed')}")
    page.lines += table(
        words("turns.speed_head"),
        (
            [row["name"], row["ms"]["p50"], row["ms"]["p95"], row["turns_per_s"], row["memory_mb"],
             chat["ms"]["p50"], chat["ms"]["p95"], chat["burst_turns_per_s"], chat["memory_mb"], chat["ready_s"]]
            for row in rows for chat in (row["telegram"],)
        ),
    )  # fmt: skip
    page.plot("turns-rate", words("turns.plot_rate"), (bar(row, row["turns_per_s"]) for row in rows), log=True)
    page.say(f"### {words('turns.emergency', text=found['emergency'])}")
    for row in rows:
        said = "\n".join(f"> {line}" for line in row["telegram"]["emergency_said"].split("\n"))
        page.say(f"**{row['name']}**", "", said)
    measured: list[tuple[str, Callable[[Row], float], bool]] = [
        ("right", lambda row: row["answered_right"], True),
        ("wrong", lambda row: row["answered_wrong"], False),
        ("refused", lambda row: row["refused_rightly"], True),
        ("rate", lambda row: row["turns_per_s"], True),
        ("telegram_ms", lambda row: row["telegram"]["ms"]["p50"], False),
        ("burst", lambda row: row["telegram"]["burst_turns_per_s"], True),
        ("mb", lambda row: row["telegram"]["memory_mb"], False),
    ]
    for name, value, more in measured:
        page.compare(against(words(f"turns.{name}"), own, rows, value, more=more))


def facts(plan: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in plan.items() if name != "questions"}


def sla(page: Page, found: Mapping[str, Any]) -> None:
    words, rows = page.words, whole(found["rows"])
    own, kinds = next(row for row in rows if row["ours"]), words("sla.kinds")
    page.say(words("sla.method").strip())
    gaps(page, found["rows"])
    columns = ("right", "wrong", "error", "cannot", "us", "ours_us")
    page.lines += table(
        words("sla.head"), ([row["name"], *(row[kind][each] for kind in kinds for each in columns)] for row in rows)
    )
    whole_of = {kind: own[kind]["vectors"] for kind in kinds}
    page.plot(
        "sla", words("sla.plot", all=sum(whole_of.values())),
        (bar(row, sum(row[kind]["right"] for kind in kinds)) for row in rows),
    )  # fmt: skip
    for kind, name in kinds.items():
        page.compare(against(words("sla.right", kind=name, all=whole_of[kind]), own, rows, _right(kind), more=True))
        for row in rows:
            timed = row[kind]
            if not row["ours"] and timed["us"] is not None:
                what = words("sla.us", kind=name, who=row["name"])
                page.compare(best(what, timed["ours_us"], [(row["name"], timed["us"])], more=False))


def _right(kind: str) -> Callable[[Row], float]:
    return lambda row: float(row[kind]["right"])


def jobs(page: Page, found: Mapping[str, Any]) -> None:
    words, rows = page.words, whole(found["rows"])
    page.say(words("jobs.method", **found["size"]).strip())
    gaps(page, found["rows"])
    own = {row["database"]: row for row in rows if row["ours"]}
    page.lines += table(
        words("jobs.head"),
        (
            [row["name"], row["database"], row["jobs_per_s"], times(row, own),
             row["enqueued_per_s"], row["start_ms"]["p50"], row["start_ms"]["p95"], row["memory_mb"]] for row in rows
        ),
    )  # fmt: skip
    killed = [row for row in rows if "crash" in row]
    page.say(f"### {words('jobs.crash')}")
    page.lines += table(
        words("jobs.crash_head"),
        (
            [row["name"], row["database"], gone(row), row["crash"]["told_twice"], row["crash"]["row_twice"],
             row["crash"]["worked_off_s"]] for row in killed
        ),
    )  # fmt: skip
    for database, mine in own.items():
        beside = [row for row in rows if row["database"] == database]
        page.plot(
            f"jobs-{database.lower()}", words("jobs.plot", database=database),
            (bar(row, row["jobs_per_s"]) for row in beside),
        )  # fmt: skip
        page.compare(
            against(words("jobs.rate", database=database), mine, beside, lambda row: row["jobs_per_s"], more=True)
        )
        page.compare(
            against(
                words("jobs.start", database=database), mine, beside, lambda row: row["start_ms"]["p50"], more=False
            )
        )
        page.compare(
            against(
                words("jobs.lost", database=database), mine, [row for row in beside if row in killed], gone, more=False
            )
        )


def times(row: Row, own: Mapping[str, Row]) -> float | None:
    """How many times as many jobs a second as ours on the same database; None if ours failed there."""
    mine = own.get(row["database"])
    return row["jobs_per_s"] / mine["jobs_per_s"] if mine else None


def gone(row: Row) -> int:
    """Jobs that never told the outside, or never wrote their row."""
    return int(max(row["crash"]["lost"], row["crash"]["row_missing"]))


SECTIONS: dict[str, Callable[[Page, Mapping[str, Any]], None]] = {
    "retrieval": retrieval,
    "turns": turns,
    "sla": sla,
    "jobs": jobs,
}
