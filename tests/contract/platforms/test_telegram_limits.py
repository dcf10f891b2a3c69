"""Our limits against Telegram's: whoever always sends as soon as they let through never meets a refusal."""

from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Connection

from bot.channels.telegram.sending import Limits
from handoff.kinds import ChatKind
from handoff.model import Chat
from store.db import Database
from store.rates import Booked, book, book_in_turn
from tests.databases import migrated_file

START = datetime(2026, 11, 24, tzinfo=UTC)


async def test_any_stretch_of_time_keeps_below_telegrams_limits(tmp_path: Path) -> None:
    """Twenty a minute in a group, three in three seconds in a chat; after a pause seven go out within ten seconds."""
    group = Chat(id=1, platform="telegram", external_id="-1", kind=ChatKind.GROUP)
    buckets = Limits().of(group)

    def busy(conn: Connection) -> list[datetime]:
        sent, now = [], START
        while now < START + timedelta(minutes=4):
            booked = book(conn, buckets, now=now)
            now += booked.wait
            if isinstance(booked, Booked):
                sent.append(now)
        return sent

    db = await Database.open(f"sqlite:///{migrated_file(tmp_path / 'db.sqlite3')}")
    sent = await db.write(busy)
    await db.close()
    for many, span in ((20, timedelta(minutes=1)), (3, timedelta(seconds=3))):
        assert all(sum(at <= each < at + span for each in sent) <= many for at in sent), (many, span)
    assert sent[6] - sent[0] < timedelta(seconds=10)
    assert all(first <= second for first, second in pairwise(sent))


def test_the_pace_over_all_stays_below_the_limit() -> None:
    """Thirty a second, in any second, however the seconds lie."""
    total = Limits().of(Chat(id=1, platform="telegram", external_id="1", kind=ChatKind.DIRECT))[-1]
    assert total.limit + timedelta(seconds=1) / (total.per / total.limit) == 22


async def test_many_chats_at_once_are_let_through_at_a_pace_below_the_limit(tmp_path: Path) -> None:
    """Ninety chats ask in one moment: whenever each comes as it was told, no second sees more than 22 calls."""
    chats = [Chat(id=n, platform="telegram", external_id=str(-n), kind=ChatKind.GROUP) for n in range(1, 91)]

    def busy(conn: Connection) -> list[datetime]:
        sent, waiting = [], [(START, chat.id) for chat in chats]
        while waiting:
            now, number = heappop(waiting)
            *own, shared = Limits().of(chats[number - 1])
            booked = book_in_turn(conn, own, shared, now=now)
            if isinstance(booked, Booked):
                sent.append(now + booked.wait)
            else:
                heappush(waiting, (now + booked.wait, number))
        return sent

    db = await Database.open(f"sqlite:///{migrated_file(tmp_path / 'db.sqlite3')}")
    sent = sorted(await db.write(busy))
    await db.close()
    assert len(sent) == 90
    assert max(sum(at <= each < at + timedelta(seconds=1) for each in sent) for at in sent) <= 22
    assert sent[-1] - sent[0] < timedelta(seconds=5)
