"""A few rows of the fault matrix (benchmarks/chaos): several processes, a real database that dies, nothing lost."""

import json
from pathlib import Path

import pytest

from benchmarks.chaos.faults import FAULTS
from benchmarks.chaos.field import opened
from benchmarks.chaos.play import Pace, play
from benchmarks.chaos.report import CHINESE, write_report

PACE = Pace(rate=2.0, before=3.0, after=4.0)
QUICK = [fault for fault in FAULTS if fault.quick]

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("chaos")]


@pytest.mark.timeout(900)
async def test_the_quick_rows(tmp_path: Path, record_property) -> None:
    """One fleet, one fault after another under traffic: 0 lost, 0 doubled, whole again each time."""
    rows: list[dict[str, object]] = []
    async with opened(tmp_path) as field:
        for seed, fault in enumerate(QUICK):
            rows.append(await play(field, fault, pace=PACE, seed=seed))
            print(json.dumps(rows[-1], ensure_ascii=False))
    record_property("rows", rows)
    write_report(rows, tmp_path, rate=PACE.rate, skipped=[])
    for row in rows:
        assert (row["lost"], row["doubled"], row["drained"]) == (0, 0, True), row
        assert row["sent"] > 10
    for page in ("faults.md", "faults.zh-CN.md"):
        assert (tmp_path / page).read_text("utf-8").count("| **0** | **0** |") == len(QUICK)


def test_every_row_is_told_in_both_languages() -> None:
    """A new fault is named in Chinese too, and no name stands twice."""
    assert [fault.name for fault in FAULTS] == list(CHINESE)
