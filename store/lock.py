"""One owner of a data folder. The kernel holds the lock, so none is left behind by kill -9."""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from store.clock import utc_now
from store.errors import AlreadyOwned

_NAME: Final = "owner.lock"
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


@contextmanager
def own(folder: Path) -> Iterator[str]:
    """Be the only owner of `folder` while the block lasts. The folder must exist, on a local file system.

    Yields the name of the owner's seat: whoever sat there before us, on this machine since it started, is dead, for
    the kernel gave us its lock. A copy of the folder, or another machine, has another seat.

    Raises:
        AlreadyOwned: another process is; its id, and since when.
    """
    handle = os.open(folder / _NAME, os.O_RDWR | os.O_CREAT, 0o600)  # closed on exec: children do not inherit it
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _owned_by(os.pread(handle, 200, 0)) from None
        os.truncate(handle, 0)
        os.pwrite(handle, json.dumps({"pid": os.getpid(), "since": utc_now().isoformat()}).encode(), 0)
        yield _seat(handle)
    finally:
        os.close(handle)


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
