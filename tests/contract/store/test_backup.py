"""A backup: everything at one instant, into either database; and nothing that was cut, changed or made to do harm."""

import asyncio
import errno
import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, text

from bot import backup, restoring
from bot.errors import BotError
from bot.restoring import Where
from bot.settings import Settings
from handoff import directory, search_index
from handoff.audit_tables import audit
from handoff.kinds import Role, Tier
from store import archive, jobs, migrate, raw
from store.archive import Content
from store.backup import load_rows
from store.db import Database
from store.errors import BadBackup, DatabaseNewer, DiskFull, NotEmpty, OddRow
from store.lock import own
from success.privacy import tombstones
from success.privacy.tombstones import Tombstone
from tests import databases, filling

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)


def settings(data: Path, url: str, **more: Any) -> Settings:
    data.mkdir(exist_ok=True)
    return Settings(data=data, database_url=SecretStr(url), **more)


def furnish(data: Path) -> None:
    """Files as an installation has them: what people sent, the secret, own rules; and what is nobody's."""
    (data / "files").mkdir(parents=True)
    for name, content in (
        ("files/-abc_DEF", b"\x89PNG"), ("files/eve n.png", b"2"), ("files/gone.part", b"half"), ("secret", b"s" * 32),
        ("routes.yaml", b"rules: []"), ("erasures.jsonl", b""), ("owner.lock", b""), ("notes.txt", b"mine"),
    ):  # fmt: skip
        (data / name).write_bytes(content)
    (data / "files" / "link").symlink_to("/etc/passwd")
    (data / "files" / ".hidden").write_bytes(b"")


@pytest.fixture
def filled(database_url: str, tmp_path: Path) -> Settings:
    """An installation with rows in every table."""
    furnish(tmp_path / "data")
    with raw.whole(database_url) as conn:
        filling.fill(conn)
        filling.index(conn, 1, "后台密码 it's err-1042")
    return settings(tmp_path / "data", database_url)


def rows_of(url: str) -> dict[str, Any]:
    with raw.snapshot(url) as conn:
        return filling.held(conn)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path]:
    """An installation on SQLite, and its backup: to be looked at only."""
    room = tmp_path_factory.mktemp("one")
    furnish(room / "data")
    url = f"sqlite:///{databases.migrated_file(room / 'data' / 'aftercare.sqlite3')}"
    with raw.whole(url) as conn:
        filling.fill(conn)
        filling.index(conn, 1, "后台密码 it's err-1042")
    backup.make(settings(room / "data", url), room / "one.tar.gz", now=NOW)
    return settings(room / "data", url), room / "one.tar.gz"


@pytest.fixture
def good(one: tuple[Settings, Path]) -> Path:
    return one[1]


