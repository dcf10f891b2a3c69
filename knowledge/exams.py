"""Golden questions asked of a new version and of the live one, and what the gate says of it."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from knowledge import comparing, gate, index
from knowledge.answers import Answers, Examiner
from knowledge.changes import Decision, QuestionChange, Result
from knowledge.embedders import Embedder
from knowledge.evidence import Evidence
from knowledge.golden import Golden
from knowledge.live import Live
from knowledge.model import GoldenScore, Progress
from knowledge.search import Searcher

#: How long building rests after each batch of vectors it writes and each golden question of a whole run, as a share
#: of the time that took: both hold the interpreter, for which the answers to clients wait.
REST = 1.0


@dataclass(frozen=True, kw_only=True)
class Sitting:
    """How a version did on the golden questions: its score (None: there are none) and each result."""

    score: GoldenScore | None = None
    results: tuple[Result, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Exam:
    """The golden answers of a version being built, its evidence, how the live one and it did.

    ``partly``: only the questions that the change can touch were asked.
    """

    answers: Answers
    evidence: Evidence
    before: Sitting
    after: Sitting
    partly: bool

    @property
    def turned(self) -> tuple[QuestionChange, ...]:
        """The questions that the two treat differently."""
        return comparing.changes(self.before.results, self.after.results)

    @property
    def decision(self) -> Decision:
        """Whether the version may go live."""
        return comparing.decide(self.turned, worse=not gate.passes(self.before.score, self.after.score))


class Exams:
    """Asks versions the golden questions, and remembers what the latest found. One exam at a time."""

    def __init__(self, *, builder: index.Builder, embedder: Embedder, pool: Executor, remembered: int) -> None:
        self._builder = builder
        self._examiner = Examiner(embedder)
        self._pool = pool
        self._remembered = remembered
        self._answers: dict[int, Answers] = {}

    async def sit(
        self,
        questions: tuple[Golden, ...],
        *,
        searcher: Searcher,
        live: Live | None,
        version: int,
        kept: Sitting,
        tell: index.Tell,
    ) -> Exam:
        """Ask the new version, and the live one under its own model; all questions again before it is refused.

        ``kept`` is how the live version did when it was built: it counts where it cannot be asked now, as another
        embedder made it or there are no questions any more.
        """
        count = len(questions)
        tell(Progress(stage="check", done=0, total=count))
        vectors = await self._builder.queries(self._examiner.unprepared(questions), version=version)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._pool, partial(self._examiner.prepare, questions, vectors=vectors))

        def told(done: int) -> None:
            step = Progress(stage="check", done=min(done, count), total=count)
            loop.call_soon_threadsafe(tell, step)

        sit = partial(self._sit, questions, searcher=searcher, live=live, kept=kept, tell=told)
        exam = await loop.run_in_executor(self._pool, partial(sit, whole=False))
        if exam.partly and not exam.decision.passes:
            exam = await loop.run_in_executor(self._pool, partial(sit, whole=True))
        tell(Progress(stage="check", done=count, total=count))
        return exam

    def remember(self, version: int, answers: Answers) -> None:
        """Keep what a version found, for the exam of the next."""
        self._answers[version] = answers
        for old in sorted(self._answers)[: -self._remembered]:
            del self._answers[old]

    def _sit(
        self,
        questions: tuple[Golden, ...],
        *,
        searcher: Searcher,
        live: Live | None,
        whole: bool,
        kept: Sitting,
        tell: Callable[[int], None],
    ) -> Exam:
        examiner, again, before = self._examiner, None, kept
        if live is not None and questions:
            known = None if whole else self._answers.get(live.version)
            nothing = Answers(asked={}, reaches={}, changed=frozenset())
            known = examiner.more(questions, searcher=live.searcher, known=known or nothing, rest=REST)
            self.remember(live.version, known)
            before = _sitting(known.of(questions), evidence=live.evidence)
            if not whole:
                held = live.searcher.held
                again = examiner.again(questions, searcher=searcher, live=held, before=known, tell=tell)
        answers = again or examiner.all(questions, searcher=searcher, tell=tell, rest=REST if live else 0.0)
        asked = answers.of(questions)
        evidence = gate.fit(asked)
        after = _sitting(asked, evidence=evidence)
        return Exam(answers=answers, evidence=evidence, before=before, after=after, partly=again is not None)


def _sitting(asked: tuple[gate.Asked, ...], *, evidence: Evidence) -> Sitting:
    return Sitting(score=gate.score(asked, evidence=evidence), results=gate.results(asked, evidence=evidence))
