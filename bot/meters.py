"""What Prometheus reads at `/metrics`: turns, stages, deliveries, model errors. One registry a process, passed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

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
        self._deliveries = Counter(
            "aftercare_deliveries",
            "Messages handed to a channel, by result",
            ("channel", "result"),
            registry=self.registry,
        )

    def turn(self, outcome: str, reason: str) -> None:
        """Count a finished turn."""
        self._turns.labels(outcome, reason).inc()

    def model_error(self, kind: str) -> None:
        """Count a failed model call."""
        self._model_errors.labels(kind).inc()

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
