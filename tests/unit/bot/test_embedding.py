"""Which embedder the settings name, and what is said where it cannot be had."""

import sys

import pytest

from bot.embedding import choose
from bot.errors import SettingsError
from bot.settings import Settings, load_settings


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("", "embedded"),
        ("embedded", "embedded"),
        (" openai:text-embedding-3-small ", "openai:text-embedding-3-small"),
        ("sentence-transformers:models/bge", "sentence-transformers:models/bge"),
    ],
)
def test_the_setting_is_read(monkeypatch, value, kept):
    """AFTERCARE_EMBEDDER names it; empty is the embedded one."""
    monkeypatch.setenv("AFTERCARE_EMBEDDER", value)
    assert load_settings().embedder == kept


@pytest.mark.parametrize("value", ["bge", "openai", "openai:", "sentence-transformers: ", "hashing:1"])
def test_anything_else_is_refused(monkeypatch, value):
    """With the setting's name and what it may be."""
    monkeypatch.setenv("AFTERCARE_EMBEDDER", value)
    with pytest.raises(SettingsError, match=r"AFTERCARE_EMBEDDER: .*sentence-transformers:FOLDER"):
        load_settings()


def test_a_missing_extra_is_named(monkeypatch, tmp_path):
    """Without the extra the sentence says how to install it."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)  # as if it were not installed
    settings = Settings(data=tmp_path, embedder=f"sentence-transformers:{tmp_path}")
    with pytest.raises(SettingsError, match=r"pip install 'aftercare\[sentence-transformers\]'"):
        choose(settings)


def test_an_api_needs_a_key(monkeypatch, tmp_path):
    """Neither a key nor an address: said before anything is sent."""
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    with pytest.raises(SettingsError, match="OPENAI_API_KEY"):
        choose(Settings(data=tmp_path, embedder="openai:text-embedding-3-small"))
