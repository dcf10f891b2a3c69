"""What Prometheus reads at `/metrics`: turns, stages, deliveries, model, requests. One registry a process, passed in.

Names follow Prometheus' conventions (seconds, totals). Labels are few and closed: no client, chat, person or path.
What lies in the database is the same in every process: take `max` over them, not `sum`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector, generate_latest

from handoff.load import Load
from store.db import Pool
from store.jobs import QueueDepth

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40)
_LONG = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 90, 300)
_COARSE = (0.05, 0.25, 1, 5, 30, 120, 600)


class Meters:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        Info("aftercare_build", "The version that runs", registry=self.registry).info({"version": _version()})
        self._turns = self._counter("aftercare_turns", "Turns by outcome and reason", "outcome", "reason")
        self._stages = self._histogram("aftercare_stage_seconds", "Time a stage of a turn takes", "stage")
        self._answers = self._histogram(
            "aftercare_answer_seconds",
            "From a client's message being stored to its answer being shown",
            "channel",
            buckets=_LONG,
        )
        self._checks = self._counter("aftercare_checks", "Drafts of the model that were checked, by result", "result")
        self._reranks = self._counter("aftercare_reranks", "Questions whose passages a re-ranker was given", "result")
        self._model_calls = self._histogram("aftercare_model_seconds", "Calls of the model", "prompt", buckets=_LONG)
        self._model_errors = self._counter("aftercare_model_errors", "Calls of the model that failed, by kind", "kind")
        self._tokens = self._counter("aftercare_model_tokens", "Tokens that the model's server counted", "kind")
        self._translations = self._counter(
            "aftercare_translations", "Translations asked of the model, by outcome", "outcome"
        )
        self._translated = self._counter(
            "aftercare_translated_characters", "Characters given to the model to translate"
        )
        self._deliveries = self._counter(
            "aftercare_deliveries", "Messages handed to a channel, by result", "channel", "result"
        )
        self._runs = self._histogram("aftercare_job_seconds", "Jobs that were run", "queue", "result", buckets=_COARSE)
        self._waits = self._histogram(
            "aftercare_job_wait_seconds", "From when a job should run to when it does", "queue", buckets=_COARSE
        )
        self._requests = self._histogram(
            "aftercare_http_seconds", "Requests but streams, by part and class of status", "area", "status"
        )
        self._streams = self._gauge("aftercare_http_streams", "Event streams that are open", "area")

        self._jobs = self._gauge("aftercare_jobs", "Jobs by queue and state", "queue", "state")
        self._oldest = self._gauge(
            "aftercare_jobs_oldest_seconds", "Age of the oldest job that is ready and waits", "queue"
        )
        self._tickets = self._gauge("aftercare_tickets", "Tickets that are not solved", "level", "claimed")
        self._clocks = self._gauge("aftercare_clocks", "Clocks that run, by what they are close to", "clock", "state")
        self._corrections = self._gauge(
            "aftercare_corrections_waiting",
            "Chats that were told what the manual no longer says, and wait for a colleague's decision",
        )
        self._up = self._gauge("aftercare_database_up", "Whether the database answered when it was last asked")
        self._pool = self._gauge("aftercare_database_connections", "Connections of this process", "state")
        self._index = self._gauge("aftercare_index_version", "The manual's version this process answers from; 0: none")
        self._polls = self._gauge("aftercare_telegram_polls", "Whether this process fetches Telegram's updates")
        for kind in ("prompt", "completion"):
            self._tokens.labels(kind)
        for result in ("passed", "repaired", "refused"):
            self._checks.labels(result)

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

    def load(self, load: Load) -> None:
        """Set how much lies with people, and how late they are."""
        for (level, claimed), number in load.tickets.items():
            self._tickets.labels(level, "yes" if claimed else "no").set(number)
        for (clock, state), number in load.clocks.items():
            self._clocks.labels(clock, state).set(number)

    def database(self, *, up: bool, pool: Pool) -> None:
        """Set whether the database answers, and how many connections to it are used. What it said last is dropped."""
        self._up.set(up)
        self._pool.labels("in_use").set(pool.in_use)
        self._pool.labels("limit").set(pool.limit)
        if not up:
            for each in (self._jobs, self._oldest, self._tickets, self._clocks):
                each.clear()

    def follow(self, *, index: Callable[[], int | None], polls: Callable[[], bool]) -> None:
        """Say from now on, when asked, what these say."""
        self._index.set_function(lambda: index() or 0)
        self._polls.set_function(polls)

    def turn(self, outcome: str, reason: str) -> None:
        """Count a finished turn."""
        self._turns.labels(outcome, reason).inc()

    def answered(self, channel: str, waited: timedelta) -> None:
        """Count an answer that is shown now, after the client waited so long."""
        self._answers.labels(channel).observe(max(0.0, waited.total_seconds()))

    def checked(self, result: str) -> None:
        """Count what came of checking a draft: passed, repaired, or refused."""
        self._checks.labels(result).inc()

    def model_call(self, prompt: str, seconds: float, *, error: str | None) -> None:
        """Count a call of the model, and the kind of its failure."""
        self._model_calls.labels(prompt).observe(seconds)
        if error is not None:
            self._model_errors.labels(error).inc()

    def tokens(self, prompt: int, completion: int) -> None:
        """Count what a call of the model used, where its server says so."""
        self._tokens.labels("prompt").inc(max(0, prompt))
        self._tokens.labels("completion").inc(max(0, completion))

    def reranked(self, result: str, seconds: float) -> None:
        """Count what came of a re-ranking, and time it."""
        self._reranks.labels(result).inc()
        self._stages.labels("rerank").observe(seconds)

    def delivery(self, channel: str, result: str) -> None:
        """Count a message that a channel took or refused."""
        self._deliveries.labels(channel, result).inc()

    def job(self, queue: str, result: str, waited: timedelta, took: float) -> None:
        """Count a job that was run; the results are `store.worker.Result`'s."""
        self._waits.labels(queue).observe(max(0.0, waited.total_seconds()))
        self._runs.labels(queue, result).observe(took)

    def request(self, area: str, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._requests.labels(area, f"{status // 100}xx").observe(seconds)

    @contextmanager
    def streaming(self, area: str) -> Iterator[None]:
        """Count an event stream as open."""
        with self._streams.labels(area).track_inprogress():
            yield

    def spent(self, stage: str, time: timedelta) -> None:
        """Note how long a stage took that was not timed by `stage`."""
        self._stages.labels(stage).observe(max(0.0, time.total_seconds()))

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

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(name, says, labels, registry=self.registry)

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        return Gauge(name, says, labels, registry=self.registry)

    def _histogram(self, name: str, says: str, *labels: str, buckets: tuple[float, ...] = _SECONDS) -> Histogram:
        return Histogram(name, says, labels, buckets=buckets, registry=self.registry)


def _version() -> str:
    try:
        return version("aftercare")
    except PackageNotFoundError:
        return "unknown"
