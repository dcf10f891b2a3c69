"""The rules of routing as data: every mistake names its field."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handoff.errors import PolicyError
from handoff.routes import DEFAULT, load, parse

GOOD = dict(load().document)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"silent_percent": 100}, "silent_percent"),
        ({"silent_percent": -1}, "silent_percent"),
        ({"silent_percent": "90"}, "silent_percent"),
        ({"silent_percent": True}, "silent_percent"),
        ({"emergency_weight": 0}, "emergency_weight"),
        ({"teams": {"diamond": "vip"}}, "teams.diamond"),
        ({"teams": {"platinum": "V I P"}}, "teams.platinum"),
        ({"teams": {"platinum": None}}, "teams.platinum"),
        ({"teams": []}, "teams"),
        ({"skills": {"dns": "x" * 10_000}}, "skills.dns"),
        ({"skills": {"dns": ""}}, "skills.dns"),
        ({"skills": {7: "dns"}}, "skills"),
        ({"pass_over_minutes": {"emergency": 3}}, "pass_over_minutes.bug"),
        ({"pass_over_minutes": {"emergency": 0, "bug": 1, "question": 1, "change": 1}}, "pass_over_minutes.emergency"),
        ({"emergency_page": []}, "emergency_page"),
        ({"emergency_page": [{"step": "shout", "minutes": 3}]}, "emergency_page.1.step"),
        ({"emergency_page": [{"step": "lead", "minutes": 3, "loud": 1}]}, "emergency_page.1.loud"),
        ({"emergency_page": [{"step": "lead", "minutes": 3}, {"step": "phone", "minutes": 3}]}, "emergency_page"),
        ({"emergency_page": [{"step": "lead", "minutes": 3}, {"step": "lead", "minutes": 5}]}, "emergency_page"),
        ({"more": 1}, "routes.more"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_by_its_field(changes: dict[str, Any], where: str) -> None:
    """Unknown names, wrong kinds, steps out of order, words without end."""
    with pytest.raises(PolicyError) as refused:
        parse(GOOD | changes)
    assert refused.value.where == where


@pytest.mark.parametrize("document", [None, [], "routes", 7])
def test_a_document_of_another_shape_is_refused(document: object) -> None:
    """An empty file or a list is no set of rules."""
    with pytest.raises(PolicyError):
        parse(document)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a: [", b"", b"skills: 3", b"a: 2026-02-30", b"[" * 5_000])
def test_a_file_that_cannot_be_read_says_so(tmp_path: Path, content: bytes) -> None:
    """Bytes that are no text, YAML that does not close, nothing at all."""
    path = tmp_path / "routes.yaml"
    path.write_bytes(content)
    with pytest.raises(PolicyError, match=r"routes\.yaml"):
        load(path)


def test_never_losing_a_ticket_is_a_choice() -> None:
    """0 per cent: a silent assignee keeps the ticket."""
    assert parse(GOOD | {"silent_percent": 0}).silent is None
    assert load(DEFAULT).silent == 0.9
    assert load(DEFAULT).pass_over["bug"] == timedelta(minutes=15)
