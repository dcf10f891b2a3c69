"""Documents made by hand, as programs write them and as an ill-wisher would."""

import io
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence

from openpyxl import Workbook
from PIL import Image, ImageDraw, ImageFont
from pptx import Presentation

TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def heading(text: str, level: int = 1) -> str:
    return f'<w:p><w:pPr><w:pStyle w:val="Heading{level}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def word_table(rows: Iterable[Sequence[str]]) -> str:
    cells = (f"<w:tr>{''.join(f'<w:tc>{paragraph(cell)}</w:tc>' for cell in row)}</w:tr>" for row in rows)
    return f"<w:tbl>{''.join(cells)}</w:tbl>"


def docx(body: str, *, prolog: str = "", main: str = MAIN, more: Mapping[str, bytes | str] | None = None) -> bytes:
    parts: dict[str, bytes | str] = {
        "[Content_Types].xml": f'<?xml version="1.0"?><Types xmlns="{TYPES}"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>',
        "_rels/.rels": f'<?xml version="1.0"?><Relationships xmlns="{RELATIONS}"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/document.xml": f'<?xml version="1.0"?>{prolog}<w:document xmlns:w="{WORD}" xmlns:r="{OFFICE}">'
        f"<w:body>{body}</w:body></w:document>",
    }
    return zipped(parts | (dict(more) if more else {}))


def zipped(parts: Mapping[str, bytes | str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def xlsx(sheets: Mapping[str, Iterable[Sequence[object]]], *, hidden: Sequence[str] = ()) -> bytes:
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(list(row))
        sheet.sheet_state = "hidden" if title in hidden else "visible"
    return _saved(book)


def pptx(slides: Iterable[tuple[str, str]], *, notes: str = "", hidden: Sequence[int] = ()) -> bytes:
    deck = Presentation()
    for number, (title, text) in enumerate(slides, start=1):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text, slide.placeholders[1].text = title, text
        if notes:
            slide.notes_slide.notes_text_frame.text = notes
        if number in hidden:
            slide._element.set("show", "0")
    return _saved(deck)


def _saved(made: object) -> bytes:
    kept = io.BytesIO()
    made.save(kept)  # type: ignore[attr-defined]
    return kept.getvalue()


def pdf(pages: Sequence[str], *, extra: str = "", marks: Mapping[str, int] | None = None) -> bytes:
    """A PDF whose pages hold these content streams; ``extra`` joins its trailer, ``marks`` are bookmarks."""
    count, marks = len(pages), marks or {}
    first_mark = 4 + 2 * count
    objects = ["<< /Type /Catalog /Pages 2 0 R" + (f" /Outlines {first_mark} 0 R >>" if marks else " >>")]
    objects.append(f"<< /Type /Pages /Count {count} /Kids [{' '.join(f'{4 + 2 * n} 0 R' for n in range(count))}] >>")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number, content in enumerate(pages):
        objects.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    if marks:
        objects.append(f"<< /First {first_mark + 1} 0 R /Last {first_mark + len(marks)} 0 R /Count {len(marks)} >>")
        for place, (title, on) in enumerate(marks.items(), start=1):
            after = f" /Next {first_mark + place + 1} 0 R" if place < len(marks) else ""
            objects.append(f"<< /Title ({title}) /Parent {first_mark} 0 R{after} /Dest [{4 + 2 * on} 0 R /Fit] >>")
    made, offsets = b"%PDF-1.4\n", []
    for number, held in enumerate(objects, start=1):
        offsets.append(len(made))
        made += f"{number} 0 obj\n{held}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R {extra} >>\n"
    return made + f"{end}startxref\n{len(made)}\n%%EOF\n".encode("latin-1")


def written(*lines: str, at: int = 700) -> str:
    """A content stream that writes lines."""
    shown = " ".join(f"({line}) Tj 0 -20 Td" for line in lines)
    return f"BT /F1 12 Tf 50 {at} Td {shown} ET"


def ruled(rows: Sequence[Sequence[str]], *, at: int = 600) -> str:
    """A content stream that draws a table with lines."""
    wide, high, count = 120, 24, len(rows)
    lines = [f"50 {at - high * n} m {50 + wide * len(rows[0])} {at - high * n} l S" for n in range(count + 1)]
    lines += [f"{50 + wide * n} {at} m {50 + wide * n} {at - high * count} l S" for n in range(len(rows[0]) + 1)]
    for down, row in enumerate(rows):
        lines += [
            f"BT /F1 12 Tf {55 + wide * n} {at - 17 - high * down} Td ({cell}) Tj ET" for n, cell in enumerate(row)
        ]
    return "\n".join(lines)


def sealed_pdf() -> bytes:
    """A PDF that opens with a password only: no password gives these check values."""
    secret = "<< /Filter /Standard /V 1 /R 2 /Length 40 /P -44 /O <" + "ab" * 32 + "> /U <" + "cd" * 32 + "> >>"
    return pdf([written("secret")], extra=f"/Encrypt {secret} /ID [<00> <00>]")


def scanned_pdf(text: str) -> bytes:
    """A PDF that is a picture of text, or an empty picture."""
    picture = Image.new("RGB", (1200, 300), "white")
    ImageDraw.Draw(picture).text((40, 100), text, font=ImageFont.load_default(size=64), fill="black")
    kept = io.BytesIO()
    picture.save(kept, "PDF")
    return kept.getvalue()


def compound(streams: Sequence[str]) -> bytes:
    """An OLE compound file with empty streams of these names: an old Office file, or a sealed new one."""
    free, end, fat = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    table = struct.pack("<128I", fat, end, *[free] * 126)
    entries = [("Root Entry", 5), *((name, 2) for name in streams)]
    return header + table + b"".join(_entry(name, kind) for name, kind in entries).ljust(512, b"\0")


def _entry(name: str, kind: int) -> bytes:
    text = name.encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBB", len(text) + 2, kind, 1)
    return (
        head
        + struct.pack("<III", *[0xFFFFFFFF] * 2, 1 if kind == 5 else 0xFFFFFFFF)
        + bytes(36)
        + struct.pack("<IQ", 0, 0)
    )