@pytest.fixture
def backed_up(filled: Settings, tmp_path: Path) -> Path:
    path = tmp_path / "one.tar.gz"
    backup.make(filled, path, now=NOW)
    return path


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_backup_of_either_database_goes_into_either(
    filled: Settings, backed_up: Path, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    """Every table, every row, every file, and what was next to be counted."""
    data = tmp_path / "there"
    url = f"sqlite:///{data}/aftercare.sqlite3" if kind == "sqlite" else empty_postgres(request)
    where = Where(data=data, database=url, erasures=data / "erasures.jsonl")
    before = rows_of(filled.database)
    found = restoring.restore(backed_up, where, now=NOW)
    after = rows_of(url)
    news = {row[6] for row in after["audit"] if row[1] == NOW}
    assert news >= {"backup.restore"}
    for name, rows in before.items():
        known = [row for row in after[name] if name != "audit" or row[1] != NOW]
        assert known == [row for row in rows if name != "audit" or row[1] != NOW], name
    assert found["rows"] == sum(len(rows) for rows in before.values()) - 1  # the line that the backup was made
    assert sorted(each.name for each in (data / "files").iterdir()) == ["-abc_DEF", "eve n.png"]
    assert (data / "secret").read_bytes() == b"s" * 32
    assert (data / "routes.yaml").is_file()
    assert not (data / "notes.txt").exists()
    assert not (data / ".restoring").exists()
    modes = {each: oct((data / each).stat().st_mode & 0o777) for each in ("secret", "files/-abc_DEF")}
    assert set(modes.values()) == {"0o600"}
    if kind == "sqlite":
        assert oct((data / "aftercare.sqlite3").stat().st_mode & 0o777) == "0o600"


def empty_postgres(request: pytest.FixtureRequest) -> str:
    server: str = request.getfixturevalue("postgres_server")
    name = f"test{next(databases._numbers)}"
    databases._administer(server, f"CREATE DATABASE {name}")
    request.addfinalizer(lambda: databases._administer(server, f"DROP DATABASE {name} WITH (FORCE)"))
    return f"{server}/{name}"


def test_a_backup_is_verified_by_restoring_it(backed_up: Path) -> None:
    """And it can be read by its owner alone, and by any tar."""
    assert backup.verify(backed_up)["verified"] is True
    assert oct(backed_up.stat().st_mode & 0o777) == "0o600"
    with tarfile.open(backed_up) as packed:
        names = packed.getnames()
    assert {f"rows/{table.name}/000001.jsonl" for table in filling.every_table()} <= set(names)
    assert names[-1] == "manifest.json"
    assert "folder/secret" in names
    assert {name for name in names if name.startswith("files/")} == {"files/-abc_DEF", "files/odd-000002"}


async def test_a_backup_shows_one_instant_while_others_write(database_url: str, tmp_path: Path) -> None:
    """Each transaction adds a pair, one row early in the order of tables and one late: no backup has half a pair."""
    db, done = await Database.open(database_url), 0
    where = settings(tmp_path / "data", database_url)

    def pair(conn: Connection, n: int) -> None:
        directory.add_client(conn, slug=f"c{n}", name="c", tier=Tier.GOLD, now=NOW)
        jobs.enqueue(conn, "q", {"n": n}, now=NOW + timedelta(days=1))
        directory.add_staff(conn, login=f"p{n}", name="p", role=Role.AGENT, now=NOW)

    async def write(stop: asyncio.Event) -> int:
        n = 0
        while not stop.is_set():
            n += 1
            await db.write(lambda conn, n=n: pair(conn, n))
        return n

    stop = asyncio.Event()
    writing = asyncio.create_task(write(stop))
    for number in range(4):
        path = tmp_path / f"{number}.tar.gz"
        await asyncio.to_thread(backup.make, where, path, now=NOW)
        tables = {each.name: each.rows for each in backup.look(path).tables}
        assert tables["client"] == tables["job"] == tables["person"]
        done = max(done, tables["client"])
    stop.set()
    assert await writing > done > 0, "it was written meanwhile, and some of that was seen"
    await db.close()


def damaged(path: Path, change: Callable[[bytearray], None]) -> Path:
    """The same archive with its unpacked bytes changed."""
    inside = bytearray(gzip.decompress(path.read_bytes()))
    change(inside)
    worse = path.with_name("worse.tar.gz")
    worse.write_bytes(gzip.compress(bytes(inside), 1))
    return worse


def made(path: Path, *members: tarfile.TarInfo, content: bytes = b"") -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for member in members:
            member.size = len(content) if member.isreg() else 0
            packed.addfile(member, io.BytesIO(content))
    return path


def link(kind: bytes) -> tarfile.TarInfo:
    found = tarfile.TarInfo("files/a")
    found.type, found.linkname = kind, "/etc/passwd"
    return found


def test_what_was_cut_or_changed_is_refused(good: Path, tmp_path: Path) -> None:
    """Any byte: in a row, in a file, in the manifest, at the end."""
    whole = good.read_bytes()
    cut = tmp_path / "cut.tar.gz"
    for size in (0, 10, 1_000, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:size])
        with pytest.raises(BadBackup):
            backup.look(cut)
    inside = gzip.decompress(whole)
    for place in (
        inside.index(b"\x89PNG"),
        inside.index(b"[", 600) + 1,
        inside.index(b'"digest":"') + 12,
        len(inside) - 5,
    ):
        with pytest.raises(BadBackup):
            backup.look(damaged(good, lambda found, at=place: found.__setitem__(at, found[at] ^ 1)))
    with pytest.raises(BadBackup, match="behind its end"):
        backup.look(damaged(good, lambda found: found.extend(b"x" * 512)))
    for content in (b"", b"no gzip at all", gzip.compress(b"no tar"), gzip.compress(bytes(1024))):
        cut.write_bytes(content)
        with pytest.raises(BadBackup):
            backup.look(cut)
    with pytest.raises(BadBackup, match="no file"):
        backup.look(tmp_path / "nowhere.tar.gz")


