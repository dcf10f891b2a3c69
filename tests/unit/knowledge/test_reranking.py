"""A re-ranker reads the first few of what was found; late, busy or broken, it changes nothing."""

import json
import threading
from collections.abc import Sequence

import httpx
import pytest

from knowledge.endpoint import Endpoint
from knowledge.errors import RerankerFailed
from knowledge.model import Scope
from knowledge.rerankers import HttpReranker, SharedWords
from knowledge.reranking import RerankedSearcher, Reranking
from knowledge.search import Scale
from knowledge.vectors import ExactIndex
from tests.unit.knowledge import pages as room
from tests.unit.knowledge.pages import page

CLIENT = Scope()
PAGES = [page(f"p{n}", f"The menu, part {n}. word{n} thing{n * 7} more{n * 3}") for n in range(30)]


class Favouring:
    """Likes passages with a word best."""

    name = "favouring"

    def __init__(self, word: str) -> None:
        self.word, self.seen = word, []

    def scores(self, question: str, passages: Sequence[str], *, patience_s: float) -> list[float]:
        self.seen.append((question, list(passages)))
        return [float(self.word in text) for text in passages]


class Stuck:
    """Answers when told to."""

    name = "stuck"

    def __init__(self) -> None:
        self.go, self.calls = threading.Event(), 0

    def scores(self, question: str, passages: Sequence[str], *, patience_s: float) -> list[float]:
        self.calls += 1
        assert self.go.wait(20), "the test lets it go"
        return [1.0 - n for n in range(len(passages))]


class Broken:
    name = "broken"

    def scores(self, question: str, passages: Sequence[str], *, patience_s: float) -> list[float]:
        raise MemoryError


def reranked(reranking: Reranking) -> RerankedSearcher:
    plain = room.searcher(PAGES)
    return RerankedSearcher(
        plain.held,
        index=plain.index,
        scale=Scale(floor=0.0, span=0.8, background=plain._scale.background),
        reranking=reranking,
    )


def test_the_first_are_put_in_order() -> None:
    """What it likes best comes first, scores go with their passages, the evidence stays."""
    plain = room.searcher(PAGES)
    before = room.find(plain, "menu", scope=CLIENT, limit=20)
    last = room.pages_of(plain, before)[-1]
    judge, heard = Favouring(f"part {last[1:]}."), []
    reranking = Reranking(judge, tell=lambda result, seconds: heard.append((result, seconds >= 0)))
    made = reranked(reranking)
    after = room.find(made, "menu", scope=CLIENT, limit=3)
    assert room.pages_of(made, after)[0] == last
    assert after.signals == before.signals
    assert after.scores[0] == before.scores[-1]
    assert (len(after.rows), len(judge.seen[0][1])) == (3, 20)
    assert heard == [("ordered", True)]
    reranking.close()


def test_equals_keep_their_order() -> None:
    """A re-ranker that tells nothing apart changes nothing."""
    reranking = Reranking(Favouring("no such word"))
    made = reranked(reranking)
    assert room.find(made, "menu", scope=CLIENT, limit=6) == room.find(
        room.searcher(PAGES), "menu", scope=CLIENT, limit=6
    )
    reranking.close()


@pytest.mark.parametrize("broken", [Broken()])
def test_a_failure_is_no_failure_of_the_search(broken) -> None:
    """The order stays as it was, and it is told."""
    heard = []
    reranking = Reranking(broken, tell=lambda result, _: heard.append(result))
    assert room.find(reranked(reranking), "menu", scope=CLIENT) == room.find(room.searcher(PAGES), "menu", scope=CLIENT)
    assert heard == ["failed"]
    reranking.close()


def test_what_is_late_is_left_out() -> None:
    """The search does not wait for it, nor does the next one queue up behind it; later it works again."""
    stuck, heard = Stuck(), []
    reranking = Reranking(stuck, patience_s=0.05, tell=lambda result, _: heard.append(result))
    made = reranked(reranking)
    plain = room.find(room.searcher(PAGES), "menu", scope=CLIENT)
    assert room.find(made, "menu", scope=CLIENT) == plain
    assert room.find(made, "menu", scope=CLIENT) == plain
    assert (heard, stuck.calls) == (["late", "busy"], 1)
    stuck.go.set()
    while reranking._at_work.locked():
        threading.Event().wait(0.01)
    reranking._patience_s = 20
    assert room.find(made, "menu", scope=CLIENT) == plain
    assert heard[-1] == "ordered"
    reranking.close()


def test_one_result_needs_no_order() -> None:
    """Nothing is asked about a single passage."""
    judge = Favouring("x")
    reranking = Reranking(judge)
    plain = room.searcher(PAGES[:1])
    made = RerankedSearcher(plain.held, index=ExactIndex(), scale=plain._scale, reranking=reranking)
    assert room.pages_of(made, room.find(made, "menu", scope=CLIENT)) == ["p0"]
    assert judge.seen == []
    reranking.close()


def test_words_in_common_count() -> None:
    """The one without a model likes shared words."""
    best, worst = SharedWords().scores("reset the password", ["Password reset", "Menus"], patience_s=1)
    assert best > worst == 0


def served(answer) -> HttpReranker:
    def handle(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        assert request.url.path == "/v1/rerank"
        assert body["top_n"] == len(body["documents"])
        return answer(body)

    endpoint = Endpoint("http://127.0.0.1:9/v1", transport=httpx.MockTransport(handle), sleep=lambda _: None)
    return HttpReranker(endpoint, model="m")


def test_a_servers_figures_come_back_in_order() -> None:
    """Servers list the best first and name places; Cohere's and TEI's names are both read."""

    def cohere(body) -> httpx.Response:
        rows = [{"index": n, "relevance_score": len(text)} for n, text in enumerate(body["documents"])]
        return httpx.Response(200, json={"results": sorted(rows, key=lambda row: -row["relevance_score"])})

    def listed(body) -> httpx.Response:
        return httpx.Response(200, json={"data": [{"index": 1, "score": 0.5}, {"index": 0, "score": 0.25}]})

    assert served(cohere).scores("q", ["aa", "a", "aaa"], patience_s=1) == [2, 1, 3]
    assert served(listed).scores("q", ["a", "b"], patience_s=1) == [0.25, 0.5]
    assert served(cohere).scores("q", [], patience_s=1) == []


@pytest.mark.parametrize(
    "answer",
    [
        lambda body: httpx.Response(401, json={"error": "no"}),
        lambda body: httpx.Response(200, text="<html>"),
        lambda body: httpx.Response(200, json={"results": []}),
        lambda body: httpx.Response(200, json={"results": [{"index": 0, "relevance_score": 1}] * 2}),
        lambda body: httpx.Response(200, json={"results": [{"index": 0}, {"index": 1}]}),
        lambda body: httpx.Response(200, json={"results": [{"index": 0, "score": "x"}, {"index": 7, "score": 1}]}),
        lambda body: httpx.Response(200, text='{"results": [{"index": 0, "score": NaN}, {"index": 1, "score": 1}]}'),
        lambda body: httpx.Response(200, json={"nothing": 1}),
    ],
)
def test_an_answer_that_is_no_ranking_is_said(answer) -> None:
    """Refused, of another shape, incomplete, or no numbers."""
    with pytest.raises(RerankerFailed):
        served(answer).scores("q", ["a", "b"], patience_s=1)
