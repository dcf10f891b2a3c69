"""The worked example of docs/service-levels.md, computed by the production functions."""

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from handoff.business_time import deadline
from handoff.kinds import ClockKind, Level, Tier
from handoff.policy import load

DOCS = Path(__file__).resolve().parents[3] / "docs"
BEIJING = ZoneInfo("Asia/Shanghai")
ASKED = datetime(2026, 9, 30, 17, 0, tzinfo=BEIJING)


@pytest.mark.parametrize(
    ("tier", "clock", "due"),
    [
        (Tier.STANDARD, ClockKind.FR, datetime(2026, 10, 8, 12, 0, tzinfo=BEIJING)),
        (Tier.STANDARD, ClockKind.RS, datetime(2026, 10, 13, 18, 0, tzinfo=BEIJING)),
        (Tier.GOLD, ClockKind.FR, datetime(2026, 9, 30, 21, 0, tzinfo=BEIJING)),
        (Tier.GOLD, ClockKind.RS, datetime(2026, 10, 8, 18, 0, tzinfo=BEIJING)),
    ],
)
def test_the_documents_say_what_is_computed(tier: Tier, clock: ClockKind, due: datetime) -> None:
    """Each due instant is the contract's, and stands in both languages, with the target as the contract has it."""
    term = load().term(Level.QUESTION, tier, clock)
    assert term is not None
    found = deadline(term.target.calendar, ASKED, term.target.unit, term.target.amount)
    assert found == due
    english, chinese = ((DOCS / name).read_text("utf-8") for name in ("service-levels.md", "service-levels.zh-CN.md"))
    assert f"**{due.day} {due:%B %Y, %H:%M}**" in english
    assert f"**{due:%Y-%m-%d %H:%M}**" in chinese
    if tier is Tier.STANDARD:
        assert f"`{term.target.label}`" in english
        assert f"`{term.target.label}`" in chinese
