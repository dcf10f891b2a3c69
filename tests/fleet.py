"""Several processes of the program on one PostgreSQL and one Chroma server, as operators run them."""

import asyncio
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.chroma_server import Served
from tests.postgres import Cluster, private_cluster
from tests.server import Server

DATABASE = "aftercare"


@dataclass
class Fleet:
    """The processes, by name: `web-1`, `bot-2`, `worker-1`… `standby` follows the cluster where one was asked for."""

    cluster: Cluster
    chroma: Served
    data: Path
    standby: Cluster | None = None
    servers: dict[str, Server] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Of the database; with a standby, of both, as PostgreSQL's own programs write it."""
        if self.standby is None:
            return f"{self.cluster.url}/{DATABASE}"
        return f"{self.cluster.url},127.0.0.1:{self.standby.port}/{DATABASE}"

    @property
    def shared(self) -> dict[str, str]:
        """What each process is told of what they share."""
        return {"DATABASE_URL": self.url, "CHROMA_URL": self.chroma.url}

    def of(self, role: str) -> list[Server]:
        """The processes of a role."""
        return [server for server in self.servers.values() if server.role == role]

    async def start(self, *names: str) -> None:
        """Start these processes (all of them by default) at once and wait until each is ready."""
        chosen = [self.servers[name] for name in names] or list(self.servers.values())
        await asyncio.gather(*(asyncio.to_thread(server.start) for server in chosen))

    async def kill(self, name: str) -> None:
        """kill -9."""
        await asyncio.to_thread(self.servers[name].end, signal.SIGKILL)

    async def end(self) -> None:
        """All of them, as a supervisor does."""
        await asyncio.gather(*(asyncio.to_thread(server.end) for server in self.servers.values() if server.runs))


@asynccontextmanager
async def fleet(
    folder: Path, roles: Sequence[str], *, environment: Mapping[str, str], standby: bool = False, fsync: bool = False
) -> AsyncIterator[Fleet]:
    """The servers that they share, running, and the processes, not started yet. `roles`: one for each process."""
    async with AsyncExitStack() as stack:
        cluster = await asyncio.to_thread(stack.enter_context, private_cluster(fsync=fsync))
        cluster.execute(f"CREATE DATABASE {DATABASE}")
        chroma = Served(folder)
        stack.callback(chroma.stop)
        await asyncio.to_thread(chroma.start)
        made = Fleet(cluster, chroma, folder / "data")
        made.data.mkdir(exist_ok=True)
        if standby:
            place = Path(tempfile.mkdtemp(prefix="aftercare-pg-standby-"))
            stack.callback(shutil.rmtree, place)
            made.standby = await asyncio.to_thread(cluster.followed_by, place)
            stack.callback(made.standby.stop)
        numbers: Counter[str] = Counter()
        for role in roles:
            numbers[role] += 1
            name = f"{role}-{numbers[role]}"
            made.servers[name] = Server(made.data, role=role, name=name, **made.shared, **environment)
            stack.callback(made.servers[name].abandon)
        yield made
