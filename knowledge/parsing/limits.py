"""What a process that reads a stranger's document may do: little, for a short while, and nothing outside."""

import ctypes
import os
import resource
import sys
from typing import Any, Final, NoReturn

CPU_S: Final = 60
#: With pictures of text to be read.
OCR_CPU_S: Final = 240
#: Of addresses, most of which are never touched.
MEMORY: Final = 1536 * 1024**2
OCR_MEMORY: Final = 6 * 1024**3
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_FORBIDDEN: Final = frozenset({
    "ftplib.connect", "http.client.connect", "os.exec", "os.fork", "os.forkpty", "os.kill", "os.link", "os.posix_spawn",
    "os.remove", "os.rename", "os.rmdir", "os.spawn", "os.symlink", "os.system", "os.truncate",
    "pty.spawn", "shutil.move", "shutil.rmtree", "smtplib.connect", "socket.bind", "socket.connect",
    "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "subprocess.Popen", "urllib.Request",
})  # fmt: skip
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def leave_network() -> None:
    """Move this process into a network of its own that has nothing in it, where the system allows that."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).unshare(_NEW_USER | _NEW_NET)


def confine() -> None:
    """Take from this process its time, its memory, files to write, connections and other programs, for good."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, OCR_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, OCR_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_watch)


def widen_for_pictures() -> None:
    """Allow what reading pictures needs."""
    resource.setrlimit(resource.RLIMIT_CPU, (OCR_CPU_S, OCR_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (OCR_MEMORY, OCR_MEMORY))


def _watch(event: str, args: tuple[Any, ...]) -> None:
    if event in _FORBIDDEN or (event == "open" and isinstance(args[2], int) and args[2] & _WRITING):
        _refuse(event)


def _refuse(event: str) -> NoReturn:
    raise PermissionError(f"{event} is not for a process that reads documents")
