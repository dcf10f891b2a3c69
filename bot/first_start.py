"""What an installation begins with: its data folder, its key, the demo client, the first admin."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection

from console import auth
from handoff import directory, routes
from handoff.kinds import Role, Tier
from store.clock import Clock
from store.jobs import lock_key

DEMO = "demo"


def prepare_folder(data: Path) -> None:
    """Make the data folder, readable by its owner only."""
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    (data / "files").mkdir(exist_ok=True)


def routes_file(data: Path) -> Path:
    """The rules of routing of this installation: `routes.yaml` in the data folder, else the default ones."""
    own = data / "routes.yaml"
    return own if own.is_file() else routes.DEFAULT


def secret(data: Path) -> bytes:
    """The key that signs links, visitors and forms; made once, also where several processes start at once."""
    path = data / "secret"
    if not path.exists():
        unfinished = path.with_name(f".secret.{secrets.token_hex(6)}")
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(handle)
        with suppress(FileExistsError):  # another process was first: its key is everybody's
            os.link(unfinished, path)
        unfinished.unlink()
    return path.read_bytes()


def seed(conn: Connection, *, clock: Clock, again: bool = True) -> str | None:
    """The demo client and the first admin of a fresh database; the one-time password while it is unused.

    With `again` each start makes a new one, as long as it is unused; without, only the start that makes the admin.
    """
    now = clock()
    lock_key(conn, "first_start", DEMO)
    if directory.client_by_slug(conn, DEMO) is None:
        directory.add_client(
            conn,
            slug=DEMO,
            name="青禾茶业 Greenleaf Tea",
            tier=Tier.GOLD,
            site="https://www.example.com",
            cms="WordPress + WooCommerce, CMS",
            hosting="cn-east",
            now=now,
        )
    admin = directory.staff_by_login(conn, "admin")
    if admin is None:
        if directory.staff(conn):
            return None
        admin = directory.add_staff(conn, login="admin", name="Admin", role=Role.ADMIN, now=now)
    elif not again or not auth.password_pending(conn, admin.id):
        return None
    return auth.issue_one_time_password(conn, admin.id, now=now)
