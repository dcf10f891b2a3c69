"""The real Alertmanager of Debian, as a process of its own: its own folder, loopback alone, no cluster."""

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

BINARY = shutil.which("prometheus-alertmanager")
CONFIG = """
route:
  receiver: aftercare
  group_by: {group_by}
  group_wait: 100ms
  group_interval: 300ms
  repeat_interval: 1h
receivers:
  - name: aftercare
    webhook_configs:
      - url: {url}
        send_resolved: true
        max_alerts: 5000
        http_config:
          {auth}
"""


def needed() -> None:
    """Skip where it is not on the machine, unless this is the pipeline's."""
    if BINARY is None and os.environ.get("CI") != "true":
        pytest.skip("needs the Debian package prometheus-alertmanager")


@dataclass
class Alertmanager:
    """One that runs; `fire` is what Prometheus does."""

    url: str
    log: Path

    async def fire(self, *alerts: dict[str, Any]) -> None:
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.post(f"{self.url}/api/v2/alerts", json=list(alerts))
            assert answer.status_code == 200, answer.text


@asynccontextmanager
async def alertmanager(
    folder: Path, *, url: str, auth: str, group_by: str = "['alertname']"
) -> AsyncIterator[Alertmanager]:
    """Run one that posts to `url` with these credentials of its http_config."""
    assert BINARY is not None
    config, log, port = folder / "alertmanager.yml", folder / "alertmanager.log", _free_port()
    config.write_text(CONFIG.format(url=url, auth=auth, group_by=group_by), "utf-8")
    options = (
        f"--config.file={config}", f"--storage.path={folder / 'storage'}", "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    )  # fmt: skip
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(BINARY, *options, stdout=out, stderr=out)
    try:
        running = Alertmanager(f"http://127.0.0.1:{port}", log)
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


async def _ready(running: Alertmanager, process: asyncio.subprocess.Process) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        for _ in range(600):
            assert process.returncode is None, running.log.read_text("utf-8")
            with suppress(httpx.TransportError):
                if (await http.get(f"{running.url}/-/ready")).status_code == 200:
                    return
            await asyncio.sleep(0.05)
    raise AssertionError(running.log.read_text("utf-8"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
