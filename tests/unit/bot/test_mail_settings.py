"""Where letters leave, read from the settings: TLS by itself, and no password without it."""

from pathlib import Path

import pytest

from bot.errors import SettingsError
from bot.letters import read_sender
from bot.mail_server import MailServer
from bot.settings import load_settings


@pytest.mark.parametrize(
    ("url", "host", "port", "tls", "starttls"),
    [
        ("smtp://mail.agency.example", "mail.agency.example", 587, False, True),
        ("smtp://u:p@mail.agency.example:2525", "mail.agency.example", 2525, False, True),
        ("smtps://u:p@mail.agency.example", "mail.agency.example", 465, True, False),
        ("smtp://127.0.0.1:25", "127.0.0.1", 25, False, False),
        ("smtp://[::1]:25", "::1", 25, False, False),
        ("smtp://localhost:25?starttls=on", "localhost", 25, False, True),
        ("smtp://relay.internal.example:25?starttls=off", "relay.internal.example", 25, False, False),
    ],
)
def test_where_letters_leave(url: str, host: str, port: int, *, tls: bool, starttls: bool) -> None:
    """TLS is required but on this machine, or where it is switched off by name."""
    read = MailServer.read(url)
    assert (read.host, read.port, read.tls, read.starttls) == (host, port, tls, starttls)


def test_a_password_as_it_is_escaped() -> None:
    """And it is in nothing that is shown."""
    read = MailServer.read("smtps://care%40agency.example:a%2Fb%3Ac@mail.agency.example")
    assert (read.user, read.password) == ("care@agency.example", "a/b:c")
    assert "a/b:c" not in read.shown + repr(read)


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.agency.example", "smtp://", "smtp://mail.agency.example:port", "smtp://mail.agency.example/path",
        "smtp://mail.agency.example?starttls=maybe", "smtp://mail.agency.example?verify=no",
        "smtp://u:p@mail.agency.example:25?starttls=off",
    ],
)  # fmt: skip
def test_what_is_no_server(url: str) -> None:
    """Said at the start, not with the first letter."""
    with pytest.raises(ValueError, match=r"must|knows"):
        MailServer.read(url)


@pytest.mark.parametrize(
    ("environment", "wrong"),
    [
        ({"SMTP_URL": "ftp://x"}, "SMTP_URL"),
        ({"SMTP_URL": "smtp://mail.agency.example"}, "MAIL_FROM"),
        ({"SMTP_URL": "smtp://mail.agency.example", "MAIL_FROM": "nobody"}, "MAIL_FROM"),
        ({"SMTP_URL": "smtp://mail.agency.example", "MAIL_FROM": "a@b.example\r\nBcc: c@d.example"}, "MAIL_FROM"),
        ({"SMTP_URL": "smtp://mail.agency.example", "MAIL_FROM": "Care <care@agency.example>"}, None),
        ({"SMTP_URL": " ", "MAIL_FROM": ""}, None),
    ],
)
def test_the_settings(
    environment: dict[str, str], wrong: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A server and a sender go together; the error names the setting and shows no password."""
    monkeypatch.setenv("AFTERCARE_DATA", str(tmp_path))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    if wrong is None:
        assert (load_settings().mail_server is None) == (not environment["SMTP_URL"].strip())
        return
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert refused.value.setting == wrong


def test_the_sender() -> None:
    """A name and an address, or an address."""
    assert read_sender("晨光服务 <care@agency.example>") == ("晨光服务", "care@agency.example")
    assert read_sender("care@agency.example") == ("", "care@agency.example")
