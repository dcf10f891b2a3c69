"""Every command that the guides show is run as it stands, or it says in `how.TABLE` why it cannot be here."""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from typer.testing import CliRunner

from bot.cli import cli
from handoff import directory, tokens
from store.clock import utc_now
from store.db import Database
from tests.docs.how import TABLE, Cannot, Really, Starts, how
from tests.docs.reading import ROOT, commands, shown
from tests.server import Server, until_ok

pytestmark = [pytest.mark.timeout(900), pytest.mark.xdist_group("guides")]
TOGETHER = pytest.mark.asyncio(loop_scope="module")
COMMANDS = shown()
MESSAGES = 45  # the guides ask about message 42
PATIENCE_S = 150
ENDS_WITHIN_S = 60
SHIMS = {
    "aftercare": f'#!/bin/sh\nexec {sys.executable} -m bot "$@"\n',
    "chroma": f'#!/bin/sh\nexec {Path(sys.executable).with_name("chroma")} "$@"\n',
    "uuidgen": f"#!/bin/sh\nexec {sys.executable} -c 'import uuid; print(uuid.uuid4())'\n",
}
FILES = {
    "page.md": "---\ntitle: T\n---\n\nSome words.\n",
    "notice.csv": "date,kind,name\n2027-01-01,off,元旦\n",
    "通知.csv": "date,kind,name\n2027-01-01,off,元旦\n",
}


def _heed_ctrl_c() -> None:
    """As in a terminal: tests in the background have it ignored, and what they start would have too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@dataclass
class Reader:
    """Somebody who follows the guides: a folder to type in, and the program that runs beside."""

    folder: Path
    server: Server
    environment: dict[str, str]

    def types(self, command: str, *, stdin: str = "", alone: bool = False) -> subprocess.Popen[str]:
        """Type a command, with this installation's address and secrets for the guides'."""
        typed = command.replace("https://desk.example.com", self.server.url).replace(
            "https://desk.example", self.server.url
        )
        for place in ("/mnt/safe", "/srv/aftercare-2"):
            typed = typed.replace(place, str(self.folder / Path(place).name))
        typed = typed.replace("http://127.0.0.1:8000", self.server.url).replace("--port 8001", "--port 0")
        environment = {
            **self.environment,
            **({"AFTERCARE_DATA": str(self.folder / "own"), "PORT": "0"} if alone else {}),
        }
        process = subprocess.Popen(
            ["bash", "-c", typed], cwd=self.folder, env=environment, text=True, start_new_session=True,
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        if stdin and process.stdin is not None:
            process.stdin.write(stdin)
            process.stdin.close()
            process.stdin = None
        return process


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reader(indexed: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Reader]:
    """A desk in which clients have asked some things, with a ticket, a token, and the files that the guides name."""
    _heed_ctrl_c()
    folder = tmp_path_factory.mktemp("guides")
    data, programs = folder / "data", folder / "programs"
    for kept, at in (
        (indexed, data),
        (indexed, folder / "own"),
        (ROOT / "deploy", folder / "deploy"),
        (ROOT / "manual", folder / "manual"),
    ):
        await asyncio.to_thread(shutil.copytree, kept, at)
    programs.mkdir()
    (folder / "safe").mkdir()
    for name, text in SHIMS.items():
        (programs / name).write_text(text, "utf-8")
        (programs / name).chmod(0o755)
    for name, text in FILES.items():
        (folder / name).write_text(text, "utf-8")
    server = Server(data, AFTERCARE_MANUAL=str(folder / "manual"))
    environment = server.environment | {"PYTHONPATH": str(ROOT), "TOKEN": await _token(data), "NO_PROXY": "127.0.0.1"}
    environment |= {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "COLUMNS": "200"}
    try:
        await asyncio.to_thread(server.start)
        await asyncio.gather(*(_asks(server.url, n) for n in range(3)))
        yield Reader(folder, server, environment)
    finally:
        await asyncio.to_thread(server.abandon)


async def _token(data: Path) -> str:
    """A token of the API that may read and act, made as an admin makes it."""
    db = await Database.open(f"sqlite:///{data / 'aftercare.sqlite3'}")
    try:
        now = utc_now()
        admin = (await db.read(lambda conn: directory.staff(conn, active_only=True)))[0]
        scopes = tokens.scopes_in(["tickets:read", "tickets:write", "messages:read", "messages:write"])
        expires = now + timedelta(days=1)
        _, secret = await db.write(
            lambda conn: tokens.make(
                conn,
                person_id=admin.id,
                by=admin.id,
                client_id=None,
                name="guides",
                scopes=scopes,
                expires_at=expires,
                now=now,
            )
        )
        return str(secret)
    finally:
        await db.close()


async def _asks(url: str, visitor: int) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http:
        page = await until_ok(lambda: http.get("/"))
        found = re.search(r'data-api="([^"]+)"', page.text)
        assert found
        for n in range(MESSAGES // 3):
            text = "网站打不开了!!!" if n == visitor == 0 else f"后台密码忘了怎么办？{n}"
            said = {"id": str(uuid.uuid4()), "text": text}
            await until_ok(lambda said=said: http.post(f"{found[1]}/messages", json=said))


@pytest.fixture
def typed() -> Iterator[list[subprocess.Popen[str]]]:
    """What was typed in a test; nothing of it is left running."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, 9)
        process.wait(20)
        if process.stdout is not None:
            process.stdout.close()


