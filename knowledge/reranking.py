"""The first few of what was found, put into a better order by a re-ranker, or left as they are in time."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from dataclasses import replace
from typing import Final, Literal

import structlog

from knowledge.asking import Question
from knowledge.catalogue import Catalogue
from knowledge.chunking import embedding_text
from knowledge.endpoint import Closing
from knowledge.errors import RerankerFailed
from knowledge.model import Scope
from knowledge.rerankers import Reranker
from knowledge.search import Found, Scale, Searcher
from knowledge.vectors import VectorIndex

log = structlog.get_logger()

FIRST: Final = 20
PATIENCE_S: Final = 0.8
Result = Literal["ordered", "late", "busy", "failed"]
Tell = Callable[[Result, float], None]


class Reranking:
    """Asks a re-ranker within ``patience_s``, one question at a time, the wait for another one's included.

    ``tell`` hears what came of each question, and after how many seconds.
    """

    def __init__(self, reranker: Reranker, *, patience_s: float = PATIENCE_S, tell: Tell | None = None) -> None:
        self.reranker = reranker
        self._patience_s, self._tell = patience_s, tell
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="manual-rerank")
        self._at_work = threading.Lock()

    def close(self) -> None:
        """Let a question that is being read end."""
        self._pool.shutdown(cancel_futures=True)
        if isinstance(self.reranker, Closing):
            self.reranker.close()

    def order(self, question: str, passages: Sequence[str]) -> list[int] | None:
        """Return the places of the passages, best first; None where there is no better order in time."""
        started = time.perf_counter()
        result, scores = self._asked(question, passages)
        if self._tell:
            self._tell(result, time.perf_counter() - started)
        if scores is None:
            return None
        return sorted(range(len(passages)), key=lambda place: (-scores[place], place))

    def _asked(self, question: str, passages: Sequence[str]) -> tuple[Result, list[float] | None]:
        until = time.monotonic() + self._patience_s
        if not self._at_work.acquire(timeout=self._patience_s):  # a model that is stuck must not gather a queue
            return "busy", None
        running = self._pool.submit(self._read, question, list(passages))
        try:
            return "ordered", running.result(timeout=max(until - time.monotonic(), 0.0))
        except Late:
            log.warning("re-ranker was late", reranker=self.reranker.name, patience_s=self._patience_s)
            return "late", None
        except RerankerFailed as error:
            log.warning("re-ranker failed", reranker=self.reranker.name, reason=error.reason)
            return "failed", None

    def _read(self, question: str, passages: list[str]) -> list[float]:
        try:
            return self.reranker.scores(question, passages, patience_s=self._patience_s)
        except RerankerFailed:
            raise
        except Exception as error:  # a model's library raises what it likes; the search goes on without it
            raise RerankerFailed(self.reranker.name, type(error).__name__) from error
        finally:
            self._at_work.release()


class RerankedSearcher(Searcher):
    """A searcher whose first results a re-ranker has read. The evidence stays that of the order before."""

    def __init__(self, held: Catalogue, *, index: VectorIndex, scale: Scale, reranking: Reranking) -> None:
        super().__init__(held, index=index, scale=scale)
        self._reranking = reranking

    def find(
        self,
        asked: Question,
        *,
        scope: Scope,
        hidden: frozenset[str] = frozenset(),
        limit: int = 6,
        thin: bool = True,
    ) -> Found | None:
        """Return the chunks in scope by relevance; None if there is none."""
        found = super().find(asked, scope=scope, hidden=hidden, limit=max(limit, FIRST), thin=thin)
        if found is None:
            return None
        first = found.rows[:FIRST]
        order = self._reranking.order(asked.text, [self._text(row) for row in first]) if len(first) > 1 else None
        places = [*(order or range(len(first))), *range(len(first), len(found.rows))][:limit]
        return replace(
            found,
            rows=tuple(found.rows[place] for place in places),
            scores=tuple(found.scores[place] for place in places),
        )

    def _text(self, row: int) -> str:
        page = self.held.pages[int(self.held.page_of_chunk[row])]
        return embedding_text(self.held.chunks[row], title=page.title)
