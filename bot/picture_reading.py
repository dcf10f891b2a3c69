"""Reads the text in one picture, in a process of its own that may be ended at any time.

`python picture_reading.py FILE` prints its lines as a JSON list, from above to below. The picture is a stranger's:
it is opened under limits of time, memory and size, and nothing but its text leaves this process. Nothing of ours is
imported.
"""

import json
import logging
import resource
import sys
from typing import Any, Final

_CPU_S: Final = 30
_MEMORY: Final = 6 * 1024**3  # of addresses, most of which are never touched
_MOST_PIXELS: Final = 40_000_000
_LONGEST_SIDE: Final = 2000  # a phone's screenshot keeps its letters legible
_SURE: Final = 0.6  # of 1; what is less sure is noise
_THREADS: Final = 1


def read(path: str) -> list[str]:
    """The lines of text in the picture at `path`. Raises whatever a broken picture raises."""
    import numpy as np
    from PIL import Image
    from rapidocr import RapidOCR

    Image.MAX_IMAGE_PIXELS = _MOST_PIXELS // 2  # beyond twice that, Pillow refuses to open it
    with Image.open(path) as picture:
        if picture.width * picture.height > _MOST_PIXELS:
            raise ValueError("the picture is too large")
        picture.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
        opaque = Image.new("RGB", picture.size, "white")
        seen = picture.convert("RGBA")
        opaque.paste(seen, mask=seen)
    threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": _THREADS for kind in ("intra", "inter")}
    found: Any = RapidOCR(params=threads | {"Global.log_level": "critical"})(np.asarray(opaque))
    return [line for line, sure in zip(found.txts or (), found.scores or (), strict=True) if sure >= _SURE]


def main() -> None:
    """Read the one file that is named."""
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes no file
    logging.disable(logging.CRITICAL)
    print(json.dumps(read(sys.argv[1]), ensure_ascii=True))  # noqa: T201 - this is its answer


if __name__ == "__main__":
    main()
