"""A worker on a network of its own (Linux network namespaces), whose link can be cut, and whose names can fail.

Needs root and iproute2; where they are missing there is no such worker, and the rows that need it say so.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from urllib.parse import urlsplit

from tests.fleet import Fleet
from tests.server import Server

_FIRST = IPv4Address("10.213.0.0") + os.getpid() % 2**14 * 4
OURS, THEIRS = str(_FIRST + 1), str(_FIRST + 2)
"""Of the two ends of a link that lies wholly in this machine's own namespaces; each run has a network of its own."""
_NAMESPACE, OUR_END, THEIR_END = f"aftercare{os.getpid()}", f"ours{os.getpid()}", f"theirs{os.getpid()}"
NAME = "localhost"
"""What the platforms are called there; its own file of names leads it over the link."""
_PLATFORMS = ("TELEGRAM_API", "SLACK_API")


@dataclass
class Apart:
    """The worker, its link, and the file of the names that it knows."""

    server: Server
    hosts: Path

    def cut(self, *, whole: bool = False) -> None:
        """Let nothing through any more, without a word to either side; or let it through again."""
        _ip("-n", _NAMESPACE, "link", "set", THEIR_END, "up" if whole else "down")

    def forget_names(self, *, known: bool = False) -> None:
        """Let the platform's name lead nowhere, or where it did."""
        self.hosts.write_text(f"{OURS} {NAME}\n" if known else "")

    @classmethod
    @asynccontextmanager
    async def made(cls, fleet: Fleet, folder: Path, told: Mapping[str, str]) -> "AsyncIterator[Apart | None]":
        """A worker more for the fleet, `worker-apart`; None where this machine does not allow it."""
        if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("unshare") is None:
            yield None
            return
        _sweep()
        async with AsyncExitStack() as stack:
            _ip("netns", "add", _NAMESPACE)
            stack.callback(_ip, "netns", "del", _NAMESPACE)
            _ip("link", "add", OUR_END, "type", "veth", "peer", "name", THEIR_END, "netns", _NAMESPACE)
            _ip("addr", "add", f"{OURS}/30", "dev", OUR_END)
            _ip("link", "set", OUR_END, "up")
            _ip("-n", _NAMESPACE, "addr", "add", f"{THEIRS}/30", "dev", THEIR_END)
            for device in ("lo", THEIR_END):
                _ip("-n", _NAMESPACE, "link", "set", device, "up")
            shared = {**fleet.shared, **told}
            moved = {}
            for name in ("DATABASE_URL", "CHROMA_URL", "OPENAI_BASE_URL", *_PLATFORMS):
                text = shared[name]
                for port in _ports(text):
                    await stack.enter_async_context(await _forwarded(port))
                moved[name] = text.replace("127.0.0.1", NAME if name in _PLATFORMS else OURS)
            hosts, resolver = folder / "hosts", folder / "resolv.conf"
            resolver.write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:1\n")  # nobody answers there
            made = cls(_Outside(fleet, {**shared, **moved}, hosts, resolver), hosts)
            made.forget_names(known=True)
            fleet.servers[made.server.name] = made.server
            stack.callback(made.server.abandon)
            yield made


class _Outside(Server):
    """A worker that is started in the namespace, with its own names."""

    def __init__(self, fleet: Fleet, told: Mapping[str, str], hosts: Path, resolver: Path) -> None:
        super().__init__(fleet.data, role="worker", name="worker-apart", host=THEIRS, **told)
        mounts = f"mount --bind {hosts} /etc/hosts && mount --bind {resolver} /etc/resolv.conf"
        self.command = [
            "unshare", "--mount", "sh", "-c", f'{mounts} && exec ip netns exec {_NAMESPACE} "$@"', "apart",
            *self.command,
        ]  # fmt: skip


def _ports(text: str) -> list[int]:
    """Of every address on loopback in an URL, of which there may be several."""
    return [int(part.partition(":")[2]) for part in urlsplit(text).netloc.rpartition("@")[2].split(",")]


async def _forwarded(port: int) -> asyncio.Server:
    """What comes to our end of the link goes to the same port of this machine's loopback."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            writer.transport.abort()
            return
        ways = [asyncio.create_task(_pour(*way)) for way in ((reader, back), (there, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in (back, writer):
            each.transport.abort()
        await asyncio.gather(*ways, return_exceptions=True)

    return await asyncio.start_server(one, OURS, port)


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


def _sweep() -> None:
    """Take away what killed runs left: a namespace whose process is no more, and with it its link."""
    for found in Path("/run/netns").glob("aftercare[0-9]*"):
        pid = found.name.removeprefix("aftercare")
        if int(pid) == os.getpid() or not Path(f"/proc/{pid}").exists():
            _ip("netns", "del", found.name)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, stdin=subprocess.DEVNULL)
