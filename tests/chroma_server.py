"""`chroma run` as a process of its own on a free loopback port; it can be stopped and started again."""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx

from tests.postgres import free_port


class Served:
    """One Chroma server on a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        program = Path(sys.executable).with_name("chroma")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "run", "--host", "127.0.0.1", "--port", str(self._port), "--path", self._folder / "data"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self._folder,
            )  # fmt: skip
        for _ in range(300):
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/api/v2/heartbeat", trust_env=False).status_code == 200:
                    return
            assert self._process.poll() is None, (self._folder / "log").read_text()[-2000:]
            time.sleep(0.1)
        raise AssertionError("the Chroma server does not answer")

    def stop(self) -> None:
        """End it at once, as a machine that goes away."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(30)

    def freeze(self, *, frozen: bool = True) -> None:
        """Let it answer no more while its port stays open, or again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP if frozen else signal.SIGCONT)
