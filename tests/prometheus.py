"""The real Prometheus of Debian, as a process of its own: its own folder, loopback alone."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

BINARY, TOOL = shutil.which("prometheus"), shutil.which("promtool")


def needed() -> None:
    """Skip where it is not on the machine, unless this is the pipeline's."""
    if (BINARY is None or TOOL is None) and os.environ.get("CI") != "true":
        pytest.skip("needs the Debian package prometheus")


@dataclass
class Prometheus:
    """One that runs."""

    url: str
    log: Path

    async def get(self, path: str, **params: str) -> Any:
        """The data of an answer of its API."""
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:
            answer = (await http.get(f"{self.url}/api/v1/{path}", params=params)).json()
        assert answer["status"] == "success", (params, answer)
        return answer["data"]

    async def until(self, query: str) -> list[Any]:
        """What a query gives, once it gives something."""
        for _ in range(900):
            if found := (await self.get("query", query=query))["result"]:
                return list(found)
            await asyncio.sleep(0.1)
        raise AssertionError((query, self.log.read_text("utf-8")[-2000:]))


@asynccontextmanager
async def prometheus(folder: Path, *, targets: dict[str, str], rules: Path) -> AsyncIterator[Prometheus]:
    """Run one that scrapes these (address by role) each second, as the job `aftercare`, with the rules of a file."""
    assert BINARY is not None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    scraped = [{"targets": [address], "labels": {"role": role}} for role, address in targets.items()]
    config = {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "rule_files": [str(rules)],
        "scrape_configs": [{"job_name": "aftercare", "static_configs": scraped}],
    }
    file, log = folder / "prometheus.yml", folder / "prometheus.log"
    file.write_text(yaml.safe_dump(config), "utf-8")
    options = (
        f"--config.file={file}", f"--storage.tsdb.path={folder / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    )  # fmt: skip
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(BINARY, *options, stdout=out, stderr=out)
    try:
        running = Prometheus(f"http://127.0.0.1:{port}", log)
        await _ready(running, process)
        yield running
    finally:
        with suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 20)
        except TimeoutError:
            process.kill()
            await process.wait()


async def _ready(running: Prometheus, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(900):
            assert process.returncode is None, running.log.read_text("utf-8")
            with suppress(httpx.TransportError):
                if (await http.get(f"{running.url}/-/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.05)
    raise AssertionError(running.log.read_text("utf-8"))
