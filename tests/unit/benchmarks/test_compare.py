"""Who is ahead, what counts as right, and how it is drawn and told."""

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from benchmarks.compare import plots, report, scripts, sla, turns
from benchmarks.compare.plots import Bar
from benchmarks.compare.tables import best, table
from knowledge.golden import Golden


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        ((10.0, [("a", 5.0), ("b", 8.0)], True), ("b", 1.25, "ours")),
        ((10.0, [("a", 5.0), ("b", 8.0)], False), ("a", 2.0, "other")),
        ((10.0, [("a", 10.2)], True), ("a", 1.02, "equal")),
        ((10.0, [("a", 10.3)], True), ("a", 1.03, "other")),
        ((0.0, [("a", 0.0)], False), ("a", None, "equal")),
        ((0.0, [("a", 3.0)], False), ("a", None, "ours")),
        ((3.0, [("a", 0.0)], False), ("a", None, "other")),
    ],
)
def test_who_is_ahead(given, verdict) -> None:
    """Losses are told as wins are; two per cent are nobody's."""
    ours, others, more = given
    found = best("it", ours, others, more=more)
    assert found is not None
    assert (found.who, found.ratio and round(found.ratio, 6), found.ahead) == verdict


def test_nobody_to_compare_with() -> None:
    """Without the others there is no verdict."""
    assert best("it", 1.0, [], more=True) is None


def test_business_time_is_judged_by_what_is_expected() -> None:
    """Right, wrong, error, cannot; speed over what is right, ours over the same."""
    found = {"a": {"got": 1, "us": 9.0}, "b": {"got": 2, "us": 1.0}, "c": {"error": "no answer"}, "d": {"cannot": True}}
    own = {name: {"got": n, "us": float(n)} for n, name in enumerate("abcde", start=1)}
    counted = sla.counted(found, own, {"a": 1, "b": 9, "c": 3, "d": 4, "e": 5})
    assert counted == {"vectors": 5, "right": 1, "wrong": 1, "error": 1, "cannot": 2, "us": 9.0, "ours_us": 1.0}


def test_a_deadline_that_never_comes_can_be_right() -> None:
    """None is an answer where None is expected."""
    counted = sla.counted({"a": {"got": None, "us": 1.0}}, {"a": {"got": None, "us": 1.0}}, {"a": None})
    assert counted["right"] == 1


def test_turns_are_judged_by_their_page() -> None:
    """The first page cited decides; a question without a page must not be answered."""
    asked = [Golden(ask=text, pages=pages) for text, pages in (("1", ("p",)), ("2", ("p",)), ("3", ("p",)), ("4", ()))]
    answers = [
        {"outcome": "answered", "pages": ["p", "q"]},
        {"outcome": "answered", "pages": ["q", "p"]},
        {"outcome": "escalate", "pages": []},
        {"outcome": "answered", "pages": ["q"]},
    ]
    found = turns.judged(asked, answers)
    assert {name: pytest.approx(value) for name, value in found.items()} == {
        "questions": 4, "answered_right": 1 / 3, "answered_wrong": 1 / 3, "refused_rightly": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.00512, "0.00512"), (1.239, "1.24"), (52.0, "52.0"), (12345.6, "12,346")]
)
def test_three_digits(value, text) -> None:
    """As many digits as mean something."""
    assert plots.shown(value) == text


@pytest.mark.parametrize("log", [False, True])
def test_bars_are_drawn(log) -> None:
    """Names are text, never markup; the longest bar fits; nothing is drawn for nothing."""
    drawing = ET.fromstring(plots.bars("<a> & b", [Bar("<us>", 5, ours=True), Bar("x", 0)], unit="s", log=log))
    name = "{http://www.w3.org/2000/svg}"
    widths = [float(each.attrib["width"]) for each in drawing.iter(f"{name}rect")]
    assert widths == [400.0, 0.0]
    assert "<us>" in [each.text for each in drawing.iter(f"{name}text")]


