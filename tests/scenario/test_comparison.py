"""The comparison with others, small, where nothing of the others is installed: what is missing is named, ours is told."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from knowledge.e5 import E5Embedder

ROOT = Path(__file__).parents[2]
PAGES = {
    "password": ("怎么重置密码", "在登录页点忘记密码，填邮箱，收到邮件后设一个新密码。"),
    "title": ("怎么改网站标题", "进入设置，常规，把站点标题改成新的名字，保存。"),
    "invoice": ("发票在哪里下载", "在账户页的账单一栏，可以下载每个月的电子发票。"),
}
OFFICE = {
    "tz": "Asia/Shanghai", "weekly": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "closed_dates": [], "special_dates": {}, "note": "",
}  # fmt: skip
DEADLINE = {
    "id": "D1", "calendar": "office", "unit": "business_seconds", "start": "2026-11-20T09:30:00Z", "amount": 3600,
    "expected": "2026-11-23T01:30:00Z", "tags": [],
}  # fmt: skip
ELAPSED = {
    "id": "E1", "calendar": "office", "start": "2026-11-20T09:30:00Z", "end": "2026-11-23T01:30:00Z",
    "expected_s": 3600, "tags": [],
}  # fmt: skip


@pytest.fixture
def packs(tmp_path: Path) -> Path:
    """One pack of three pages."""
    pack = tmp_path / "packs" / "help-zh"
    pack.mkdir(parents=True)
    corpus = [{"id": name, "title": title, "text": text, "lang": "zh"} for name, (title, text) in PAGES.items()]
    asked = [{"id": f"q-{name}", "text": title, "relevant": [name]} for name, (title, _) in PAGES.items()]
    (pack / "corpus.jsonl").write_text("\n".join(map(json.dumps, corpus)), "utf-8")
    (pack / "queries.jsonl").write_text("\n".join(map(json.dumps, asked)), "utf-8")
    return pack.parent


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    """A deadline over a weekend, and the way back."""
    folder = tmp_path / "vectors"
    folder.mkdir()
    for name, held in {"calendars": {"office": OFFICE}, "deadline": [DEADLINE], "elapsed": [ELAPSED]}.items():
        (folder / f"vectors_{name}.json").write_text(json.dumps(held), "utf-8")
    return folder


def compare(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.compare", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


@pytest.mark.timeout(300)
def test_nothing_of_the_others_is_there(embedder: E5Embedder, packs: Path, vectors: Path, tmp_path: Path) -> None:
    """The report has our figures, and of each of the others how to get them."""
    assert embedder  # its file is there
    report = tmp_path / "docs" / "benchmarks.md"
    done = compare(
        "--small", "--only", "retrieval,sla,jobs", "--packs", packs, "--vectors", vectors, "--bench", tmp_path / "bench",
        "--model", Path(sys.prefix) / "aftercare-test-model", "--report", report,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for part, others in {
        "retrieval": ("Haystack", "LlamaIndex", "LangChain", "bm25s"),
        "sla": ("django-bizcal", "businesstimedelta", "business-duration", "bizdurr", "workalendar"),
        "jobs": ("huey", "DBOS", "procrastinate"),
    }.items():
        for other in others:
            assert f"missing in {part}: {other}: no environment of the others" in done.stderr
    assert "make rivals" in done.stderr
    found = json.loads(done.stdout)
    ours = {part: [row for row in held if row["ours"]] for part, held in rows(found).items()}
    assert [row["ndcg"] for row in ours["retrieval"]] == [1.0]
    assert [(row["deadline"]["right"], row["elapsed"]["right"]) for row in ours["sla"]] == [(1, 1)]
    on_sqlite = next(row for row in ours["jobs"] if row["database"] == "SQLite")
    assert on_sqlite["jobs_per_s"] > 0
    assert {name: on_sqlite["crash"][name] for name in ("lost", "row_missing", "row_twice")} == dict.fromkeys(
        ("lost", "row_missing", "row_twice"), 0
    )
    assert "turns" not in found
    english, chinese = report.read_text("utf-8"), report.with_suffix(".zh-CN.md").read_text("utf-8")
    assert "Missing: Haystack: no environment" in english
    assert "缺少: Haystack" in chinese
    assert "small run" in english
    assert "Not measured in this run." in english
    drawings = list((report.parent / "images" / "benchmarks").glob("*.svg"))
    assert drawings
    for drawing in drawings:
        ET.parse(drawing)
        assert drawing.name in english + chinese


def rows(found: dict) -> dict[str, list[dict]]:
    return {
        "retrieval": found["retrieval"]["packs"]["help-zh"]["rows"],
        "sla": found["sla"]["rows"],
        "jobs": found["jobs"]["rows"],
    }


def test_no_packs_and_no_vectors(tmp_path: Path) -> None:
    """What the comparison itself lacks is named as well, and the run ends well."""
    done = compare("--only", "retrieval,sla", "--packs", tmp_path, "--vectors", tmp_path, "--bench", tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["sla"] == {"missing": f"no vectors in {tmp_path}: give their folder with --vectors"}
    assert f"missing in retrieval: all of it: no evaluation packs in {tmp_path}" in done.stderr


def test_a_part_that_is_not_known() -> None:
    """A mistyped part is refused, not skipped."""
    done = compare("--only", "retrieval,slo")
    assert done.returncode == 2
    assert "not slo" in done.stderr
