"""Who uses a data folder: one owner, or processes side by side. The kernel holds the locks: kill -9 leaves none."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from store.clock import utc_now
from store.errors import AlreadyOwned

_NAME: Final = "owner.lock"
_SEATS: Final = "seats"
_MOST_SEATS: Final = 1_000
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def own(folder: Path) -> Iterator[str]:
    """Be the only owner of `folder` while the block lasts. The folder must exist, on a local file system.

    Yields the name of the owner's seat: whoever sat there before us, on this machine since it started, is dead, for
    the kernel gave us its lock. A copy of the folder, or another machine, has another seat.

    Raises:
        AlreadyOwned: another process is; its id, and since when.
    """
    with _locked(folder / _NAME, fcntl.LOCK_EX) as handle:
        _sign(handle)
        yield _seat(handle)


@contextmanager
def sit(folder: Path) -> Iterator[str]:
    """Use `folder` beside others that do, which share a database server; while the block lasts nobody owns it.

    Yields the name of a free seat, of which what `own` says of an owner's holds. Machines that share the folder have
    seats of their own.

    Raises:
        AlreadyOwned: one process owns the folder.
    """
    with _locked(folder / _NAME, fcntl.LOCK_SH) as door, ExitStack() as seated:
        _sign(door)
        (folder / _SEATS).mkdir(mode=0o700, exist_ok=True)
        for number in range(_MOST_SEATS):
            place = folder / _SEATS / f"{os.uname().nodename}-{number}.lock"
            with suppress(AlreadyOwned):
                handle = seated.enter_context(_locked(place, fcntl.LOCK_EX))
                break
        else:
            raise AlreadyOwned(0, None)
        yield _seat(handle)


@contextmanager
def _locked(path: Path, how: int) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # closed on exec: children do not inherit it
    try:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _owned_by(os.pread(handle, 200, 0)) from None
        yield handle
    finally:
        os.close(handle)


def _sign(handle: int) -> None:
    """Write down who holds the lock; of several, who came last."""
    os.truncate(handle, 0)
    os.pwrite(handle, json.dumps({"pid": os.getpid(), "since": utc_now().isoformat()}).encode(), 0)


def _seat(handle: int) -> str:
    """The lock's own file, by number, on this machine since it started: machines that are clones start apart."""
    lock, machine = os.fstat(handle), os.uname().nodename
    boot = _BOOT.read_text("ascii").strip() if _BOOT.exists() else ""
    return hashlib.sha256(f"{machine}\0{boot}\0{lock.st_dev}\0{lock.st_ino}".encode()).hexdigest()[:16]


def _owned_by(note: bytes) -> AlreadyOwned:
    try:
        fields = json.loads(note)
        return AlreadyOwned(fields["pid"], datetime.fromisoformat(fields["since"]))
    except (ValueError, KeyError):  # the owner has not written it yet
        return AlreadyOwned(0, None)
