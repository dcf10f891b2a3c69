"""A small sales festival (benchmarks/load): the real program, strict platforms, twenty times the usual pace."""

import json
from pathlib import Path

import pytest

from benchmarks.load.peak import Festival, hold
from benchmarks.load.playing import Players, playing

FESTIVAL = Festival(usual=2, seconds=15)


@pytest.mark.crash
@pytest.mark.xdist_group("soak")
@pytest.mark.timeout(600)
async def test_a_rush_is_worked_off_and_loses_nothing(indexed: Path, tmp_path: Path, record_property) -> None:
    """Some 450 messages in 300 groups, twice what can be answered: each has its turn, each answer is shown once."""
    players = Players(groups=300, seed=7)
    async with playing(
        "sqlite", tmp_path, players, tell=lambda facts: print(json.dumps(facts)), indexed=indexed
    ) as play:
        figures = await hold(play, FESTIVAL)
    print(json.dumps(figures, ensure_ascii=False))
    record_property("figures", figures)
    verdict = figures["verdict"]
    assert (verdict["lost"], verdict["doubled"]) == (0, 0), verdict
    assert verdict["sent"] > 300
    assert figures["recovered_s"] is not None
    assert figures["waits_s"]["question"]
