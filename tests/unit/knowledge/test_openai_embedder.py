"""Vectors from a server that speaks OpenAI's embeddings API, over HTTP as it goes out."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest

from knowledge.embedder_memory import MemoryFile
from knowledge.embedders import HashingEmbedder
from knowledge.endpoint import Endpoint, EndpointError
from knowledge.errors import EmbedderUnreachable, ScaleUnmeasurable
from knowledge.openai_embedder import OpenAIEmbedder

WIDTH = 64
HASHING = HashingEmbedder(dimensions=WIDTH)
Answer = Callable[[list[str]], httpx.Response]


class Moments:
    """Time that passes by sleeping only."""

    def __init__(self) -> None:
        self.now, self.slept = 0.0, []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Server:
    """Answers as `answer` says, a function of the texts that may be exchanged; keeps what it was asked."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer or vectors
        self.asked: list[list[str]] = []
        self.time = Moments()

    def handle(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.asked.append(body["input"])
        return self.answer(body["input"])

    def embedder(self, **more) -> OpenAIEmbedder:
        endpoint = Endpoint(
            "http://127.0.0.1:9/v1",
            api_key="k",
            transport=httpx.MockTransport(self.handle),
            sleep=self.time.sleep,
            tick=self.time,
            clock=lambda: datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
        )
        return OpenAIEmbedder(endpoint, model="m", tick=self.time, **more)


def rows(texts: list[str], *, scale: float = 3.0) -> list[dict]:
    made = scale * HASHING.passages(texts)
    return [{"object": "embedding", "index": n, "embedding": row.tolist()} for n, row in enumerate(made)]


def vectors(texts: list[str]) -> httpx.Response:
    usage = {"prompt_tokens": 10 * len(texts), "total_tokens": 10 * len(texts)}
    return httpx.Response(200, json={"object": "list", "model": "m", "data": rows(texts), "usage": usage})


def complaint(status: int, message: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json={"error": {"message": message}}, headers=headers)


def test_vectors_have_length_one() -> None:
    """One row a text, in batches, in the order of the texts however the server orders them; odd text is taken."""
    server = Server(lambda texts: httpx.Response(200, json={"data": rows(texts)[::-1]}))
    embedder = server.embedder()
    server.asked.clear()
    texts = [f"word{n}" for n in range(130)]
    found = embedder.passages(texts)
    assert found == pytest.approx(HASHING.passages(texts), abs=1e-6)
    assert embedder.name.startswith("openai/m@")
    assert [len(batch) for batch in server.asked] == [64, 64, 2]
    assert embedder.queries([]).shape == (0, WIDTH)
    assert embedder.queries(["", "\ud800", "x" * 50_000]).shape == (3, WIDTH)


def test_a_batch_is_bounded_in_tokens() -> None:
    """Long texts go fewer at a time."""
    server = Server()
    embedder = server.embedder()
    server.asked.clear()
    embedder.passages(["后" * 1_200] * 40)
    assert [len(batch) for batch in server.asked] == [16, 16, 8]


def test_prompts_stand_in_front() -> None:
    """What is set for questions and passages is sent before each, and names another index."""
    server = Server()
    embedder = server.embedder(query="query: ", passage="passage: ")
    server.asked.clear()
    embedder.queries(["a"])
    embedder.passages(["b"])
    assert server.asked == [["query: a"], ["passage: b"]]
    assert embedder.name != Server().embedder().name


@pytest.mark.parametrize(
    "answer",
    [
        lambda texts: complaint(401, "bad key"),
        lambda texts: httpx.Response(200, text="<html>sign in</html>"),
        lambda texts: httpx.Response(302, headers={"Location": "http://127.0.0.1:9/login"}),
        lambda texts: httpx.Response(200, json={"data": None}),
        lambda texts: httpx.Response(200, json={"data": []}),
        lambda texts: httpx.Response(200, json={"data": rows([*texts, "one more"])}),
        lambda texts: httpx.Response(200, json={"data": [{**row, "index": 0} for row in rows([*texts, "x"])][:1] * 2}),
        lambda texts: httpx.Response(200, json={"data": [{"embedding": [0.0] * WIDTH}] * len(texts)}),
        lambda texts: httpx.Response(200, json={"data": [{"embedding": "AAAA"}] * len(texts)}),
        lambda texts: httpx.Response(200, json={"data": [{"embedding": []}] * len(texts)}),
        lambda texts: httpx.Response(200, text=json.dumps({"data": [{"embedding": [float("nan")] * 4}] * len(texts)})),
        lambda texts: httpx.Response(200, text=json.dumps({"data": [{"embedding": [10**400] * 4}] * len(texts)})),
        lambda texts: httpx.Response(200, json={"error": "no"}),
        lambda texts: httpx.Response(200, json=[1, 2]),
        lambda texts: httpx.Response(500, text="oops"),
    ],
)
def test_anything_but_vectors_is_said(answer: Answer) -> None:
    """A refusal, a page, or an answer that is no vectors for these texts is one stated error."""
    with pytest.raises(EmbedderUnreachable):
        Server(answer).embedder()


def test_another_width_is_refused() -> None:
    """A server that changes its model while we run is caught before anything is mixed."""
    server = Server()
    embedder = server.embedder()
    server.answer = lambda texts: httpx.Response(200, json={"data": [{"embedding": [1.0, 2.0]}] * len(texts)})
    with pytest.raises(EmbedderUnreachable, match="vectors of 2 numbers, not 64"):
        embedder.passages(["a"])


def test_a_model_that_tells_nothing_apart_is_refused() -> None:
    """The same vector for everything is no model."""
    constant = Server(lambda texts: httpx.Response(200, json={"data": [{"embedding": [1.0, 2.0]}] * len(texts)}))
    with pytest.raises(ScaleUnmeasurable):
        constant.embedder()


def failing_first(failures: list[httpx.Response]) -> Answer:
    return lambda texts: failures.pop(0) if failures else vectors(texts)


def test_a_busy_server_is_asked_again() -> None:
    """After the time it names, in either form, else after twice the last wait; an error inside a success counts too."""
    server = Server()
    embedder = server.embedder()
    later = "Sun, 22 Nov 2026 12:00:07 GMT"
    server.answer = failing_first(
        [
            complaint(429, "slow down", **{"Retry-After": "3"}),
            complaint(503, "loading", **{"Retry-After": later}),
            httpx.Response(200, json={"error": {"message": "the backend is tired"}}),
            httpx.Response(502, text="<html>bad gateway</html>"),
        ]
    )
    assert embedder.passages(["a"]).shape == (1, WIDTH)
    assert server.time.slept == [3.0, 7.0, 2.0, 4.0]


@pytest.mark.parametrize(
    "said", ["soon", "Wed, 21 Oct 2015 07:28:00 -99999999999999999999", "Wed, 21 Oct 99999 07:28:00"]
)
def test_a_pause_that_says_nothing(said: str) -> None:
    """A header that no pause can be read from is none: the server is asked again after our own wait."""
    server = Server()
    server.answer = failing_first([complaint(429, "slow down", **{"Retry-After": said})])
    assert server.embedder().passages(["a"]).shape == (1, WIDTH)
    assert server.time.slept == [0.5]


def test_waiting_is_bounded() -> None:
    """A server that wants an hour of patience, or never recovers, is given up in time."""
    server = Server()
    embedder = server.embedder()
    server.answer = lambda texts: complaint(429, "later", **{"Retry-After": "3600"})
    with pytest.raises(EmbedderUnreachable, match="429 later"):
        embedder.passages(["a"])
    assert server.time.slept == []
    server.answer = lambda texts: complaint(500, "broken")
    with pytest.raises(EmbedderUnreachable):
        embedder.passages(["a"])
    assert len(server.time.slept) == 4


def test_a_client_does_not_wait_for_a_failing_server() -> None:
    """A question gives up in seconds, and for a while the next ones do not ask at all."""
    server = Server()
    embedder = server.embedder()
    server.answer = lambda texts: complaint(503, "down")
    with pytest.raises(EmbedderUnreachable):
        embedder.queries(["a"])
    assert sum(server.time.slept) < 4
    asked = len(server.asked)
    with pytest.raises(EmbedderUnreachable, match="a moment ago"):
        embedder.queries(["a"])
    assert len(server.asked) == asked
    server.answer = vectors
    server.time.now += 15
    assert embedder.queries(["a"]).shape == (1, WIDTH)


@pytest.mark.parametrize(
    "refusal",
    [
        complaint(413, ""),
        complaint(400, "batch size is invalid, it should not be larger than 10"),
        complaint(422, "Too many inputs"),
        complaint(500, "input is too large to process. increase the physical batch size"),
    ],
)
def test_too_many_at_once_are_halved(refusal: httpx.Response) -> None:
    """Halves are asked for until they fit, and from then on no more are sent at once."""
    server = Server()
    embedder = server.embedder()
    server.asked.clear()
    server.answer = lambda texts: refusal if len(texts) > 10 else vectors(texts)
    texts = [f"word{n}" for n in range(96)]
    assert embedder.passages(texts) == pytest.approx(HASHING.passages(texts), abs=1e-6)
    assert [len(batch) for batch in server.asked[-4:]] == [8, 8, 8, 8]


def test_a_text_that_is_too_long_is_shortened() -> None:
    """It loses its end, the others of its batch lose nothing, and batches stay as large as before."""
    server = Server()
    embedder = server.embedder()
    server.asked.clear()

    def strict(texts: list[str]) -> httpx.Response:
        if any(len(text) > 400 for text in texts):
            return complaint(400, "This model's maximum context length is 400 tokens")
        return vectors(texts)

    server.answer = strict
    texts = [*(f"word{n}" for n in range(30)), "long " * 200]
    found = embedder.passages(texts)
    assert found[:30] == pytest.approx(HASHING.passages(texts[:30]), abs=1e-6)
    assert max(len(text) for text in server.asked[-1]) <= 400
    server.asked.clear()
    embedder.passages(["word"] * 64)
    assert [len(batch) for batch in server.asked] == [64]
    server.answer = lambda texts: complaint(413, "too long")
    with pytest.raises(EmbedderUnreachable, match="even 39 characters"):
        embedder.passages(["x" * 39])


def test_what_it_used_is_counted() -> None:
    """By the server's own count, else by an estimate that says so; a price makes it money."""
    server = Server()
    embedder = server.embedder(price=0.02)
    before = embedder.spent
    embedder.passages(["a", "b"])
    assert embedder.spent.tokens - before.tokens == 20
    assert not embedder.spent.estimated
    server.answer = lambda texts: httpx.Response(200, json={"data": rows(texts)})
    embedder.passages(["后台密码", "twelve chars"])
    assert embedder.spent.tokens - before.tokens == 20 + 4 + 3
    assert embedder.spent.estimated
    assert embedder.spent.amount == pytest.approx(embedder.spent.tokens * 0.02 / 1e6)
    assert Server().embedder().spent.amount is None


def test_a_known_model_needs_no_server_at_the_start(tmp_path: Path) -> None:
    """What was measured is remembered: name, width and scale are there while the server is down."""
    memory = MemoryFile(tmp_path / "known.json")
    first = Server().embedder(memory=memory)
    down = Server(lambda texts: complaint(503, "down"))
    again = down.embedder(memory=memory)
    assert (again.name, again.dimensions, again.floor, again.span) == (
        first.name, WIDTH, first.floor, first.span,
    )  # fmt: skip
    with pytest.raises(EmbedderUnreachable):
        down.embedder(memory=MemoryFile(tmp_path / "nothing.json"))
    (tmp_path / "known.json").write_text("{half", encoding="utf-8")
    with pytest.raises(EmbedderUnreachable):
        down.embedder(memory=memory)


def test_another_model_under_the_same_name_is_another_embedder(tmp_path: Path) -> None:
    """It is noticed at the start by its vectors; the same one with a little noise is not another."""
    memory = MemoryFile(tmp_path / "known.json")
    first = Server().embedder(memory=memory)
    rng = np.random.default_rng(1)

    def noisy(texts: list[str]) -> httpx.Response:
        made = HASHING.passages(texts) + rng.normal(size=(len(texts), WIDTH)).astype(np.float32) * 1e-3
        return httpx.Response(200, json={"data": [{"embedding": row.tolist()} for row in made]})

    def turned(texts: list[str]) -> httpx.Response:
        made = HASHING.passages(texts)[:, ::-1]
        return httpx.Response(200, json={"data": [{"embedding": row.tolist()} for row in made]})

    assert Server(noisy).embedder(memory=memory).name == first.name
    other = Server(turned).embedder(memory=memory)
    assert other.name != first.name
    assert Server(turned).embedder(memory=memory).name == other.name


def test_its_scale_is_measured() -> None:
    """Unrelated texts fall where the embedded model's fall, matching ones too, whatever its cosines are."""
    server = Server()
    embedder = server.embedder()
    assert embedder.floor < 0.2
    assert 0.05 < embedder.span < 1.5


class Dripping(httpx.SyncByteStream):
    """A byte at a time, each of which takes a second."""

    def __init__(self, time: Moments) -> None:
        self.time, self.sent = time, 0

    def __iter__(self):
        while True:
            self.time.now += 1
            self.sent += 1
            yield b" "


def test_a_drip_ends_at_the_deadline() -> None:
    """A server that never falls silent and never ends cannot hold a call."""
    time = Moments()
    drip = Dripping(time)
    transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=drip))
    endpoint = Endpoint("http://127.0.0.1:9", transport=transport, sleep=time.sleep, tick=time)
    with pytest.raises(EndpointError, match="late: the answer drips"):
        endpoint.post("embeddings", {}, patience_s=10)
    assert drip.sent == 11
    endpoint.close()
