"""A private PostgreSQL on a free loopback port: started, stopped, frozen, copied by a standby, promoted."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def programs() -> Path | None:
    """Where Debian puts its programs, of the newest version; None where they are not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return found[-1] if found else None


class Cluster:
    """One server in a folder of its own, which is readable by the user that PostgreSQL runs as."""

    def __init__(self, folder: Path, *, fsync: bool = False) -> None:
        bin_folder = programs()
        assert bin_folder is not None
        self._bin, self._folder, self._fsync = bin_folder, folder, fsync
        self.port = free_port()

    @property
    def url(self) -> str:
        """Without a database's name."""
        return f"postgresql://postgres@127.0.0.1:{self.port}"

    def create(self) -> None:
        """Make it, empty."""
        self._run("initdb", "-D", self._data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= "
            f"-c fsync={'on' if self._fsync else 'off'} -c max_connections=200"
        )
        self._run("pg_ctl", "-D", self._data, "-w", "-o", options, "-l", self._folder / "log", "start")

    def stop(self, how: str = "immediate") -> None:
        """End it: `immediate` as a crash does, `fast` as an administrator does. Nothing if it does not run."""
        if (self._data / "postmaster.pid").exists():
            self._run("pg_ctl", "-D", self._data, "-w", "-m", how, "stop")

    def freeze(self, *, frozen: bool = True) -> None:
        """Let the server and every process of it stand still, or go on."""
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for pid in (postmaster, *map(int, children)):
            os.kill(pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def execute(self, statement: str, *, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement; its rows, if it has some."""
        with psycopg.connect(f"{self.url}/{database}", autocommit=True) as conn:
            cursor = conn.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def followed_by(self, folder: Path) -> "Cluster":
        """A standby in that folder, running; from now on a commit waits until it has it too."""
        standby = Cluster(folder, fsync=self._fsync)
        where = f"host=127.0.0.1 port={self.port} user=postgres application_name=standby"
        standby._run("pg_basebackup", "-d", where, "-D", standby._data, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        standby.start()
        self.execute("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
        self.execute("SELECT pg_reload_conf()")
        return standby

    def promote(self) -> None:
        """Let this standby take writes."""
        self._run("pg_ctl", "-D", self._data, "-w", "promote")

    @property
    def _data(self) -> Path:
        return self._folder / "cluster"

    def _run(self, program: str, *arguments: object) -> None:
        """PostgreSQL refuses to run as root: become its own user then."""
        user = "postgres" if os.geteuid() == 0 else None
        if user is not None:
            shutil.chown(self._folder, user)
        subprocess.run(
            [self._bin / program, *map(str, arguments)],
            user=user, group=user, extra_groups=[] if user else None, cwd=self._folder, check=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def private_cluster(*, fsync: bool = False) -> Iterator[Cluster]:
    """One that runs while the block lasts, in a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="aftercare-pg-"))
    cluster = Cluster(folder, fsync=fsync)
    try:
        cluster.create()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(folder)


@contextmanager
def private_postgres(*, fsync: bool = False) -> Iterator[str | None]:
    """The URL, without a database name, of a private server; None where PostgreSQL is not installed."""
    if programs() is None:
        yield None
        return
    with private_cluster(fsync=fsync) as cluster:
        yield cluster.url


def free_port() -> int:
    """A loopback port where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