@pytest.mark.parametrize(
    "member",
    [
        tarfile.TarInfo("../../etc/cron.d/x"), tarfile.TarInfo("/etc/passwd"), tarfile.TarInfo("files/../../x"),
        tarfile.TarInfo("files/.ssh"), tarfile.TarInfo("files/" + "a" * 300), tarfile.TarInfo("files/a\nb"),
        link(tarfile.SYMTYPE), link(tarfile.LNKTYPE), link(tarfile.CHRTYPE), link(tarfile.DIRTYPE), link(tarfile.FIFOTYPE),
    ],
    ids=lambda member: f"{member.name[:16]!r}-{member.type!r}",
)  # fmt: skip
def test_an_archive_that_means_harm_is_refused(tmp_path: Path, member: tarfile.TarInfo) -> None:
    """Paths that lead out, links, devices, long headers: nothing of it is even looked at."""
    path = made(tmp_path / "bad.tar.gz", member, content=b"x")
    where = Where(data=tmp_path / "there", database=f"sqlite:///{tmp_path}/there/a.sqlite3", erasures=tmp_path / "e")
    with pytest.raises(BadBackup):
        restoring.restore(path, where, now=NOW)
    assert not (tmp_path / "there").exists()


def test_a_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    """A few hundred kilobytes that unpack to hundreds of megabytes are given up early."""
    path = tmp_path / "bomb.tar.gz"
    head = tarfile.TarInfo("files/a")
    head.size = 700 << 20
    with gzip.open(path, "wb", 9) as packed:
        packed.write(head.tobuf(tarfile.USTAR_FORMAT))
        for _ in range(700):
            packed.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with archive.reading(path) as reader, pytest.raises(BadBackup, match="far more than a backup"):
        next(iter(reader)).skip()
    assert reader.unpacked < 420 << 20


def rewritten(path: Path, change: Callable[[dict[str, Any]], None], to: Path) -> Path:
    """The same backup with another manifest, as somebody would make it who means harm."""
    with archive.reading(path) as reader, archive.writing(to) as writer:
        for content in reader:
            held = content.read(most=1 << 30)
            if content.name != "manifest.json":
                writer.add(content.name, held)
                continue
            manifest = json.loads(held)
            change(manifest)
            writer.add("manifest.json", json.dumps(manifest).encode())
    return to


@pytest.mark.parametrize(
    "place", ["../../x", "/etc/x", "a/../b", ".git/config", "a//b", "", "a\\b", "x\0y", "./a"], ids=ascii
)
def test_a_place_that_leads_out_is_refused(good: Path, tmp_path: Path, place: str) -> None:
    """The manifest may say where a file belongs, but only inside its room."""
    bad = rewritten(good, lambda m: _file(m)["members"][-1].update(place=place), tmp_path / "bad.tar.gz")
    data = tmp_path / "there"
    where = Where(data=data, database=f"sqlite:///{data}/a.sqlite3", erasures=tmp_path / "e")
    with pytest.raises(BadBackup, match="belongs nowhere"):
        restoring.restore(bad, where, now=NOW)
    assert {each.name for each in data.iterdir()} == {"owner.lock"}
    assert {each.name for each in tmp_path.iterdir()} == {"there", "bad.tar.gz"}


def _file(manifest: dict[str, Any]) -> dict[str, Any]:
    assert manifest["members"][-1]["name"].startswith("files/")
    return manifest


@pytest.mark.parametrize(
    "change",
    [
        lambda m: m.update(format=2),
        lambda m: m.update(extra=1),
        lambda m: m["tables"][3].update(rows=99),
        lambda m: m["tables"].pop(),
        lambda m: m["tables"][0]["columns"].pop(),
        lambda m: m["tables"][0]["columns"][0].__setitem__(1, "code"),
        lambda m: m["members"].pop(),
        lambda m: m["members"].append(m["members"][0]),
    ],
)
def test_a_manifest_that_does_not_agree_is_refused(good: Path, tmp_path: Path, change: Any) -> None:
    bad = rewritten(good, change, tmp_path / "bad.tar.gz")
    data = tmp_path / "there"
    with pytest.raises(BadBackup):
        restoring.restore(
            bad, Where(data=data, database=f"sqlite:///{data}/a.sqlite3", erasures=tmp_path / "e"), now=NOW
        )
    assert not (data / "a.sqlite3").exists()


