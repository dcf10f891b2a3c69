"""Pictures of screens, drawn for the tests."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

_FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")


def screenshot(*lines: str, kind: str = "PNG") -> bytes:
    """A picture with these lines of text, Chinese or English."""
    if not _FONT.exists():
        pytest.skip("needs the Debian package fonts-noto-cjk")
    font = ImageFont.truetype(str(_FONT), 30)
    picture = Image.new("RGB", (960, 120 + 60 * len(lines)), "#f4f4f6")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 960, 60), fill="#1f2937")
    for place, line in enumerate(lines):
        draw.text((60, 90 + 60 * place), line, font=font, fill="#111827")
    drawn = BytesIO()
    picture.save(drawn, kind)
    return drawn.getvalue()
