"""Two minutes of the soak (benchmarks/soak): the real program, strict platforms, faults, a kill."""

import json
from pathlib import Path

import pytest

from benchmarks.soak.play import Plan, play, prepare
from benchmarks.soak.report import write_report
from benchmarks.theatre.on_telegram import OnTelegram
from bot.settings import Settings

PLAN = Plan(rate=20, seconds=120, kills=1, fault_every_s=2, drain_s=240, seed=7, sample_s=5)


@pytest.mark.crash
@pytest.mark.xdist_group("soak")
@pytest.mark.timeout(600)
async def test_two_minutes_of_clients_and_faults(indexed: Path, tmp_path: Path, record_property) -> None:
    """2,400 messages in 200 groups: all stored, one turn each, every answer shown once; the process does not grow."""
    settings = Settings(data=tmp_path / "data")
    await prepare(settings, indexed=indexed)
    figures = await play(PLAN, [OnTelegram(chats=200)], settings, tell=lambda facts: print(json.dumps(facts)))
    print(json.dumps(figures, ensure_ascii=False))
    record_property("figures", figures)
    assert figures["sent"] == PLAN.rate * PLAN.seconds
    assert figures["drained"]
    assert (figures["lost"], figures["doubled"]) == (0, 0), figures
    assert (figures["kills"], figures["deliveries_failed"], figures["refused_by_limits"]) == (1, 0, 0)
    assert figures["faults"] > 10
    memory = figures["memory_mb"]
    assert memory["last_third"] < 1.5 * memory["first_third"] + 100
    write_report(figures, PLAN, tmp_path, chats=200, processes=1)
    for page in ("soak.md", "soak.zh-CN.md"):
        told = (tmp_path / page).read_text("utf-8")
        assert told.count("| **0** |") == 2
        assert "{" not in told
