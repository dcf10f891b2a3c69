"""Each target with its beginnings, with anything at all, and with documented shapes turned hostile; then by coverage."""

import copy
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.around import KNOWN
from tests.fuzz.reading import ROOT
from tests.fuzz.targets import ALL, SHAPES, TARGETS, corpus

SLOW = {"page", "defaults", "visits"}  # each writes files
_ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.just({}), st.just([]),
    st.just("9" * 5000), st.just(2**70), st.just([[[]]]), st.just({"id": None}), st.just("\ud800"), st.just("<!channel>"),
)  # fmt: skip
_NUMBER = re.compile(r"\d+|[〇零一二两兩三四五六七八九十百千万萬亿億半]+")
_NUMERALS = st.text("0123456789.,/-:~ 零一二两三四五六七八九十百千万亿半几多", min_size=1, max_size=8)
ODD_NUMBERS = (
    "0", "00", "-1", "9" * 5_000, "1" + "0" * 330, "1e400", "1,,", "1.2.3.4", "٣", "६", "１２", "²", "①", "½", "Ⅻ", "〇", "十十十",
    "万万亿", "半半", "二0三", "31.2.", "2026-02-30", "0/0/0", "99:99", "24:60", "9999年", "0月0日", "∞", "NaN",
)  # fmt: skip


@pytest.mark.parametrize("name", TARGETS)
def test_the_beginnings(name: str) -> None:
    """What each target is meant for, and the plainest nonsense."""
    for data in corpus(name):
        TARGETS[name](data)


@pytest.mark.parametrize("name", TARGETS)
def test_anything(name: str) -> None:
    """Random bytes, and pieces of what it knows cut and joined."""
    known = [data for data in corpus(name) if data]
    pieces = st.sampled_from(known).flatmap(
        lambda whole: st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole))).map(
            lambda cut: whole[min(cut) : max(cut)]
        )
    )

    @settings(
        max_examples=40 if name in SLOW else 150, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(st.one_of(st.binary(max_size=40), pieces, st.text(max_size=20).map(lambda t: t.encode("utf-8", "replace"))), max_size=6).map(b"".join))  # fmt: skip
    def holds(data: bytes) -> None:
        TARGETS[name](data)

    holds()


def _places(shape: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something stands in a JSON value."""
    found = [path] if path else []
    inner = shape.items() if isinstance(shape, dict) else enumerate(shape) if isinstance(shape, list) else ()
    for key, value in inner:
        found += _places(value, (*path, key))
    return found


@st.composite
def _hostile(draw: st.DrawFn, name: str) -> bytes:
    """A documented shape with some of its parts taken away, doubled or put in the place of others."""
    shape = copy.deepcopy(draw(st.sampled_from(SHAPES[name])))
    for _ in range(draw(st.integers(1, 4))):
        places = _places(shape)
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        room = shape
        for step in way:
            room = room[step]
        if draw(st.booleans()):
            room[last] = copy.deepcopy(draw(_ODD))
        elif isinstance(room, dict):
            del room[last]
    return json.dumps(shape).encode()


@pytest.mark.parametrize("name", SHAPES)
def test_hostile_shapes(name: str) -> None:
    """Nothing but a refusal or a translation comes of them."""

    @settings(max_examples=600, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(_hostile(name))
    def holds(data: bytes) -> None:
        TARGETS[name](data)

    holds()


@pytest.mark.parametrize("name", KNOWN)
def test_odd_numbers(name: str) -> None:
    """What people really write, with numbers of other scripts, of all lengths, and of no value in the place of theirs."""
    known = KNOWN[name]()

    def odd(row: bytes, numbers: list[str]) -> bytes:
        put = iter(numbers)
        text = _NUMBER.sub(lambda found: next(put, found.group()), row[1:].decode())
        return row[:1] + text.encode()

    @settings(max_examples=400 if name == "answers" else 80, deadline=None, database=None, suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(st.sampled_from(known), st.lists(st.one_of(_NUMERALS, st.sampled_from(ODD_NUMBERS)), min_size=1, max_size=4))
    def holds(row: bytes, numbers: list[str]) -> None:
        TARGETS[name](odd(row, numbers))

    holds()


@pytest.mark.timeout(400)
def test_guided_by_coverage(tmp_path: Path) -> None:
    """All in one, from one seed, that a commit is judged alike twice; `make fuzz` hunts: one by one, longer, by chance."""
    if importlib.util.find_spec("atheris") is None:
        if "CI" in os.environ:
            pytest.fail("atheris is not installed")
        pytest.skip("atheris is not installed")
    ran = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", ALL, "--seconds", "60", "--seed", "9"],
        cwd=ROOT, capture_output=True, text=True, timeout=380, check=False, env=os.environ | {"TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-1500:]  # the traceback, then the input
    assert "number_of_executed_units" in ran.stderr
