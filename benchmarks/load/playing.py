"""One stretch at one pace after another on one installation: people write, whatever the program makes of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.load.colleagues import Colleagues, token
from benchmarks.load.installation import Cost, Installation, installed
from benchmarks.load.on_web import OnWeb
from benchmarks.load.profiling import Profile, hot
from benchmarks.load.shapes import Crowd
from benchmarks.theatre.books import Books
from benchmarks.theatre.on_slack import OnSlack
from benchmarks.theatre.on_telegram import OnTelegram
from benchmarks.theatre.stages import Said, Stage
from benchmarks.theatre.verdict import judge, spread, waits
from bot.shipped import load_texts
from console.texts import LANGUAGES

Tell = Callable[[Mapping[str, object]], None]
SHARES = {"telegram": 0.6, "slack": 0.15, "web": 0.25}
"""Of what is said."""
_SLACK_MOST = 120  # channels; Slack lets an app ask for a new channel's name 50 times a minute
_SAMPLE_S = 2.0
_COLLEAGUE_EVERY_S = 2.0


@dataclass(frozen=True, kw_only=True)
class Players:
    """How many groups there are, over all platforms, and the seed of everything at random."""

    groups: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """What a stretch at one pace came to. `cpu_s` are seconds of a processor; `stages`: seconds and times of each."""

    rate: float
    seconds: float
    said: int
    turns: int
    waits_s: Mapping[str, Mapping[str, float]]
    unanswered: int
    queue_age_s: float
    left: int
    cpu_s: Mapping[str, float]
    mb: Mapping[str, float]
    hot: Mapping[str, Mapping[str, float]]
    stages: Mapping[str, tuple[float, float]]

    @property
    def turns_a_second(self) -> float:
        return self.turns / self.seconds

    def json(self) -> dict[str, Any]:
        """The figures, rounded for people."""
        turns = max(self.turns, 1)
        return {
            "asked_for": round(self.rate, 1),
            "messages_a_second": round(self.said / self.seconds, 1),
            "turns_a_second": round(self.turns_a_second, 1),
            "waits_s": self.waits_s,
            "unanswered_at_the_end": self.unanswered,
            "queue_age_s": round(self.queue_age_s, 1),
            "left_over": self.left,
            "cpu_ms_a_turn": {name: round(1000 * each / turns, 1) for name, each in self.cpu_s.items()},
            "cpu_share": {name: round(each / self.seconds, 2) for name, each in self.cpu_s.items()},
            "mb": {name: round(each) for name, each in self.mb.items()},
            "stage_ms": {
                name: {"mean": round(1000 * seconds / times, 1), "a_turn": round(1000 * seconds / turns, 1)}
                for name, (seconds, times) in sorted(self.stages.items())
                if times
            },
            **({"where_time_goes": self.hot} if self.hot else {}),
        }


@dataclass
class Play:
    """A running installation and the people around it."""

    installation: Installation
    stages: Sequence[Stage]
    crowds: Mapping[str, Crowd]
    books: Books
    colleagues: Colleagues
    tell: Tell
    said: dict[str, list[Said]]
    patience: tuple[str, ...]
    profiler: Path | None = None
    began: float = field(default_factory=time.monotonic)

    async def stretch(self, rate: float, seconds: float) -> Stretch:
        """People write for so long at this pace, in messages a second over all platforms; it is not waited for."""
        marks = {name: len(said) for name, said in self.said.items()}
        before, stages = self.installation.costs(), await self.installation.stages()
        turned, started = await asyncio.to_thread(self.books.turned), time.monotonic()
        profiles = self._profiles(seconds)
        async with _beside(self._samples(rate)):
            await self._talk(rate, seconds)
        took = time.monotonic() - started
        after, age = self.installation.costs(), await asyncio.to_thread(self.books.age)
        turns = await asyncio.to_thread(self.books.turned) - turned
        await asyncio.sleep(0.5)
        self._look_up()
        fresh = {name: said[marks[name] :] for name, said in self.said.items()}
        kinds, unanswered = self._waits(fresh)
        kinds["colleague"] = self.colleagues.waits([one for stage in self.stages for one in stage.shown])
        return Stretch(
            rate=rate,
            seconds=took,
            said=sum(map(len, fresh.values())),
            turns=turns,
            waits_s={kind: spread(values) for kind, values in kinds.items() if len(values) > 1},
            unanswered=unanswered,
            queue_age_s=age,
            left=await asyncio.to_thread(self.books.busy),
            cpu_s={name: after[name].cpu_s - before.get(name, Cost(0, 0)).cpu_s for name in after},
            mb={name: each.mb for name, each in after.items()},
            hot={name: await hot(profile) for name, profile in profiles.items()},
            stages=_since(stages, await self.installation.stages()),
        )

    def all_waits(self) -> dict[str, dict[str, float]]:
        """What everybody waited since the beginning, by kind."""
        self._look_up()
        kinds, _ = self._waits(self.said)
        kinds["colleague"] = self.colleagues.waits([one for stage in self.stages for one in stage.shown])
        return {kind: spread(values) for kind, values in kinds.items() if len(values) > 1}

    async def drained(self, within_s: float) -> float | None:
        """Seconds until nothing waits any more; None if that is not so within the bound."""
        began, quiet = time.monotonic(), 0
        while time.monotonic() - began < within_s:
            busy = sum(stage.waiting for stage in self.stages) or await asyncio.to_thread(self.books.busy)
            quiet = 0 if busy else quiet + 1
            if quiet >= 3:  # a confirmation comes with the next fetch
                return time.monotonic() - began
            await asyncio.sleep(0.5)
        return None

    async def verdict(self) -> dict[str, Any]:
        """Every message's fate: what was lost, what was doubled, by platform."""
        for stage in self.stages:
            if isinstance(stage, OnWeb):
                await stage.look_again()
        kept = self._look_up()
        found: dict[str, Any] = {"sent": 0, "lost": 0, "doubled": 0, "told_to_wait": 0, "platforms": {}}
        for stage in self.stages:
            said = self.said[stage.name]
            mine = {each.version for each in said}
            turns = {n: turn for n, turn in kept.turns.items() if any(version in mine for version in turn.versions)}
            judged = judge(
                said, stage.shown, replace(kept, turns=turns), notes=stage.notes, kills=(), patience=self.patience
            )
            found["sent"] += len(said)
            found["lost"] += judged.lost
            found["doubled"] += judged.doubled
            found["told_to_wait"] += judged.counts["told_to_wait"]
            found["platforms"][stage.name] = {
                "sent": len(said), "shown": len(stage.shown), "refused_by_limits": stage.refused,
                "counts": {name: n for name, n in judged.counts.items() if n}, "examples": dict(judged.examples),
            }  # fmt: skip
        lost, doubled = self.colleagues.counts([one for stage in self.stages for one in stage.shown])
        found["colleagues"] = {"sent": len(self.colleagues.sent), "refused": self.colleagues.refused}
        return found | {"lost": found["lost"] + lost, "doubled": found["doubled"] + doubled}

    def _profiles(self, seconds: float) -> dict[str, Profile]:
        if self.profiler is None or seconds < 5:
            return {}
        servers = self.installation.servers.items()
        return {name: Profile.begin(self.profiler, server.pid, seconds=seconds - 3) for name, server in servers}

    async def _talk(self, rate: float, seconds: float) -> None:
        since = time.monotonic() - self.began
        await asyncio.gather(*(self._talk_on(stage, rate, since, since + seconds) for stage in self.stages))

    async def _talk_on(self, stage: Stage, rate: float, since: float, until: float) -> None:
        """Open loop: the next message comes when it is due, whatever became of those before it."""
        crowd = self.crowds[stage.name]
        for due, line in crowd.lines(since=since, until=until, rate=rate * SHARES[stage.name]):
            await asyncio.sleep(max(0.0, self.began + due - time.monotonic()))
            if (said := stage.say(line)) is not None:
                self.said[stage.name].append(said)
        await asyncio.sleep(max(0.0, self.began + until - time.monotonic()))

    async def _samples(self, rate: float) -> None:
        while True:
            await asyncio.sleep(_SAMPLE_S)
            age = await asyncio.to_thread(self.books.age)
            for stage in self.stages:
                stage.tidy()
            said = sum(map(len, self.said.values()))
            self.tell({"rate": rate, "said": said, "oldest_s": round(age, 1)})

    def _look_up(self) -> Any:
        kept = self.books.read([stage.name for stage in self.stages])
        for stage in self.stages:
            if isinstance(stage, OnWeb):
                stage.answers = kept.answers
        return kept

    def _waits(self, said: Mapping[str, Sequence[Said]]) -> tuple[dict[str, list[float]], int]:
        found: dict[str, list[float]] = {}
        asked = 0
        for stage in self.stages:
            asked += sum(each.asked for each in said[stage.name])
            for kind, values in waits(said[stage.name], stage.shown, patience=self.patience).items():
                found.setdefault(kind, []).extend(values)
        answered = sum(len(values) for kind, values in found.items() if kind in {"question", "burst", "follow_up"})
        return found, max(0, asked - answered)


