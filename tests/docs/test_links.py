"""The guides lead to each other, to files that are there, and to sections that exist; both languages tell the same."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GUIDES = sorted(DOCS.glob("*.md"))
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
_FENCE = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    text = _FENCE.sub("", path.read_text("utf-8"))
    plain = (re.sub(r"[^\w\- ]", "", heading.strip().lower()) for heading in _HEADING.findall(text))
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(guide: Path) -> None:
    """Files and sections; addresses outside are not asked."""
    plain = re.sub(r"`[^`\n]*`", "", _FENCE.sub("", guide.read_text("utf-8")))
    for link in _LINK.findall(plain):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, anchor = link.partition("#")
        there = (guide.parent / name).resolve() if name else guide
        assert there.exists(), link
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), link


@pytest.mark.parametrize("index", ["README.md", "README.zh-CN.md"])
def test_the_index_names_every_guide(index: str) -> None:
    """In its own language, where there is one."""
    led = set(_LINK.findall((DOCS / index).read_text("utf-8")))
    chinese = index != "README.md"
    mine = {guide.name for guide in GUIDES if (".zh-CN." in guide.name) == chinese} - {index}
    assert mine - led == set()


def test_each_guide_is_there_in_both_languages() -> None:
    """And each leads to the other."""
    for guide in GUIDES:
        other = (
            guide.name.replace(".zh-CN.md", ".md")
            if ".zh-CN." in guide.name
            else guide.name.replace(".md", ".zh-CN.md")
        )
        assert (DOCS / other).exists(), other


@pytest.mark.parametrize("name", ["quick-start", "deploy", "scale", "watch", "architecture"])
def test_both_languages_show_the_same_commands(name: str) -> None:
    """Fences of a shell are the same, word for word; as many sections and tables' rows."""
    english, chinese = ((DOCS / f"{name}{ending}").read_text("utf-8") for ending in (".md", ".zh-CN.md"))
    assert re.findall(r"```sh\n(.*?)```", english, re.DOTALL) == re.findall(r"```sh\n(.*?)```", chinese, re.DOTALL)
    for what in (r"^#+ ", r"^\s*\|", r"^\s*- "):
        assert len(re.findall(what, english, re.MULTILINE)) == len(re.findall(what, chinese, re.MULTILINE)), what


def test_the_pictures_of_the_house_are_what_their_script_draws() -> None:
    """In both languages, for light and for dark; nothing hangs over the edge of its box."""
    drawing = runpy.run_path(str(DOCS / "images" / "draw.py"))
    for language in ("en", "zh"):
        kept = (DOCS / "images" / drawing["name"](language)).read_text("utf-8")
        assert kept == drawing["picture"](language)
        assert "prefers-color-scheme: dark" in kept
    for box in drawing["BOXES"]:
        for line in (*box.en, *box.zh):
            wide = sum(13.2 if ord(letter) > 0x2E80 else 7.0 for letter in line)
            assert wide <= box.w - 14, line
