"""The golden questions asked of a version, and whether it may be published. Blocking; run in a thread."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from knowledge import asking, comparing
from knowledge.asking import Question
from knowledge.changes import Result
from knowledge.embedders import Embedder
from knowledge.evidence import Evidence, Judged, fitted
from knowledge.golden import Golden
from knowledge.model import Audience, GoldenScore, Scope
from knowledge.search import Searcher

#: How much worse than the live version counts as equal: thresholds jitter by a question or two.
TOLERANCE = 0.01
_SEED = 20261122
_SPLITS = 5
_TOGETHER = 32  # questions embedded at once


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A golden question and what the version found: signals and pages, best first."""

    golden: Golden
    judged: Judged | None
    listed: bool
    pages: tuple[str, ...] = ()


def ask(
    questions: Sequence[Golden],
    *,
    searcher: Searcher,
    embedder: Embedder,
    tell: Callable[[int], None] = lambda _: None,
) -> tuple[Asked, ...]:
    """Search for every golden question, as a client would (as staff where only internal pages answer)."""
    asked: list[Asked] = []
    for start in range(0, len(questions), _TOGETHER):
        some = questions[start : start + _TOGETHER]
        ready = asking.questions([one.text for one in some], embedder=embedder)
        asked += put(some, ready=ready, searcher=searcher)
        tell(len(asked))
    return tuple(asked)


def put(
    questions: Sequence[Golden],
    *,
    ready: Sequence[Question | None],
    searcher: Searcher,
    tell: Callable[[int], None] = lambda _: None,
    rest: float = 0.0,
) -> tuple[Asked, ...]:
    """Search for golden questions that are ready, as :func:`ask` does.

    After each it rests ``rest`` times as long as it took: a search holds the interpreter that clients wait for.
    """
    audience = {page.id: page.audience for page in searcher.held.pages}
    asked: list[Asked] = []
    for golden, one in zip(questions, ready, strict=True):
        internal = golden.pages and all(audience.get(p) is Audience.INTERNAL for p in golden.pages)
        scope = Scope(audiences=frozenset(Audience)) if internal else Scope()
        began = time.perf_counter()
        asked.append(_ask(golden, one, scope=scope, searcher=searcher))
        time.sleep(rest * (time.perf_counter() - began))
        if len(asked) % _TOGETHER == 0:
            tell(len(asked))
    return tuple(asked)


def _ask(golden: Golden, ready: Question | None, *, scope: Scope, searcher: Searcher) -> Asked:
    found = searcher.find(ready, scope=scope) if ready else None
    if found is None:
        return Asked(golden=golden, judged=None, listed=False)
    pages = [searcher.held.chunks[row].page for row in found.rows]
    judged = Judged(signals=found.signals, answerable=bool(golden.pages), right=pages[0] in golden.pages)
    listed = any(page in golden.pages for page in pages)
    return Asked(golden=golden, judged=judged, listed=listed, pages=tuple(pages))


def fit(asked: Sequence[Asked], *, start: Evidence | None = None) -> Evidence:
    """Fit the evidence model and its threshold on the answers."""
    return fitted([item.judged for item in asked if item.judged], start=start)


def score(asked: Sequence[Asked], *, evidence: Evidence, held_out: bool = False) -> GoldenScore | None:
    """Return the score under a model; None without golden questions.

    ``held_out`` adds the shares with the model fitted on one half and judged on the other, mean of ten halves.
    """
    if not asked:
        return None
    shares = _shares(asked, evidence=evidence)
    return GoldenScore(
        answerable=sum(bool(item.golden.pages) for item in asked),
        unanswerable=sum(not item.golden.pages for item in asked),
        first=shares["first"],
        refused=shares["refused"],
        recall=shares["recall"],
        answered=shares["answered"],
        threshold=evidence.threshold,
        held_out=_held_out(asked) if held_out else {},
        misses=tuple(item.golden.text for item in asked if not _passes(item, evidence=evidence)),
    )


def results(asked: Sequence[Asked], *, evidence: Evidence) -> tuple[Result, ...]:
    """Return how the version did on each question under a model."""
    return tuple(
        comparing.result(
            item.golden,
            found=item.pages[0] if item.pages else None,
            evidence=evidence.probability(item.judged.signals) if item.judged else 0.0,
            answered=_answers(item, evidence=evidence),
        )
        for item in asked
    )


def _answers(item: Asked, *, evidence: Evidence) -> bool:
    return item.judged is not None and evidence.enough(item.judged.signals)


def _passes(item: Asked, *, evidence: Evidence) -> bool:
    answers = _answers(item, evidence=evidence)
    if not item.golden.pages:
        return not answers
    return answers and item.judged is not None and item.judged.right


def _shares(asked: Sequence[Asked], *, evidence: Evidence) -> dict[str, float]:
    yes = [item for item in asked if item.golden.pages]
    no = [item for item in asked if not item.golden.pages]
    return {
        "first": _share([_passes(item, evidence=evidence) for item in yes]),
        "refused": _share([_passes(item, evidence=evidence) for item in no]),
        "recall": _share([item.listed for item in yes]),
        "answered": _share([_answers(item, evidence=evidence) for item in yes]),
    }


def _share(passed: Sequence[bool]) -> float:
    return sum(passed) / len(passed) if passed else 1.0


def _held_out(asked: Sequence[Asked]) -> Mapping[str, float]:
    """Mean shares of the halves that the model was not fitted on."""
    order = list(asked)
    rng = random.Random(_SEED)  # noqa: S311 - a fixed split, no secret
    found: dict[str, list[float]] = {}
    for _ in range(_SPLITS):
        rng.shuffle(order)
        middle = len(order) // 2
        for seen, unseen in ((order[:middle], order[middle:]), (order[middle:], order[:middle])):
            for name, share in _shares(unseen, evidence=fit(seen)).items():
                found.setdefault(name, []).append(share)
    return {name: sum(shares) / len(shares) for name, shares in found.items()}


def passes(before: GoldenScore | None, after: GoldenScore | None) -> bool:
    """Whether a version may replace the live one: it does no worse on the golden questions.

    One that was asked none, as their file is gone or broken, does worse than one that answered some.
    """
    if before is None:
        return True
    return after is not None and after.score >= before.score - TOLERANCE
