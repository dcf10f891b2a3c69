"""One owner of a data folder."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store.clock import utc_now
from store.errors import AlreadyOwned
from store.lock import own, sit

OWNER = """
import sys
from pathlib import Path
from store.lock import own, sit
with own(Path(sys.argv[1])):
    print("owned", flush=True)
    sys.stdin.read()
"""


def test_a_second_owner_is_told_who_and_since_when(tmp_path: Path) -> None:
    """Within one process too; and the folder is free again afterwards."""
    with own(tmp_path):
        with pytest.raises(AlreadyOwned) as caught, own(tmp_path):
            pass
        assert caught.value.pid == os.getpid()
        assert caught.value.since is not None
        assert abs((utc_now() - caught.value.since).total_seconds()) < 60
    with own(tmp_path):
        assert (tmp_path / "owner.lock").stat().st_mode & 0o777 == 0o600


def test_a_killed_owner_leaves_no_lock(tmp_path: Path) -> None:
    """kill -9, and the next one may start."""
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == "owned\n"
        with pytest.raises(AlreadyOwned) as caught, own(tmp_path):
            pass
        assert caught.value.pid == owner.pid
        owner.send_signal(signal.SIGKILL)
        owner.wait(10)
    with own(tmp_path):
        assert str(os.getpid()) in (tmp_path / "owner.lock").read_text()


def test_an_owner_that_has_not_signed_yet(tmp_path: Path) -> None:
    """The lock counts, not the note in it."""
    with own(tmp_path):
        (tmp_path / "owner.lock").write_text("")
        with pytest.raises(AlreadyOwned) as caught, own(tmp_path):
            pass
    assert (caught.value.pid, caught.value.since) == (0, None)


def test_a_seat_stays_with_its_folder(tmp_path: Path) -> None:
    """The next owner sits where the former sat; a copy of the folder is another seat."""
    folder, copied = tmp_path / "data", tmp_path / "copy"
    folder.mkdir()
    with own(folder) as first:
        pass
    shutil.copytree(folder, copied)
    with own(folder) as second, own(copied) as other:
        assert first == second
        assert other != first


def test_processes_that_share_a_database_sit_side_by_side(tmp_path: Path) -> None:
    """Each has a seat of its own, which the next one takes; meanwhile nobody owns the folder."""
    with sit(tmp_path) as first, sit(tmp_path) as second:
        assert first != second
        with pytest.raises(AlreadyOwned) as caught, own(tmp_path):
            pass
        assert caught.value.pid == os.getpid()
    with sit(tmp_path) as again:
        assert again == first
    with own(tmp_path), pytest.raises(AlreadyOwned), sit(tmp_path):
        pass