def test_numbers_stand_right_and_bars_stay_text() -> None:
    """A table of Markdown from an iterator; a bar in a name does not end its cell."""
    lines = table(["who", "n"], iter([["a|b", 1], ["c", None]]))
    assert lines == ["| who | n |", "|---|--:|", "| a\\|b | 1 |", "| c | – |", ""]


def test_both_languages_say_the_same_things() -> None:
    """Every sentence of the report is there in both, with the same places to fill in."""

    def leaves(held: object, path: str = "") -> list[str]:
        if isinstance(held, dict) and set(held) != {"en", "zh"}:
            return [leaf for name, value in held.items() for leaf in leaves(value, f"{path}.{name}".lstrip("."))]
        assert isinstance(held, dict), path
        return [path]

    english, chinese = report.Words("en"), report.Words("zh")
    for path in leaves(english.known):
        held = [words.known for words in (english, chinese)]
        for part in path.split("."):
            held = [each[part] for each in held]
        en, zh = held[0]["en"], held[1]["zh"]
        assert type(en) is type(zh)
        if isinstance(en, str):
            assert places(en) == places(zh), path
        else:
            assert len(en) == len(zh), path


def places(text: str) -> set[str]:
    return {part.split("}")[0] for part in text.split("{")[1:]}


def test_a_script_that_fails_says_why() -> None:
    """The end of what it printed, not a stack of ours."""
    with pytest.raises(scripts.Failed, match="No module named"):
        scripts.run(Path(sys.executable), "benchmarks.compare.nothing_of_the_kind", timeout=60)


def test_an_environment_that_is_not_there(tmp_path: Path) -> None:
    """It is said how to get it."""
    with pytest.raises(scripts.Missing, match="make rivals"):
        scripts.Environment(tmp_path / "python").run("sla_bizcal", tmp_path)


def a_job(name: str, database: str, *, ours: bool = False, lost: int = 0) -> dict:
    crash = {"lost": 0, "row_missing": lost, "told_twice": 1, "row_twice": 0, "worked_off_s": 2.0}
    return {
        "name": name, "database": database, "ours": ours, "jobs_per_s": 100.0, "enqueued_per_s": 200.0,
        "start_ms": {"p50": 5.0, "p95": 9.0}, "memory_mb": 70.0, "versions": {name.lower(): "1.0"}, "crash": crash,
    }  # fmt: skip


def test_the_report_of_a_run_in_which_ours_failed_once(tmp_path: Path) -> None:
    """Others' figures stand there, what failed is named, a loss of others is counted; a busy machine is confessed."""
    machine = {
        "cores": 2, "processor": "P", "memory_gb": 8, "system": "Linux", "python": "3.11", "load": 9.0, "at": "today",
    }  # fmt: skip
    failed = {"name": "Aftercare", "database": "PostgreSQL", "ours": True, "missing": "our_jobs: out of memory"}
    rows = [
        a_job("Aftercare", "SQLite", ours=True),
        a_job("huey", "SQLite", lost=7),
        failed,
        a_job("DBOS", "PostgreSQL"),
    ]
    size = {"jobs": 1, "waits": 1, "filled": 1, "kills": 1, "patience_s": 1}
    report.write({"machine": machine, "small": False, "jobs": {"size": size, "rows": rows}}, tmp_path / "benchmarks.md")
    told = (tmp_path / "benchmarks.md").read_text("utf-8")
    assert "Missing: Aftercare: our_jobs: out of memory" in told
    assert "| DBOS | PostgreSQL | 100 | – | 200 |" in told
    assert "| jobs lost after kill -9 on SQLite | 0 | 7 | huey | – | Aftercare |" in told
    assert "load 9.0 on 2 cores" in told
    assert "| huey | 1.0 |" in told
    assert not list(tmp_path.glob("images/benchmarks/*postgresql*"))
