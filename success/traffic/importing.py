"""Imports files of visits: reads each in a process of its own, one at a time, and keeps what it held."""

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

import success
from handoff import accounts, directory
from handoff.errors import NotFound
from handoff.rows import first
from handoff.site_tables import site as sites
from store.db import Database
from success.traffic import store
from success.traffic.model import Refused, Source
from success.traffic.store import Import

_START: Final = "import sys; sys.path.insert(0, sys.argv[1]); from success.traffic.child import main; main()"
_WITHIN_S: Final = 300.0


@dataclass(frozen=True, kw_only=True)
class Importing:
    """Reads and keeps. `within_s` is the most that a file may take."""

    within_s: float = _WITHIN_S
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def take(
        self, db: Database, path: Path, *, site_id: int, name: str, kind: str = "", by: int | None = None, now: datetime
    ) -> Import:
        """Import a file for a site. Raises NotFound (no such site), Refused."""
        if kind and kind not in set(Source):
            raise Refused("kind")
        asked = await db.read(lambda conn: _asked(conn, site_id, now))
        async with self.turn:
            found = await self._read(asked | {"path": str(path), "kind": kind})
        if "refused" in found:
            raise Refused(str(found["refused"]))
        return await db.write(lambda conn: store.keep(conn, site_id=site_id, name=name, found=found, by=by, now=now))

    async def _read(self, asked: dict[str, Any]) -> dict[str, Any]:
        root = str(Path(str(success.__file__)).parent.parent)
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _START, root, json.dumps(asked)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"LANG": "C.UTF-8"},
        )
        try:
            async with asyncio.timeout(self.within_s):
                answer, _ = await started.communicate()
        except TimeoutError:
            answer = b""
        finally:
            with suppress(ProcessLookupError):
                started.kill()
            status = await started.wait()
        if status != 0 or not answer:
            return {"refused": "broke"}
        found: dict[str, Any] = json.loads(answer)
        return found


def _asked(conn: Connection, site_id: int, now: datetime) -> dict[str, Any]:
    """Whose days, which of them is today, and which hosts are the site's own."""
    row = first(conn, sites, sites.c.id == site_id, sites.c.removed_at.is_(None))
    if row is None:
        raise NotFound("site", site_id)
    zone = accounts.zone_of(directory.client(conn, row["client_id"]))
    host = (urlsplit(row["address"]).hostname or "") if row["address"] else ""
    return {"zone": zone.key, "today": str(now.astimezone(zone).date()), "hosts": [host] if host else []}
