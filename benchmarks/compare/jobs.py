"""Durable jobs: ours, DBOS, procrastinate, huey; how many a second, how soon, and what kill -9 does to them."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.compare.scripts import OURS, ROOT, Environment, Failed, Missing, command, run, settings
from tests.postgres import private_postgres

OUR_SCRIPT = "benchmarks.compare.our_jobs"


@dataclass(frozen=True)
class Size:
    """How much is measured. Nothing for `patience_s` after the last kill means that nothing more comes: it is longer
    than every system's lease or heartbeat."""

    jobs: int
    waits: int
    filled: int
    kills: int
    patience_s: float


FULL = Size(jobs=1000, waits=300, filled=600, kills=3, patience_s=100)
SMALL = Size(jobs=60, waits=10, filled=40, kills=0, patience_s=20)


@dataclass(frozen=True)
class Contender:
    """One system on one database."""

    name: str
    database: str
    script: str
    settings: tuple[tuple[str, str], ...] = ()
    crashes: bool = True

    @property
    def ours(self) -> bool:
        return self.script == OUR_SCRIPT


QUICK = (("DBOS_POLLING_S", "0.05"),)
CONTENDERS = (
    Contender("Aftercare", "SQLite", OUR_SCRIPT),
    Contender("huey", "SQLite", "benchmarks.rivals.jobs_huey"),
    Contender("DBOS", "SQLite", "benchmarks.rivals.jobs_dbos"),
    Contender("DBOS, polling every 50 ms", "SQLite", "benchmarks.rivals.jobs_dbos", QUICK, crashes=False),
    Contender("Aftercare", "PostgreSQL", OUR_SCRIPT),
    Contender("procrastinate", "PostgreSQL", "benchmarks.rivals.jobs_procrastinate"),
    Contender("DBOS", "PostgreSQL", "benchmarks.rivals.jobs_dbos"),
    Contender("DBOS, polling every 50 ms", "PostgreSQL", "benchmarks.rivals.jobs_dbos", QUICK, crashes=False),
)  # fmt: skip


class Databases:
    """A new empty database for every question."""

    def __init__(self, folder: Path, postgres: str | None) -> None:
        self._folder, self._postgres, self._made = folder, postgres, 0

    def new(self, contender: Contender) -> tuple[str, Path]:
        """Its address and a folder beside it; raises Missing."""
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        if contender.database == "PostgreSQL":
            if self._postgres is None:
                raise Missing("no PostgreSQL: apt-get install postgresql")
            with psycopg.connect(f"{self._postgres}/postgres", autocommit=True) as conn:
                conn.execute(f"CREATE DATABASE bench{self._made}")
            return f"{self._postgres}/bench{self._made}", folder
        path = folder / "jobs.sqlite3"
        return str(path) if "huey" in contender.script else f"sqlite:///{path}", folder


@dataclass(frozen=True)
class Script:
    """A contender's script on one database."""

    contender: Contender
    python: Path
    url: str
    folder: Path

    def ask(self, mode: str, *numbers: int) -> dict:
        return run(
            self.python, self.contender.script, mode, self.url, self.folder, *numbers, timeout=900,
            **dict(self.contender.settings),
        )  # fmt: skip

    @contextmanager
    def working(self) -> Iterator[subprocess.Popen[bytes]]:
        """A worker in a process of its own, killed at the end."""
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command(self.python, self.contender.script, "work", self.url, self.folder), cwd=ROOT,
                env=settings(**dict(self.contender.settings)), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def told(self) -> Counter[int]:
        """What the outside was told, how often each."""
        path = self.folder / "told"
        return Counter(map(int, path.read_text("ascii").split())) if path.exists() else Counter()


def crashed(script: Script, size: Size) -> dict[str, float]:
    """Jobs that were all acknowledged, a worker killed again and again among them, and what became of them."""
    script.ask("fill", size.filled)
    for kill in range(size.kills):
        with script.working() as process:
            wait(script, until=size.filled * (kill + 1) // (size.kills + 1), patience_s=size.patience_s, of=process)
    began = time.monotonic()
    with script.working() as process:
        wait(script, until=size.filled, patience_s=size.patience_s, of=process)
        last = rows_complete(script, size)
    told, rows = script.told(), Counter(script.ask("rows")["rows"])
    return {
        "jobs": size.filled, "kills": size.kills, "worked_off_s": last - began,
        "lost": size.filled - len(told), "told_twice": sum(told.values()) - len(told),
        "row_missing": size.filled - len(rows), "row_twice": sum(rows.values()) - len(rows),
    }  # fmt: skip


def rows_complete(script: Script, size: Size) -> float:
    """Until every job's row is there or no more come; when that was seen."""
    seen, moved = len(set(script.ask("rows")["rows"])), time.monotonic()
    while seen < size.filled and time.monotonic() - moved < size.patience_s:
        time.sleep(1)
        if (found := len(set(script.ask("rows")["rows"]))) > seen:
            seen, moved = found, time.monotonic()
    return moved


def wait(script: Script, *, until: int, patience_s: float, of: subprocess.Popen[bytes]) -> float:
    """Until so many jobs told the outside, or nothing moves any more; when the last of them did."""
    seen, moved = len(script.told()), time.monotonic()
    while seen < until and time.monotonic() - moved < patience_s:
        if of.poll() is not None:
            raise Failed(f"{script.contender.name}: {(script.folder / 'log').read_text('utf-8', 'replace')[-400:]}")
        time.sleep(0.02)
        if (found := len(script.told())) > seen:
            seen, moved = found, time.monotonic()
    return moved


def measure(environment: Environment, *, small: bool) -> dict[str, object]:
    """A row for every contender: figures, or why there are none."""
    size = SMALL if small else FULL
    rows = []
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="aftercare-jobs-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        postgres = stack.enter_context(private_postgres(fsync=True))
        databases = Databases(folder, postgres)
        for contender in CONTENDERS:
            row: dict[str, object] = {"name": contender.name, "database": contender.database, "ours": contender.ours}
            try:
                rows.append(row | one(contender, environment, databases, size))
            except (Missing, Failed) as why:
                rows.append(row | {"missing": str(why)})
    return {"size": vars(size), "rows": rows, "cores": os.cpu_count()}


def one(contender: Contender, environment: Environment, databases: Databases, size: Size) -> dict[str, object]:
    if not contender.ours:
        environment.check()
    python = OURS if contender.ours else environment.python
    found: dict[str, object] = Script(contender, python, *databases.new(contender)).ask("pace", size.jobs, size.waits)
    if contender.crashes:
        found["crash"] = crashed(Script(contender, python, *databases.new(contender)), size)
    return found
