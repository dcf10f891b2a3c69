"""Vectors from a server that speaks OpenAI's embeddings API, through the real client."""

import json

import httpx2
import numpy as np
import pytest

from knowledge.errors import EmbedderUnreachable
from knowledge.openai_embedder import OpenAIEmbedder


def served(answer):
    """An embedder whose server is `answer`, a function of the texts; and the batches it was asked for."""
    asked: list[list[str]] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        texts = json.loads(request.content)["input"]
        asked.append(texts)
        return answer(texts)

    transport = httpx2.MockTransport(handle)
    return asked, lambda: OpenAIEmbedder(api_key="k", model="m", base_url="http://127.0.0.1:9/v1", transport=transport)


def vectors(texts: list[str]) -> httpx2.Response:
    rows = [{"object": "embedding", "index": n, "embedding": [3.0, 4.0, len(text)]} for n, text in enumerate(texts)]
    return httpx2.Response(200, json={"object": "list", "model": "m", "data": rows})


def test_vectors_have_length_one() -> None:
    """One row a text, in batches; nothing asked is nothing given; odd text is taken."""
    asked, make = served(vectors)
    embedder = make()
    rows = embedder.passages(["a"] * 130)
    assert (embedder.name, embedder.dimensions, rows.shape) == ("openai/m", 3, (130, 3))
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(130))
    assert [len(batch) for batch in asked] == [1, 64, 64, 2]
    assert embedder.queries([]).shape == (0, 3)
    assert embedder.queries(["", "\ud800", "x" * 50_000]).shape == (3, 3)


@pytest.mark.parametrize(
    "answer",
    [
        lambda texts: httpx2.Response(401, json={"error": {"message": "bad key"}}),
        lambda texts: httpx2.Response(200, text="<html>sign in</html>"),
        lambda texts: httpx2.Response(200, json={"data": None}),
        lambda texts: httpx2.Response(200, json={"data": []}),
        lambda texts: httpx2.Response(200, json={"error": "no"}),
    ],
)
def test_anything_else_is_said(answer) -> None:
    """A refusal, a page, or an answer without vectors is one stated error."""
    _, make = served(answer)
    with pytest.raises(EmbedderUnreachable):
        make()
