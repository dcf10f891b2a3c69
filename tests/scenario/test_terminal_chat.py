"""`aftercare chat` beside a running server: a colleague who answers in the desk appears in the terminal."""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.server import Server
from tests.unit.console.world import field

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
PASSWORD = "a quiet harbour"


class Terminal:
    """A person at `aftercare chat`."""

    def __init__(self, data: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bot", "chat"],
            env={**os.environ, "AFTERCARE_DATA": str(data), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.shown = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def wait_for(self, pattern: str) -> str:
        for _ in range(600):
            if found := re.search(pattern, self.shown):
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"{pattern!r} is not in {self.shown!r}")

    def hang_up(self) -> int:
        """Ctrl-D; the exit code."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return self._process.wait(30)

    def end(self) -> None:
        self._process.kill()
        self._reader.join(30)
        with self._process:  # closes its pipes
            pass

    def _read(self) -> None:
        assert self._process.stdout is not None
        for part in iter(lambda: self._process.stdout.read1(4096), b""):
            self.shown += part.decode("utf-8", "replace")


@pytest.fixture
def server(indexed: Path, tmp_path: Path) -> Iterator[Server]:
    shutil.copytree(indexed, tmp_path / "data")
    running = Server(tmp_path / "data")
    running.start()
    yield running
    running.end()


@contextmanager
def desk(server: Server) -> Iterator[httpx.Client]:
    """The first admin, signed in."""
    with httpx.Client(base_url=server.url, follow_redirects=True, headers={"Origin": server.url}) as http:
        form = http.get("/desk/sign-in").text
        signed = {"csrf": field(form, "csrf"), "login": "admin", "password": server.password()}
        form = http.post("/desk/sign-in", data=signed).text
        http.post("/desk/password", data={"csrf": field(form, "csrf"), "new": PASSWORD, "again": PASSWORD})
        yield http


@pytest.mark.timeout(300)
def test_a_colleague_answers_in_the_terminal(server: Server, tmp_path: Path) -> None:
    """Handed over, claimed and answered in the desk: the terminal shows both while its person only waits."""
    terminal = Terminal(tmp_path / "data")
    try:
        terminal.wait_for("› ")
        terminal.type("转人工，我要换服务器")
        number = terminal.wait_for(r"T-\d+")
        with desk(server) as http:
            at = f"/desk/t/{number}"

            def send(verb: str, **more: str) -> httpx.Response:
                html = http.get(at).text
                tokens = {"csrf": field(html, "csrf"), "once": field(html, "once")}
                files = {"file": ("plan.png", PNG, "image/png")} if more else None
                return http.post(f"{at}/{verb}", data=tokens | more, files=files)

            assert send("claim").status_code == 200
            terminal.wait_for(f"Admin 已接手 {number}")
            assert send("reply", text="请问换到哪个机房？[/b] [1]").status_code == 200
            terminal.wait_for(r"Admin: 请问换到哪个机房？\[/b\] \[1\] \[plan.png\]")
            terminal.type("香港机房")
            terminal.wait_for("person_handles")
            assert "香港机房" in http.get(at).text
        assert terminal.shown.count("请问换到哪个机房") == 1
        assert terminal.hang_up() == 0
    finally:
        terminal.end()
