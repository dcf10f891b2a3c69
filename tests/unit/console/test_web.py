import hashlib
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from console import signing
from console.app import create
from console.attachments import MAX_BYTES, keep, named_by, picture_type
from console.errors import RefusedUpload
from console.web import BODY_LIMIT
from store.errors import DatabaseGone, DiskFull
from tests.unit.console.world import World, field

PAGES = ["/desk/sign-in", "/desk", "/healthz", "/m/x", "/nothing", "/static/x/y"]


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_is_guarded(world: World, path: str) -> None:
    """The strict policy is on every answer, errors included: no inline script or style, no frame, no other site."""
    answer = await world.browser().get(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "strict-transport-security" not in answer.headers


async def test_pages_hold_the_policy(world: World) -> None:
    """No page has an inline script, style or handler, nor anything from another site."""
    await world.ticket()
    browser = await world.signed_in("mira")
    for path in (
        "/desk",
        "/desk/t/T-1001",
        "/desk/people",
        "/desk/notices",
        "/desk/manual",
        "/desk/password",
        "/desk/sign-in",
    ):
        html = (await browser.get(path)).text
        assert " style=" not in html
        assert "<style" not in html
        assert " onclick" not in html
        assert "<script>" not in html
        assert 'src="http' not in html


async def test_desk_pages_are_never_stored(world: World) -> None:
    """The back button after signing out shows nothing."""
    browser = await world.signed_in()
    assert (await browser.get("/desk")).headers["cache-control"] == "no-store"


async def test_https_adds_its_guards(world: World) -> None:
    """With secure cookies the browser is told to stay on https."""
    app = create(replace(world.deps, secure_cookies=True))
    browser = replace(world, app=app).browser()
    answer = await browser.get("/desk/sign-in")
    assert "max-age" in answer.headers["strict-transport-security"]
    assert "Secure" in answer.headers["set-cookie"]


async def test_static_files_are_kept_by_version(world: World) -> None:
    """Under the page's version for a year; an old page's version is asked again each time."""
    browser = world.browser()
    html = (await browser.get("/desk/sign-in")).text
    path = html.split('rel="stylesheet" href="')[1].split('"')[0]
    assert "immutable" in (await browser.get(path)).headers["cache-control"]
    old = await browser.get("/static/000000000000/base.css")
    assert (old.status_code, old.headers["cache-control"]) == (200, "no-cache")
    assert (await browser.get("/static/x/..%2fapp.py")).status_code == 404


async def test_a_body_that_says_it_is_too_large_is_refused(world: World) -> None:
    """Before reading it."""
    answer = await world.browser().post("/desk/sign-in", content=b"x" * (BODY_LIMIT + 1))
    assert answer.status_code == 413


async def test_a_body_that_lies_about_its_size_is_refused(world: World) -> None:
    """Counted while it comes in, wherever it comes in."""

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(BODY_LIMIT // 1024 + 2):
            yield b"x" * 1024

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await world.browser().post("/desk/sign-in", content=endless(), headers=headers)
    assert answer.status_code == 413


async def test_health_and_readiness(world: World) -> None:
    """Alive is one thing, ready another: without an index the process says what it lacks."""
    assert (await world.browser().get("/healthz")).text == "ok"
    assert (await world.browser().get("/readyz")).json() == {"database": True, "manual": True}
    world.deps.manual.version = None
    answer = await world.browser().get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": True, "manual": False})


async def test_a_closed_database_is_not_ready(world: World) -> None:
    """Readiness answers even when the database does not."""
    await world.deps.db.close()
    assert (await world.browser().get("/readyz")).json()["database"] is False


async def test_the_public_address_is_an_origin_of_ours(world: World) -> None:
    """Behind a proxy the browser's origin is PUBLIC_URL while the host header is the inner one."""
    app = create(replace(world.deps, public_url="https://help.example.com/"))
    browser = replace(world, app=app).browser()
    csrf = field((await browser.get("/desk/sign-in")).text, "csrf")
    form = {"csrf": csrf, "login": "lin", "password": "a quiet harbour"}
    answer = await browser.post("/desk/sign-in", data=form, headers={"Origin": "https://help.example.com"})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"<svg/>", None),
        (b"MZ", None),
        (b"", None),
    ],
)
def test_a_picture_is_told_by_its_bytes(content: bytes, kind: str | None) -> None:
    """Names and stated types prove nothing."""
    assert picture_type(content) == kind


def test_a_signature_holds_for_one_thing_and_one_secret() -> None:
    """For no other name, with no other secret, nor with letters that are none of ours."""
    signed = signing.signature("rating:7:3", secret=b"s")
    assert signing.holds(signed, "rating:7:3", secret=b"s")
    assert len(signed) == 22
    wrong = [(signed, "survey:7:3", b"s"), (signed, "rating:7:3", b"t"), ("署名", "rating:7:3", b"s"), ("", "", b"s")]
    assert not any(signing.holds(given, named, secret=secret) for given, named, secret in wrong)


def test_a_kept_picture_has_a_name_of_ours(tmp_path: Path) -> None:
    """The path is a random token whatever the file was called; only its owner may read it."""
    content = b"\x89PNG\r\n\x1a\n" + b"1"
    (kept,) = keep(tmp_path / "files", [("../../etc/passwd\0.png", content)])
    stored = tmp_path / "files" / kept.id
    assert stored.read_bytes() == content
    assert stored.stat().st_mode & 0o077 == 0
    assert "/" not in kept.name
    assert kept.size == len(content)
    assert kept.id != hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("content", "reason"), [(b"\xff\xd8\xff" + b"0" * MAX_BYTES, "size"), (b"#!/bin/sh", "type")])
def test_other_files_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    """Too large, or not a picture."""
    with pytest.raises(RefusedUpload) as refused:
        keep(tmp_path, [("good.png", b"\x89PNG\r\n\x1a\n"), ("x.png", content)])
    assert refused.value.reason == reason
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, sys
from pathlib import Path
from console.attachments import keep
from store.errors import DiskFull
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
sign = b"\\x89PNG\\r\\n\\x1a\\n"
try:
    keep(Path(sys.argv[1]), [("small.png", sign), ("large.png", sign + bytes(100_000))])
except DiskFull:
    sys.exit(7)
"""


def test_a_full_disk_keeps_nothing_of_a_batch(tmp_path: Path) -> None:
    """What was written before the disk had no more room is removed, the half-written picture too."""
    done = subprocess.run([sys.executable, "-c", FULL, str(tmp_path / "files")], check=False)
    assert done.returncode == 7
    assert list((tmp_path / "files").iterdir()) == []


@pytest.mark.parametrize(("error", "left"), [(DiskFull("full"), 0), (KeyError("x"), 0), (DatabaseGone("gone"), 1)])
def test_pictures_of_no_message_are_dropped(tmp_path: Path, error: Exception, left: int) -> None:
    """They go with the message that was not stored; where that is unknown they stay."""
    kept = keep(tmp_path, [("good.png", b"\x89PNG\r\n\x1a\n")])
    with pytest.raises(type(error)), named_by(tmp_path, kept):
        raise error
    assert len(list(tmp_path.iterdir())) == left
