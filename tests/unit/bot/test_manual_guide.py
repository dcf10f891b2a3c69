"""The guides to the manual, held against the program: commands, keys, examples and settings."""

import re
import shlex
from pathlib import Path

import pytest
from pydantic import AliasChoices
from typer.main import get_command
from typer.testing import CliRunner

from bot.cli import cli
from bot.illustrating import MOST
from bot.settings import Settings
from console import manual_uploads
from knowledge import front_matter, golden, pictures, publishing, source_files, uploads
from knowledge.parsing import pdf

ROOT = Path(__file__).resolve().parents[3]
GUIDES = {name: (ROOT / "docs" / name).read_text("utf-8") for name in ("manual.md", "manual.zh-CN.md")}
READMES = {name: (ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md")}
DOCUMENTED = {
    ("index",), ("rollback",), ("manual",), ("manual", "withdraw"), ("manual", "restore"), ("recall",),
    ("recall", "send"), ("recall", "dismiss"), ("gaps",), ("review",),
}  # fmt: skip
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINE = re.compile(r"^(?:\.venv/bin/)?aftercare (.+)$", re.MULTILINE)
_SPAN = re.compile(r"`(?:\.venv/bin/)?aftercare ([^`…]+)`")
_SETTING = re.compile(r"\b(?:AFTERCARE|OPENAI|CHROMA|TELEGRAM|SLACK)_[A-Z_]+\b|\b(?:DATABASE|PUBLIC)_URL\b|`PORT`")
_TABLE = re.compile(r"^\| (?P<names>`[A-Z_]+`(?:(?:, |、)`[A-Z_]+`)*) \|", re.MULTILINE)


def fences(text: str, language: str) -> list[str]:
    return [body for kind, body in _FENCE.findall(text) if kind == language]


def commands(text: str) -> list[list[str]]:
    """The words of every command line that a text shows, without what is said about it."""
    shown = [line for body in fences(text, "") for line in _LINE.findall(body)] + _SPAN.findall(_FENCE.sub("", text))
    return [shlex.split(line, comments=True) for line in shown]


def options(text: str) -> set[str]:
    return {word for words in commands(text) for word in words if word.startswith("--")}


def settings() -> set[str]:
    aliases = [field.validation_alias for field in Settings.model_fields.values()]
    return {str(alias.choices[0]) for alias in aliases if isinstance(alias, AliasChoices)}


def path(words: list[str]) -> tuple[str, ...]:
    """A command line's command and subcommand."""
    first = get_command(cli).commands[words[0]]  # type: ignore[attr-defined]
    return tuple(words[:2]) if len(words) > 1 and words[1] in getattr(first, "commands", {}) else (words[0],)


@pytest.mark.parametrize("text", [*GUIDES.values(), *READMES.values()], ids=[*GUIDES, *READMES])
def test_every_command_that_is_shown_can_be_typed(text: str) -> None:
    """The command exists, and so does each of its options."""
    shown = commands(text)
    assert len(shown) > len(("ask", "index", "manual"))
    for words in shown:
        result = CliRunner().invoke(cli, [*words, "--help"])
        assert result.exit_code == 0, (words, result.output)


def test_a_command_that_does_not_exist_is_noticed() -> None:
    """Otherwise the test above would prove nothing."""
    for words in (["index", "--nope"], ["recall", "sned", "1"], ["gap"]):
        assert CliRunner().invoke(cli, [*words, "--help"]).exit_code


@pytest.mark.parametrize("guide", GUIDES)
def test_the_guides_show_every_command_of_the_manual(guide: str) -> None:
    """None is left out, and both languages show the same."""
    assert {path(words) for words in commands(GUIDES[guide])} >= DOCUMENTED
    assert options(GUIDES[guide]) == options(GUIDES["manual.md"])


@pytest.mark.parametrize("guide", GUIDES)
def test_the_guides_name_every_key_of_a_page(guide: str) -> None:
    """The table of keys is the program's, the folder's keys among them."""
    rows = re.findall(r"^\| ((?:`[a-z_]+`(?:, |、)?)+) \|", GUIDES[guide], re.MULTILINE)
    assert {key for row in rows for key in re.findall(r"`([a-z_]+)`", row)} == front_matter.KEYS
    (shared,) = re.findall(r"_defaults\.yaml[:：] ?([a-z_, 、]+)$", GUIDES[guide], re.MULTILINE)
    assert set(re.findall(r"[a-z_]+", shared)) == front_matter.SHARED


@pytest.mark.parametrize("guide", GUIDES)
def test_the_examples_are_read_as_they_stand(guide: str) -> None:
    """A page, a sidecar, a folder's defaults and golden questions, none with a fault."""
    (page,) = fences(GUIDES[guide], "markdown")
    found = front_matter.read(page)
    assert not found.faults
    assert found.body.strip()
    sidecar, defaults, questions = fences(GUIDES[guide], "yaml")
    assert not front_matter.keys(sidecar).faults
    assert not front_matter.keys(defaults, allowed=front_matter.SHARED).faults
    asked = golden.parse(questions)
    assert [bool(one.must) for one in asked] == [True, False, False]
    assert asked[1].after
    assert not asked[2].pages


@pytest.mark.parametrize("text", [*GUIDES.values(), *READMES.values()], ids=[*GUIDES, *READMES])
def test_every_setting_that_is_named_exists(text: str) -> None:
    """A name that the program does not read helps nobody."""
    named = {name.strip("`") for name in _SETTING.findall(text)}
    assert named <= settings()
    assert {"AFTERCARE_EMBEDDER", "AFTERCARE_RERANKER", "CHROMA_URL", "AFTERCARE_RECALL_DAYS"} <= named


@pytest.mark.parametrize("readme", READMES)
def test_both_readmes_have_every_setting_in_their_table(readme: str) -> None:
    """What can be set can be found."""
    named = {name for row in _TABLE.findall(READMES[readme]) for name in re.findall(r"[A-Z_]+", row)}
    assert named == settings()


def test_the_limits_that_are_told_are_the_programs() -> None:
    """Sizes, pages and counts, in both languages."""
    english, chinese = GUIDES.values()
    megabytes = source_files.MAX_DOCUMENT_BYTES // 1_000_000
    assert f"up to {megabytes} MB" in english
    assert f"{megabytes} MB" in chinese
    assert f"first {pdf.MOST_PAGES} pages" in english
    assert f"前 {pdf.MOST_PAGES} 页" in chinese
    assert f"{pdf.MOST_SCANNED} of them at most" in english
    assert f"最多 {pdf.MOST_SCANNED} 页" in chinese
    assert f"up to {pictures.MAX_BYTES // 1_000_000} MB" in english
    assert f"不超过 {pictures.MAX_BYTES // 1_000_000} MB" in chinese
    assert f"{uploads.LIMIT // 1_048_576} MB and {manual_uploads.MOST} files" in english
    assert f"{uploads.LIMIT // 1_048_576} MB、一次 {manual_uploads.MOST} 个" in chinese
    assert (publishing.KEEP, MOST) == (4, 3), "four versions, three pictures: say so in the guides"
