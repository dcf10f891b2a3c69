"""Ours answer tickets through the REST API, as a colleague's program does; the client's group sees it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
from sqlalchemy import Connection

from benchmarks.theatre.stages import Shown
from handoff import directory, tokens
from handoff.tokens import Scope
from store.db import Database

_SIGN = "我们在处理，编号"
_SCOPES = (Scope.TICKETS_READ, Scope.TICKETS_WRITE, Scope.MESSAGES_READ, Scope.MESSAGES_WRITE)


@dataclass
class Colleagues:
    """One of them, who answers an open ticket each `every_s` seconds and resolves it."""

    url: str
    secret: str
    every_s: float
    sent: dict[str, float] = field(default_factory=dict)
    refused: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _done: set[str] = field(default_factory=set)

    async def work(self) -> None:
        """Until cancelled."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, trust_env=False, timeout=60) as http:
            while True:
                await asyncio.sleep(self.every_s)
                with suppress(httpx.HTTPError):
                    await self._answer(http)

    def waits(self, shown: list[Shown]) -> list[float]:
        """Seconds from each answer's acceptance by the desk to its appearance in the client's group."""
        waited = (one.at - self.sent[each] for one in shown for each in self._named(one.text))
        return [each for each in waited if each >= 0]

    def counts(self, shown: list[Shown]) -> tuple[int, int]:
        """How many answers nobody has seen, and how many were seen more than once."""
        seen = [each for one in shown for each in self._named(one.text)]
        return len(self.sent.keys() - set(seen)), len(seen) - len(set(seen))

    async def _answer(self, http: httpx.AsyncClient) -> None:
        found = await http.get("/api/v1/tickets", params={"state": "new", "limit": 50})
        found.raise_for_status()
        waiting = [each["id"] for each in found.json()["items"] if each["id"] not in self._done]
        if not waiting:
            return
        name = f"{_SIGN}{next(self._numbers)}。"
        self._done.add(waiting[0])
        said = await http.post(f"/api/v1/tickets/{waiting[0]}/replies", json={"text": name, "then": "resolve"})
        if said.status_code == 201:
            self.sent[name] = time.monotonic()
        else:
            self.refused += 1

    def _named(self, text: str) -> list[str]:
        if _SIGN not in text:
            return []
        name = _SIGN + text.partition(_SIGN)[2].partition("。")[0] + "。"
        return [name] if name in self.sent else []


async def token(url: str) -> str:
    """A token of the colleague whom `bind` made."""
    db = await Database.open(url)

    def body(conn: Connection) -> str:
        now = datetime.now(UTC)
        one = directory.staff_by_login(conn, "played-lin")
        assert one is not None
        _, secret = tokens.make(
            conn, name="load", scopes=_SCOPES, client_id=None, person_id=one.id,
            expires_at=now + timedelta(days=1), by=one.id, now=now,
        )  # fmt: skip
        return secret

    try:
        return await db.write(body)
    finally:
        await db.close()
