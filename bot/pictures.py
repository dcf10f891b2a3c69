"""What stands written in the pictures that clients send: a screenshot says more than "这个怎么办"."""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import structlog

from bot import picture_reading
from bot.masking import mask
from handoff.model import Attachment
from knowledge.language import clean

log = structlog.get_logger()

MOST: Final = 3
"""Pictures of one burst that are read; all of them reach the ticket."""
_LONGEST: Final = 1500  # characters that are kept of one
_WITHIN_S: Final = 45.0
_PATIENT_S: Final = 90.0  # with others before us


class Reader(Protocol):
    """Reads pictures."""

    async def read(self, picture: Path) -> str:
        """The text in it, a line each; "" if there is none, or none can be read. Never raises for a bad picture."""


class NoReader:
    """Reads nothing: pictures go to people as they are."""

    async def read(self, picture: Path) -> str:
        """Nothing."""
        del picture
        return ""


class ProcessReader:
    """Reads each picture in a process of its own, one after the other: a hostile one ends that process at most."""

    def __init__(self, *, within_s: float = _WITHIN_S) -> None:
        self._turn = asyncio.Lock()
        self._within_s = within_s

    async def read(self, picture: Path) -> str:
        """See `Reader`."""
        try:
            async with asyncio.timeout(_PATIENT_S), self._turn:
                lines = await self._lines(picture)
        except (TimeoutError, OSError, ValueError) as error:
            log.warning("picture not read", error=type(error).__name__)
            return ""
        return "\n".join(lines)

    async def _lines(self, picture: Path) -> Sequence[str]:
        script = Path(picture_reading.__file__)
        started = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", str(script), str(picture)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        try:
            async with asyncio.timeout(self._within_s):
                answer, _ = await started.communicate()
        finally:
            with suppress(ProcessLookupError):
                started.kill()
            await started.wait()
        if started.returncode != 0:
            raise ValueError(f"the reader ended with {started.returncode}")
        return [str(line) for line in json.loads(answer)]


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Reads what people send. `files` is where their bytes are."""

    reader: Reader
    files: Path

    async def text(self, sent: Sequence[Attachment]) -> str:
        """What stands in these files that are pictures, secrets masked, as it may be kept."""
        pictures = [file for file in sent if file.media_type.startswith("image/")][:MOST]
        texts = [await self.reader.read(self.files / file.id) for file in pictures]
        return "\n".join(mask(clean(text)[:_LONGEST]).text for text in texts if text.strip())
