"""Our limits against Telegram's: whoever always sends as soon as they let through never meets a refusal."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Connection

from bot.channels.telegram.sending import Limits
from store import rates
from store.db import Database

START = datetime(2026, 11, 24, tzinfo=UTC)


async def test_any_stretch_of_time_keeps_below_telegrams_limits(tmp_path: Path) -> None:
    """Twenty a minute in a group, three in three seconds in a chat; after a pause seven go out within ten seconds."""
    limits = Limits()
    buckets = {"chat": limits.chat, "group": limits.group}

    def busy(conn: Connection) -> list[datetime]:
        sent, now = [], START
        while now < START + timedelta(minutes=4):
            taking = conn.begin_nested()
            waits = [rates.take(conn, name, per=per, limit=many, now=now) for name, (many, per) in buckets.items()]
            wait = max((each for each in waits if each), default=None)
            if wait is None:
                taking.commit()
                sent.append(now)
            else:
                taking.rollback()
            now += wait or timedelta()
        return sent

    db = await Database.open(f"sqlite:///{tmp_path / 'db.sqlite3'}")
    sent = await db.write(busy)
    await db.close()
    for many, span in ((20, timedelta(minutes=1)), (3, timedelta(seconds=3))):
        assert all(sum(at <= each < at + span for each in sent) <= many for at in sent), (many, span)
    assert sent[6] - sent[0] < timedelta(seconds=10)
    assert all(first <= second for first, second in pairwise(sent))
