"""Which embedder the settings name, and what is said where it cannot be had."""

import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from bot.embedding import choose
from bot.errors import SettingsError
from bot.settings import Settings, load_settings
from knowledge.errors import EmbedderUnreachable


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


def test_the_embeddings_server_may_be_another_one(monkeypatch, tmp_path):
    """Its own address and key count; the chat model's key is not shown to it."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    shown = []

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self):
            shown.append((self.path, self.headers.get("Authorization")))
            self.send_response(401)
            self.end_headers()

        def log_message(self, *_):
            """Nothing on stderr."""

    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        for more in ({}, {"embedder_key": "mine"}, {"embedder_url": None, "openai_base_url": f"{base}/chat"}):
            given = {"embedder_url": f"{base}/v2/", "openai_api_key": "chat", "embedder": "openai:m"} | more
            with pytest.raises(EmbedderUnreachable, match="refused: 401"):
                choose(Settings(data=tmp_path, **given))
        server.shutdown()
    assert shown == [
        ("/v2/embeddings", None), ("/v2/embeddings", "Bearer mine"), ("/chat/embeddings", "Bearer chat"),
    ]  # fmt: skip
