"""What Prometheus reads at `/metrics`: turns, stages, deliveries, model errors. One registry a process, passed in."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from store.jobs import QueueDepth

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40)


class Meters:
    """The counters of one process; names follow Prometheus' conventions (seconds, totals)."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._turns = Counter(
            "aftercare_turns", "Turns by outcome and reason", ("outcome", "reason"), registry=self.registry
        )
        self._stages = Histogram(
            "aftercare_stage_seconds",
            "Time a stage of a turn takes",
            ("stage",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._model_errors = Counter(
            "aftercare_model_errors", "Calls of the model that failed, by kind", ("kind",), registry=self.registry
        )
        self._reranks = Counter(
            "aftercare_reranks", "Questions whose passages a re-ranker was given", ("result",), registry=self.registry
        )
        self._translations = Counter(
            "aftercare_translations",
            "Translations asked of the model, by outcome",
            ("outcome",),
            registry=self.registry,
        )
        self._translated = Counter(
            "aftercare_translated_characters", "Characters given to the model to translate", registry=self.registry
        )
        self._deliveries = Counter(
            "aftercare_deliveries",
            "Messages handed to a channel, by result",
            ("channel", "result"),
            registry=self.registry,
        )

        self._jobs = Gauge("aftercare_jobs", "Jobs by queue and state", ("queue", "state"), registry=self.registry)
        self._oldest = Gauge(
            "aftercare_jobs_oldest_seconds",
            "Age of the oldest job that is ready and waits",
            ("queue",),
            registry=self.registry,
        )
        self._corrections = Gauge(
            "aftercare_corrections_waiting",
            "Chats that were told what the manual no longer says, and wait for a colleague's decision",
            registry=self.registry,
        )

    def translated(self, outcome: str, characters: int) -> None:
        """Count a translation that was asked of the model, and the characters it was given."""
        self._translations.labels(outcome).inc()
        self._translated.inc(characters)

    def corrections(self, waiting: int) -> None:
        """Set how many corrections wait."""
        self._corrections.set(waiting)

    def jobs(self, depths: Iterable[QueueDepth]) -> None:
        """Set how full the queues are; a queue that is empty now is dropped."""
        self._jobs.clear()
        self._oldest.clear()
        for depth in depths:
            for state in ("waiting", "scheduled", "running", "dead"):
                self._jobs.labels(depth.queue, state).set(getattr(depth, state))
            self._oldest.labels(depth.queue).set(depth.oldest_age_s)

    def turn(self, outcome: str, reason: str) -> None:
        """Count a finished turn."""
        self._turns.labels(outcome, reason).inc()

    def model_error(self, kind: str) -> None:
        """Count a failed model call."""
        self._model_errors.labels(kind).inc()

    def reranked(self, result: str, seconds: float) -> None:
        """Count what came of a re-ranking, and time it."""
        self._reranks.labels(result).inc()
        self._stages.labels("rerank").observe(seconds)

    def delivery(self, channel: str, result: str) -> None:
        """Count a message that a channel took or refused."""
        self._deliveries.labels(channel, result).inc()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage."""
        started = perf_counter()
        try:
            yield
        finally:
            self._stages.labels(name).observe(perf_counter() - started)

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)
