"""The program as one process or as several, on fresh data with the manual indexed; what each process costs."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import psycopg

from benchmarks.theatre.books import bind
from benchmarks.theatre.stages import Place
from tests.fleet import fleet
from tests.postgres import private_cluster
from tests.server import Server

KINDS: Final = {"sqlite": ("all",), "postgresql": ("all",), "processes": ("web", "bot", "worker", "worker")}
"""How the program can stand there, and the roles of its processes."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_STAGE: Final = re.compile(r'aftercare_stage_seconds_(sum|count)\{stage="([^"]+)"\} (\S+)')


@dataclass(frozen=True)
class Cost:
    """What a process has used: seconds of a processor since it began, and memory now."""

    cpu_s: float
    mb: float


@dataclass
class Installation:
    """The processes, by name, the database's URL, and where the pages are."""

    servers: Mapping[str, Server]
    database: str
    web: str
    postmaster: int | None = None
    chroma: int | None = None

    async def start(self) -> None:
        """Until each is ready."""
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in self.servers.values()))
        self.chroma = next(iter(_children(os.getpid(), containing="chroma")), None)

    def costs(self) -> dict[str, Cost]:
        """Of each process; PostgreSQL's and Chroma's beside them, PostgreSQL's with all that serve it."""
        pids = {name: [server.pid] for name, server in self.servers.items()}
        if self.postmaster is not None:
            pids["postgresql"] = [self.postmaster, *_children(self.postmaster)]
        if self.chroma is not None:
            pids["chroma"] = [self.chroma]
        return {name: _cost(each) for name, each in pids.items()}

    async def stages(self) -> dict[str, tuple[float, float]]:
        """Seconds and times of each stage of a turn so far, over all processes."""
        found: dict[str, tuple[float, float]] = {}
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            for server in self.servers.values():
                with suppress(httpx.HTTPError):
                    exposed = (await http.get(f"{server.url}/metrics")).text
                    for kind, stage, value in _STAGE.findall(exposed):
                        seconds, times = found.get(stage, (0.0, 0.0))
                        more = float(value)
                        found[stage] = (seconds + more, times) if kind == "sum" else (seconds, times + more)
        return found


@asynccontextmanager
async def installed(
    kind: str,
    folder: Path,
    *,
    environment: Mapping[str, str],
    places: Sequence[Place],
    colleagues: Sequence[tuple[str, str]],
    indexed: Path | None = None,
) -> AsyncIterator[tuple[Installation, list[str]]]:
    """An installation of this kind, ready, and the web keys of its clients.

    `indexed`: a data folder whose manual is indexed already, to begin with a copy of it and its SQLite database.
    """
    told = {"AFTERCARE_LOG": "warning", **environment}
    async with AsyncExitStack() as stack:
        if kind == "processes":
            made = await stack.enter_async_context(fleet(folder, KINDS[kind], environment=told, fsync=True))
            shared, database, servers = made.shared, made.url, made.servers
        else:
            shared, database = {}, f"sqlite:///{folder / 'data' / 'aftercare.sqlite3'}"
            if kind == "postgresql":
                cluster = await asyncio.to_thread(stack.enter_context, private_cluster(fsync=True))
                cluster.execute("CREATE DATABASE aftercare")
                database = f"{cluster.url}/aftercare"
                shared = {"DATABASE_URL": database}
            servers = {"all": Server(folder / "data", **shared, **told)}
            stack.callback(servers["all"].abandon)
        if indexed is not None:
            await asyncio.to_thread(shutil.copytree, indexed, folder / "data")
        else:
            await index(folder / "data", shared)
        keys = await bind(database, places, colleagues=colleagues)
        web = next(server for server in servers.values() if server.role in {"all", "web"})
        installation = Installation(servers, database, web.url)
        if shared:
            installation.postmaster = await asyncio.to_thread(_postmaster, database)
        await installation.start()
        try:
            yield installation, keys
        finally:
            await asyncio.gather(*(asyncio.to_thread(each.end) for each in servers.values() if each.runs))


async def index(data: Path, shared: Mapping[str, str]) -> None:
    """The sample manual, by the command that a user gives."""
    environment = {**os.environ, "AFTERCARE_DATA": str(data), "AFTERCARE_LOG": "error", **shared}
    indexing = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "index", env=environment,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await indexing.communicate()
    if indexing.returncode:
        raise RuntimeError(said.decode()[-2000:])


def _postmaster(url: str) -> int:
    with psycopg.connect(url) as conn:
        row = conn.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        return _parent(int(row[0]))


def _parent(pid: int) -> int:
    return int(_stat(pid)[1])


def _children(pid: int, *, containing: str = "") -> list[int]:
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdecimal():
            with suppress(OSError):
                if _parent(int(each.name)) == pid and containing.encode() in (each / "cmdline").read_bytes():
                    found.append(int(each.name))
    return found


def _cost(pids: Sequence[int]) -> Cost:
    """Of these processes together, and of the children of the first that have ended."""
    ticks, kb = 0, 0
    for place, pid in enumerate(pids):
        with suppress(OSError, StopIteration):
            fields = _stat(pid)
            ticks += sum(map(int, fields[11 : 15 if place == 0 else 13]))
            rows = (Path("/proc") / str(pid) / "status").read_text().splitlines()
            own = next(row for row in rows if row.startswith("RssAnon" if len(pids) > 1 else "VmRSS"))
            kb += int(own.split()[1])
    return Cost(ticks / _TICKS, kb / 1024)


def _stat(pid: int) -> list[str]:
    """What stands after a process's name: its state, its parent, …"""
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
