"""Reports as PDF: printed by a process of its own, one at a time, under limits of time and memory."""

import asyncio
import json
import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from console import report_printing
from console.errors import ConsoleError

_WITHIN_S: Final = 60.0
_PATIENT_S: Final = 180.0
_LONGEST: Final = 20 * 1024 * 1024
_CJK: Final = re.compile(r"[⺀-鿿豈-﫿㐀-䶿]")
_FONTS: Final = ("FONTCONFIG_FILE", "FONTCONFIG_PATH", "HOME", "XDG_DATA_HOME", "XDG_DATA_DIRS")


class NoFont(ConsoleError):  # noqa: N818 - the names say what happened
    """The page has Chinese letters, and no font of this machine does: it would be a page of boxes."""


class NotPrinted(ConsoleError):  # noqa: N818
    """The engine gave no PDF: it broke down, or took too long."""


class Printer:
    """Makes PDF of pages. `environment` is added to what the process is given; tests hide fonts by it."""

    def __init__(self, *, within_s: float = _WITHIN_S, environment: dict[str, str] | None = None) -> None:
        self._turn, self._within_s = asyncio.Lock(), within_s
        fonts = {name: os.environ[name] for name in _FONTS if name in os.environ}
        self._environment = {"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1"} | fonts | (environment or {})

    async def pdf(self, html: str, *, title: str) -> bytes:
        """The page as PDF. Raises NoFont, NotPrinted."""
        content = await self._run(html.encode("utf-8", "replace"), cjk=bool(_CJK.search(html)), title=title)
        if not content.startswith(b"%PDF-"):
            raise NotPrinted("no PDF came")
        return content

    async def can_write_chinese(self) -> bool:
        """Whether this machine has a font for it. Raises NotPrinted where printing does not work at all."""
        try:
            await self._run(b"", cjk=True, title="")
        except NoFont:
            return False
        return True

    async def _run(self, html: bytes, *, cjk: bool, title: str) -> bytes:
        if len(html) > _LONGEST:
            raise NotPrinted("the page is too long")
        head = json.dumps({"cjk": cjk, "title": title}).encode() + b"\n"
        try:
            async with asyncio.timeout(_PATIENT_S), self._turn:
                status, content = await self._printed(head + html)
        except (TimeoutError, OSError) as error:
            raise NotPrinted(type(error).__name__) from error
        if status == report_printing.NO_FONT:
            raise NoFont
        if status != 0:
            raise NotPrinted(f"the engine ended with {status}")
        return content

    async def _printed(self, given: bytes) -> tuple[int, bytes]:
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(Path(report_printing.__file__))),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=self._environment,
        )
        try:
            async with asyncio.timeout(self._within_s):
                content, _ = await started.communicate(given)
        finally:
            with suppress(ProcessLookupError):
                started.kill()
            status = await started.wait()
        return status, content