def test_a_backup_of_a_later_program_is_refused(good: Path, tmp_path: Path) -> None:
    late = rewritten(good, lambda m: m.update(revision="9001"), tmp_path / "late.tar.gz")
    with pytest.raises(DatabaseNewer, match="9001"):
        restoring.restore(late, Where(data=tmp_path / "t", database="sqlite:///x", erasures=tmp_path / "e"), now=NOW)
    with pytest.raises(DatabaseNewer, match="9001"):
        backup.verify(late)


def test_a_backup_of_an_earlier_program_is_migrated(tmp_path: Path) -> None:
    """Made before an upgrade, by either program: it comes back in the newest schema."""
    data = tmp_path / "data"
    data.mkdir()
    with raw.whole(f"sqlite:///{data}/aftercare.sqlite3") as conn:
        migrate.bring(conn, "0032")
        directory.add_client(conn, slug="c", name="青禾", tier=Tier.GOLD, now=NOW)
    path = tmp_path / "old.tar.gz"
    assert backup.make(Settings(data=data, database_url=None), path, now=NOW)["revision"] == "0032"
    there = tmp_path / "there"
    where = Where(data=there, database=f"sqlite:///{there}/aftercare.sqlite3", erasures=there / "erasures.jsonl")
    restoring.restore(path, where, now=NOW)
    with raw.snapshot(where.database) as conn:
        assert migrate.revision_of(conn) == migrate.newest()
        assert directory.client_by_slug(conn, "c").name == "青禾"


def test_nothing_is_ever_restored_over_anything(one: tuple[Settings, Path], good: Path, tmp_path: Path) -> None:
    """A folder with anything of an installation, a database with rows, a folder in which a process works."""
    with pytest.raises(NotEmpty, match="nothing was changed"):
        restoring.restore(good, Where.of(one[0], None), now=NOW)
    data = tmp_path / "there"
    (data / "backups").mkdir(parents=True)
    with own(data), pytest.raises(BotError, match="stop it first"):
        restoring.restore(good, Where(data=data, database="sqlite:///x", erasures=tmp_path / "e"), now=NOW)
    with pytest.raises(BotError, match="never written over"):
        backup.make(one[0], good, now=NOW)


def test_a_database_with_rows_is_never_restored_into(filled: Settings, backed_up: Path, tmp_path: Path) -> None:
    """Though the folder is empty: the rows there stay as they are."""
    before = rows_of(filled.database)
    manifest = backup.look(backed_up)
    with (
        archive.reading(backed_up) as reader,
        pytest.raises(NotEmpty, match="rows in"),
        raw.whole(filled.database) as conn,
    ):
        load_rows(conn, reader, manifest, others=Content.skip)
    assert rows_of(filled.database) == before
    assert (tmp_path / "data" / "secret").is_file()


