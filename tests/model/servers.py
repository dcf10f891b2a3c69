"""Servers of embeddings on loopback: llama.cpp with a real model, and one of ours that is strict and busy."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread

import httpx

from knowledge.embedders import HashingEmbedder

LOADING_S = 30
LLAMA = """
import sys
import xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.hostnames, params.port = sys.argv[1], ["127.0.0.1"], 0
params.n_ctx, params.n_parallel, params.cpuparams.n_threads, params.warmup = int(sys.argv[2]), 1, 2, False
if sys.argv[3] == "embeds":
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def llama(weights: Path, *, tokens: int = 512, embeds: bool = True) -> Iterator[str]:
    """The address of llama.cpp with a model: of its embeddings, or of its chat; ``tokens`` are the most it takes."""
    quiet = {**os.environ, "OMP_WAIT_POLICY": "passive", "NO_PROXY": "127.0.0.1"}
    with subprocess.Popen(
        [sys.executable, "-c", LLAMA, str(weights), str(tokens), "embeds" if embeds else "talks"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=quiet,
    ) as process:
        try:
            url = next(line.strip() for line in process.stdout if line.startswith("http"))
            wait_until_loaded(url)
            yield url
        finally:
            process.kill()


def wait_until_loaded(url: str) -> None:
    """Return once the server has its model (it answers 503 while loading)."""
    until = time.monotonic() + LOADING_S
    while httpx.get(f"{url}/health", trust_env=False).status_code != httpx.codes.OK:
        assert time.monotonic() < until, "the server did not load its model in time"
        time.sleep(0.1)


class StrictServer(ThreadingHTTPServer):
    """Takes at most ten texts of at most 2,000 characters, says 429 to every fifth call, and counts what it sells."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Strict)
        self.model, self.calls, self.lock = HashingEmbedder(), 0, Lock()

    def turn(self) -> int:
        with self.lock:
            self.calls += 1
            return self.calls


class _Strict(BaseHTTPRequestHandler):
    server: StrictServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        texts, turn = body["input"], self.server.turn()
        if self.path != "/v1/embeddings" or self.headers.get("Authorization") != "Bearer secret":
            self._say(401, {"error": {"message": "who are you?"}})
        elif turn % 5 == 0:
            self._say(429, {"error": {"message": "slow down"}}, retry="0")
        elif len(texts) > 10:
            self._say(400, {"error": {"message": "batch size is invalid, it should not be larger than 10"}})
        elif max(map(len, texts)) > 2_000:
            self._say(413, {"error": {"message": "input too long"}})
        else:
            rows = self.server.model.passages(texts).tolist()
            data = [{"object": "embedding", "index": n, "embedding": row} for n, row in enumerate(rows)]
            used = sum(map(len, texts))
            self._say(200, {"object": "list", "data": data[::-1], "usage": {"prompt_tokens": used}})

    def _say(self, status: int, answer: dict, *, retry: str | None = None) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        if retry is not None:
            self.send_header("Retry-After", retry)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@contextmanager
def strict() -> Iterator[str]:
    """The address of the strict server, whose key is `secret`."""
    with StrictServer() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1"
        server.shutdown()
