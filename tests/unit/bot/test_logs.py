"""The log: JSON, one object a line; no secret wherever it hides, no word of a person's unless it is asked for."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.contextvars import bound_contextvars

from bot import logs
from bot.errors import SettingsError
from bot.logs import Words
from bot.settings import Settings, load_settings

TOKEN = "123456789:AAExample-token-of-telegram-0123"
PASSWORD = "the-word-of-the-database"


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """What a test sets up for the whole process is taken back."""
    root = logging.getLogger()
    handlers, level, kept = root.handlers[:], root.level, structlog.get_config()
    yield
    root.handlers[:], root.level = handlers, level
    structlog.configure(**kept)


def configured(tmp_path: Path, **settings: Any) -> io.StringIO:
    out = io.StringIO()
    told = {
        "telegram_token": TOKEN,
        "database_url": f"postgresql://aftercare:{PASSWORD}@db.example/x",
        "log_level": "info",
    }
    logs.configure(Settings(data=tmp_path, **told | settings), to=out)
    return out


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_what_is_bound_is_in_every_line(tmp_path: Path) -> None:
    """Ours and a library's."""
    out = configured(tmp_path)
    with bound_contextvars(message=42, conversation=7):
        structlog.get_logger().info("turn", ms=3)
        logging.getLogger("telegram.ext").warning("a warning of a %s", "library")
    ours, theirs = lines(out)
    assert (ours["event"], ours["message"], ours["conversation"], ours["level"]) == ("turn", 42, 7, "info")
    assert (theirs["event"], theirs["message"], theirs["logger"]) == ("a warning of a library", 42, "telegram.ext")


@pytest.mark.parametrize("asked", [True, False])
def test_words_of_people_are_left_out_unless_asked_for(tmp_path: Path, *, asked: bool) -> None:
    """The field is not even there."""
    out = configured(tmp_path, log_text=asked)
    structlog.get_logger().info("message_stored", message=1, text=Words("后台密码忘了怎么办"))
    assert lines(out)[0].get("text") == ("后台密码忘了怎么办" if asked else None)


def test_words_do_not_show_themselves() -> None:
    """Whoever prints an event before it is a line of the log sees their number alone."""
    assert repr({"text": Words("abc")}) == str({"text": Words("abc")}) == "{'text': (3 characters)}"


@pytest.mark.parametrize(
    "leak",
    [
        {"error": f"POST https://api.telegram.org/bot{TOKEN}/sendMessage failed"},
        {"why": ["deep", {"inside": f"postgresql://aftercare:{PASSWORD}@db.example/x"}]},
        {PASSWORD: "as a name"},
        {"error": ValueError(f"could not connect with {PASSWORD}")},
        {"other": "xoxb-1234567890-abcdefgh, xapp-1-A0-123-abcdef, sk-proj-0123456789abcdefghij"},
        {"address": "http://user:secretword@proxy.example:3128"},
    ],
)
def test_secrets_are_masked_wherever_they_are(tmp_path: Path, leak: dict[str, Any]) -> None:
    """In values, in names, in lists, in errors; those of the settings, and what looks like one."""
    out = configured(tmp_path)
    structlog.get_logger().warning("trouble", **leak)
    for secret in (TOKEN, PASSWORD, "xoxb-1", "xapp-1", "sk-proj", "secretword"):
        assert secret not in out.getvalue()
    assert "•••" in out.getvalue()


def test_a_failure_is_told_with_its_trace_and_without_secrets(tmp_path: Path) -> None:
    """An exception's own text is masked too."""
    out = configured(tmp_path)
    try:
        int(f"bot{TOKEN}")
    except ValueError:
        structlog.get_logger().exception("broken")
        logging.getLogger("uvicorn.error").exception("broken too")
    assert TOKEN not in out.getvalue()
    ours = [line for line in lines(out) if line["event"].startswith("broken")]  # others' threads may say something too
    assert [("Traceback" in line["exception"], line["level"]) for line in ours] == [(True, "error"), (True, "error")]


def test_numbers_stay_numbers(tmp_path: Path) -> None:
    """A line is searched for `"message": 42,`."""
    out = configured(tmp_path)
    structlog.get_logger().info("turn", message=42, share=0.5, done=True, none=None, ids=[1, 2], where=Path("/x"))
    assert '"message": 42,' in out.getvalue()
    assert lines(out)[0]["ids"] == [1, 2]
    assert lines(out)[0]["where"] == "/x"


def test_a_full_disk_stops_nothing(tmp_path: Path) -> None:
    """A line that cannot be written is dropped."""

    class Full(io.StringIO):
        def write(self, _line: str) -> int:
            raise OSError(28, "No space left on device")

    logs.configure(Settings(data=tmp_path, log_level="info"), to=Full())
    structlog.get_logger().info("turn")
    logging.getLogger("x").warning("turn")


@pytest.mark.parametrize(
    ("given", "proxies"),
    [("", []), (" 127.0.0.1 , ::1,10.0.0.0/8,", ["127.0.0.1", "::1", "10.0.0.0/8"]), ("10.1.2.3/8", ["10.1.2.3/8"])],
)
def test_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch, given: str, proxies: list[str]) -> None:
    """As they are written, apart by commas."""
    monkeypatch.setenv("AFTERCARE_TRUSTED_PROXIES", given)
    assert load_settings().proxies == proxies


@pytest.mark.parametrize("given", ["*", "nginx", "10.0.0.0/99", "127.0.0.1 10.0.0.1"])
def test_everybody_is_no_proxy(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    """A star would believe whoever asks; a name is not an address."""
    monkeypatch.setenv("AFTERCARE_TRUSTED_PROXIES", given)
    with pytest.raises(SettingsError, match=r"AFTERCARE_TRUSTED_PROXIES: .*addresses or networks"):
        load_settings()
