"""`aftercare jobs`: what died is seen without anybody's words, let run again or dropped once, and noted."""

from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from bot.commands import execute
from bot.errors import BotError
from bot.job_work import in_numbers
from handoff.audit_tables import audit
from store import jobs
from store.tables import job
from tests.house import House

SAID = "我家的紫藤茶馆网站打不开了"


async def ask(house: House, command: str, **arguments: Any) -> Any:
    return await execute(house.app, command, arguments, lambda _: None)


async def buried(house: House, count: int = 1, queue: str = "nobody_takes") -> list[int]:
    """Jobs of a queue that no worker here takes, given up."""

    def body(conn: Connection) -> list[int]:
        now = house.clock()
        ids = [jobs.enqueue(conn, queue, {"message": n, "text": SAID}, now=now) for n in range(count)]
        dead = {"state": "dead", "due": None, "closed_at": now, "attempts": 8, "error": "TimeoutError"}
        conn.execute(update(job).where(job.c.id.in_(ids)).values(dead))
        return [each for each in ids if each is not None]

    return await house.app.db.write(body)


async def lines(house: House) -> list[tuple[str, str, str]]:
    rows = (
        select(audit.c.via, audit.c.action, audit.c.subject).where(audit.c.via == "command line").order_by(audit.c.id)
    )
    return [tuple(row) for row in await house.app.db.read(lambda conn: conn.execute(rows).all())]


async def test_a_dead_letter_is_seen_retried_and_dropped_once(house: House) -> None:
    """Its words are only counted; the second who asks is told that it is gone; the audit log has a line of each."""
    first, second = await buried(house, 2)
    found = await ask(house, "jobs")
    assert [row["dead"] for row in found["queues"] if row["queue"] == "nobody_takes"] == [2]
    assert found["dead_in_all"] == 2
    newest = found["dead"][0]
    assert (newest["id"], newest["attempts"], newest["error"]) == (second, 8, "TimeoutError")
    assert newest["about"] == {"message": 1, "text": f"({len(SAID)} letters)"}
    assert newest["failed_at"] >= newest["created_at"]
    assert SAID not in str(found)
    assert await ask(house, "jobs.retry", id=first) == {"retried": [first]}
    with pytest.raises(BotError, match=f"no dead letter {first}"):
        await ask(house, "jobs.retry", id=first)
    assert await ask(house, "jobs.drop", id=second) == {"dropped": [second]}
    with pytest.raises(BotError, match="no dead letter"):
        await ask(house, "jobs.drop", id=second)
    found = await ask(house, "jobs", queue="nobody_takes")
    assert [(row["waiting"], row["dead"]) for row in found["queues"]] == [(1, 0)]
    assert await lines(house) == [
        ("command line", "jobs.retry", str(first)),
        ("command line", "jobs.drop", str(second)),
    ]


async def test_words_are_shown_only_where_they_are_asked_for(house: House) -> None:
    await buried(house)
    found = await ask(house, "jobs", text=True)
    assert found["dead"][0]["about"]["text"] == SAID
    assert [each[1] for each in await lines(house)] == ["jobs.read"]


async def test_a_whole_queue_is_retried(house: House) -> None:
    """More than fit one transaction, once each; other queues are left alone."""
    mine, other = await buried(house, 450), await buried(house, 1, "other")
    found = await ask(house, "jobs", limit=10)
    assert (len(found["dead"]), found["dead_in_all"]) == (10, 451)
    assert (await ask(house, "jobs.retry_all", queue="nobody_takes"))["retried"] == mine
    with pytest.raises(BotError, match="no dead letter in the queue"):
        await ask(house, "jobs.retry_all", queue="nobody_takes")
    assert [each["id"] for each in (await ask(house, "jobs"))["dead"]] == other


def test_a_body_in_numbers() -> None:
    """Numbers stay; names, words and whatever is deep are counted."""
    body = {"a": 1, "b": True, "c": None, "d": "Quirina", "e": "12", "f": [1, 2], "g": {"h": {"i": {"j": 1}}}}
    assert in_numbers(body) == {
        "a": 1, "b": True, "c": None, "d": "(7 letters)", "e": "12", "f": "(2 items)", "g": {"h": {"i": "(more)"}},
    }  # fmt: skip