def test_each_command_has_its_row() -> None:
    """A guide cannot show what nobody has tried, or said why it could not be."""
    assert [(each.command, each.files) for each in COMMANDS if how(each.command) is None] == []
    assert len(COMMANDS) > 60


def test_most_commands_of_the_program_are_really_run() -> None:
    """The table's excuses are for other programs: of ours, none."""
    ours = [each.command for each in COMMANDS if re.match(r"(\w+=\S* +)*aftercare ", each.command)]
    assert [command for command in ours if isinstance(how(command), Cannot)] == []


@TOGETHER
@pytest.mark.parametrize("command", [each.command for each in COMMANDS if isinstance(how(each.command), Really)])
async def test_it_does_what_the_guide_says(command: str, reader: Reader, typed: list[subprocess.Popen[str]]) -> None:
    """It ends as it should, and prints what it should."""
    row = how(command)
    assert isinstance(row, Really)
    if command.startswith("grep "):
        (reader.folder / "aftercare.log").write_text('{"event": "turn", "message": 42, "ms": 12}\n', "utf-8")
    if command.startswith("promtool") and shutil.which("promtool") is None and os.environ.get("CI") != "true":
        pytest.skip("needs the Debian package prometheus")
    if row.before:
        typed.append(reader.types(row.before))
        await asyncio.to_thread(typed[-1].communicate, None, PATIENCE_S)
    typed.append(reader.types(command, stdin=row.stdin))
    said, _ = await asyncio.to_thread(typed[-1].communicate, None, PATIENCE_S)
    assert typed[-1].returncode in row.status, said
    assert re.search(row.says, said), said
    assert "Traceback" not in said


@TOGETHER
@pytest.mark.parametrize("command", [each.command for each in COMMANDS if isinstance(how(each.command), Starts)])
async def test_it_starts(command: str, reader: Reader, typed: list[subprocess.Popen[str]]) -> None:
    """It says that it is there, and ends when it is told to."""
    row = how(command)
    assert isinstance(row, Starts)
    alone = "aftercare run" in command
    process = reader.types(re.sub(r" 2> \S+", "", command), alone=alone)
    typed.append(process)

    def reads() -> str:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if re.search(row.says, said):
                break
        return said

    said = await asyncio.wait_for(asyncio.to_thread(reads), PATIENCE_S)
    assert re.search(row.says, said), said
    os.killpg(
        process.pid, 2 if "aftercare " in command else 15
    )  # Chroma's server does not heed Ctrl-C without a terminal
    await asyncio.to_thread(process.wait, ENDS_WITHIN_S)


@pytest.mark.parametrize("command", [each.command for each in COMMANDS if isinstance(how(each.command), Cannot)])
def test_what_cannot_be_run_can_at_least_be_read(command: str) -> None:
    """A shell takes it; a command of ours inside it has these options; where its program is here, it is asked."""
    row = how(command)
    assert isinstance(row, Cannot)
    assert row.why
    read = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, check=False)
    assert read.returncode == 0, read.stderr
    inside = re.search(r"\baftercare ((?:doctor|jobs|tickets|index|backup|restore|ask|why|run)\b.*)$", command)
    if inside is not None and "systemctl" not in command and "podman build" not in command:
        result = CliRunner().invoke(cli, [*inside[1].split(), "--help"])
        assert result.exit_code == 0, result.output
    asks = row.asks.format(program=command.split(maxsplit=1)[0], command=command)
    if asks and shutil.which(asks.split(maxsplit=1)[0]):
        asked = subprocess.run(asks.split(), cwd=ROOT, capture_output=True, text=True, check=False)
        assert asked.returncode == 0, asked.stderr
    for path in re.findall(r"\b(?:deploy|docs)/[\w@./-]+\.\w+", command):
        there = ROOT / path.replace(".env", "example.env") if path.endswith("/.env") else ROOT / path
        assert there.exists() or path.endswith("secret.yaml"), path


def test_commands_are_found_as_they_are_typed() -> None:
    """Shell fences whole, unmarked ones where a line begins as a command; comments away, long lines together."""
    text = "```sh\n# first\ncurl -X \\\n  POST x  # why\n\n```\n\n```\naftercare jobs   # the queues\nqueue  3\n```\n"
    text += "   ```console\n   $ make run\n   ready\n   ```\n```yaml\naftercare: 1\n```\n"
    assert commands(text) == ["curl -X POST x", "aftercare jobs", "make run"]


def test_each_row_is_used() -> None:
    """But for those of guides that come beside this one."""
    waits = {
        "git clone ",
        "(psql|",
        "(rsync|",
        "aftercare (backup|",
        "pip install ",
        "make (test|",
        "aftercare privacy",
        "aftercare jobs --",
    }
    unused = [pattern for pattern, _ in TABLE if not any(re.match(pattern, each.command) for each in COMMANDS)]
    assert [pattern for pattern in unused if not pattern.startswith(tuple(waits))] == []