@asynccontextmanager
async def playing(
    kind: str, folder: Path, players: Players, *, tell: Tell, profiler: Path | None = None, indexed: Path | None = None
) -> AsyncIterator[Play]:
    """People and an installation of this kind, ready; everything ends with the block."""
    telegram = OnTelegram(chats=round(players.groups * 0.7))
    slack = OnSlack(chats=min(_SLACK_MOST, round(players.groups * 0.1) or 1))
    web = OnWeb(chats=round(players.groups * 0.2))
    stages: list[Stage] = [telegram, slack, web]
    async with AsyncExitStack() as stack:
        environment: dict[str, str] = {}
        for stage in stages:
            environment |= await stack.enter_async_context(stage.running())
        places = [place for stage in stages for place in stage.places]
        ours = [(telegram.name, telegram.colleague), (slack.name, slack.colleague)]
        installation, keys = await stack.enter_async_context(
            installed(kind, folder, environment=environment, places=places, colleagues=ours, indexed=indexed)
        )
        web.open(installation.web, keys)
        books = Books(installation.database)
        stack.callback(books.close)
        colleagues = Colleagues(installation.web, await token(installation.database), every_s=_COLLEAGUE_EVERY_S)
        crowds = {
            stage.name: Crowd(chats=stage.chats, seed=players.seed + n, web=stage is web)
            for n, stage in enumerate((telegram, slack, web))
        }
        said: dict[str, list[Said]] = {stage.name: [] for stage in stages}
        async with _beside(colleagues.work()):
            yield Play(installation, stages, crowds, books, colleagues, tell, said, told_to_wait(), profiler)


def told_to_wait() -> tuple[str, ...]:
    """How what tells people to wait begins, in each language."""
    texts = load_texts()
    return tuple(texts.say("crowd.kept", each) for each in LANGUAGES)


def _since(
    before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    zero = (0.0, 0.0)
    return {
        name: (seconds - before.get(name, zero)[0], times - before.get(name, zero)[1])
        for name, (seconds, times) in after.items()
    }


@asynccontextmanager
async def _beside(work: Any) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