def test_a_full_disk_leaves_nothing(
    one: tuple[Settings, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half file, no part of one, and a sentence that says so."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(archive.Writer, "_tail", full)
    with pytest.raises(DiskFull, match=r"no room on the disk .* nothing was left"):
        backup.make(one[0], tmp_path / "out" / "one.tar.gz", now=NOW)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_disk_without_room_is_told_before_anything_is_written(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
    data = tmp_path / "there"
    with pytest.raises(DiskFull, match="MB free; nothing was changed"):
        restoring.restore(good, Where(data=data, database=f"sqlite:///{data}/a", erasures=data / "e"), now=NOW)
    assert {each.name for each in data.iterdir()} == {"owner.lock"}


def test_a_killed_restore_is_begun_again(good: Path, tmp_path: Path) -> None:
    """What it left in its own folder is taken away first."""
    data = tmp_path / "there"
    (data / ".restoring" / "files").mkdir(parents=True)
    (data / ".restoring" / "files" / "half").write_bytes(b"x")
    where = Where(data=data, database=f"sqlite:///{data}/aftercare.sqlite3", erasures=data / "erasures.jsonl")
    restoring.restore(good, where, now=NOW)
    assert not (data / "files" / "half").exists()


def test_a_row_that_cannot_be_kept_is_named(one: tuple[Settings, Path], tmp_path: Path) -> None:
    """A file that another program wrote into: the backup is not made, and says why."""
    shutil.copytree(one[0].data, tmp_path / "data", symlinks=True)
    odd = settings(tmp_path / "data", f"sqlite:///{tmp_path}/data/aftercare.sqlite3")
    with raw.whole(odd.database) as conn:
        conn.execute(text("UPDATE manual_run SET done = 'many' WHERE id = 2"))
    with pytest.raises(OddRow, match="table manual_run, row id 2, column done"):
        backup.make(odd, tmp_path / "odd.tar.gz", now=NOW)
    assert not (tmp_path / "odd.tar.gz").exists()


async def test_who_was_erased_stays_erased(database_url: str, tmp_path: Path) -> None:
    """Erased after the backup was made, and in the list: cut off before the restored copy is live."""
    db = await Database.open(database_url)

    def write(conn: Connection) -> tuple[int, datetime]:
        who = directory.ensure_person(
            conn, platform="telegram", external_id="77", name="Quirina", client_id=None, now=NOW
        )
        return who.id, NOW

    who, since = await db.write(write)
    await db.close()
    path, data = tmp_path / "b.tar.gz", tmp_path / "there"
    backup.make(settings(tmp_path / "data", database_url), path, now=NOW)
    stone = Tombstone(person_id=who, since=since, at=NOW + timedelta(hours=1), by_id=None, counts={})
    tombstones.write(data / "erasures.jsonl", [stone])
    where = Where(data=data, database=f"sqlite:///{data}/aftercare.sqlite3", erasures=data / "erasures.jsonl")
    assert restoring.restore(path, where, now=NOW)["erased_again"] == 1
    with raw.snapshot(where.database) as conn:
        assert conn.execute(text("SELECT count(*) FROM identity")).scalar_one() == 0
        assert [each.queue for each in jobs.unfinished(conn, "privacy_erase", since=NOW)] == ["privacy_erase"]


async def test_a_backup_is_noted_and_search_works_after_a_restore(
    one: tuple[Settings, Path], good: Path, tmp_path: Path
) -> None:
    with raw.snapshot(one[0].database) as conn:
        assert backup.last_made(conn) == NOW
        [line] = conn.execute(audit.select().where(audit.c.action == backup.MADE)).mappings()
        assert (line["via"], line["subject"]) == ("command line", "one.tar.gz")
    data = tmp_path / "there"
    where = Where(data=data, database=f"sqlite:///{data}/aftercare.sqlite3", erasures=data / "e")
    restoring.restore(good, where, now=NOW)
    with raw.whole(where.database) as conn:
        found = text("SELECT rowid FROM search_words WHERE search_words MATCH '\"err-1042\"'")
        assert conn.execute(found).scalars().all() == [1]
        search_index.forget(conn, 1)
        assert conn.execute(found).scalars().all() == []


def test_an_own_manual_comes_along(one: tuple[Settings, Path], tmp_path: Path) -> None:
    """Its pages with their folders and Chinese names, without Git's."""
    manual = tmp_path / "pages"
    for name in ("首页.md", "网站/后台 登录.md", ".git/config", "网站/pic.png"):
        (manual / name).parent.mkdir(parents=True, exist_ok=True)
        (manual / name).write_text(name)
    path, data = tmp_path / "m.tar.gz", tmp_path / "there"
    assert backup.make(one[0].model_copy(update={"manual": manual}), path, now=NOW)["manual"] == 3
    where = Where(data=data, database=f"sqlite:///{data}/aftercare.sqlite3", erasures=data / "e")
    assert restoring.restore(path, where, now=NOW)["own_manual"] == str(data / "manual")
    kept = sorted(
        each.relative_to(data / "manual").as_posix() for each in (data / "manual").rglob("*") if each.is_file()
    )
    assert kept == sorted(["首页.md", "网站/后台 登录.md", "网站/pic.png"])
