"""One owner of a data folder. The kernel holds the lock, so none is left behind by kill -9."""

import fcntl
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


@contextmanager
def own(folder: Path) -> Iterator[None]:
    """Be the only owner of `folder` while the block lasts. The folder must exist, on a local file system.

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
        yield
    finally:
        os.close(handle)


def _owned_by(note: bytes) -> AlreadyOwned:
    try:
        fields = json.loads(note)
        return AlreadyOwned(fields["pid"], datetime.fromisoformat(fields["since"]))
    except (ValueError, KeyError):  # the owner has not written it yet
        return AlreadyOwned(0, None)
