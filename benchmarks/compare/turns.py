"""Turns: our bot beside bots that a user would write, asked the same questions of the same manual.

In-process the whole turn is timed; as processes on our strict Telegram server (its limits lifted for everybody) a group
asks one question after the other, then every group at once. Then a client cries for help: what does the bot say?
"""

import asyncio
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.compare.retrieval import spread
from benchmarks.compare.scripts import ROOT, Environment, Failed, Missing, command, ours, settings
from benchmarks.theatre.books import bind
from benchmarks.theatre.stages import Place
from bot.channels.telegram.reading import PLATFORM
from bot.settings import Settings, shipped
from knowledge import e5, golden
from knowledge.golden import Golden
from tests.platforms.telegram import Chat, User, World, telegram_server
from tests.platforms.telegram.faults import Limits
from tests.server import Server

EMERGENCY = "网站打不开了，客户都在投诉，快帮忙！！！"
PATIENCE_S = 60.0
SMALL_PAGES = (
    "zh/wordpress/reset-password",
    "zh/wordpress/site-title",
    "zh/wordpress/admin-url",
    "zh/wordpress/login-errors",
)


@dataclass(frozen=True)
class Plan:
    """How much is asked; None is every golden question."""

    questions: int | None
    one_by_one: int
    groups: int


FULL, SMALL = Plan(None, 60, 60), Plan(6, 3, 4)


@dataclass(frozen=True)
class Work:
    """The files of one run. `kept` outlives it."""

    manual: Path
    model: Path
    kept: Path
    room: Path

    @property
    def data(self) -> Path:
        """Ours, indexed; copied for each use."""
        return self.kept / f"data-{'small' if self.manual.is_relative_to(self.room) else 'manual'}"


@dataclass(frozen=True)
class Bot:
    """Somebody else's bot: its script, in its environment."""

    name: str
    module: str
    environment: Environment


def manual_of(room: Path, *, small: bool) -> Path:
    """The sample manual, or four pages of it."""
    if not small:
        return shipped("manual")
    for page in SMALL_PAGES:
        target = room / "manual" / f"{page}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shipped("manual") / f"{page}.md", target)
    return room / "manual"


def questions_of(plan: Plan, *, small: bool) -> list[Golden]:
    """Golden questions that stand alone: those of the pages there are, and those that must not be answered."""
    every = [one for one in golden.read(shipped("manual") / golden.FILE) if not one.after]
    if small:
        every = [one for one in every if not one.pages or set(one.pages) & set(SMALL_PAGES)]
        answered, refused = [one for one in every if one.pages], [one for one in every if not one.pages]
        half = (plan.questions or 2) // 2
        return answered[:half] + refused[:half]
    return every[: plan.questions]


def judged(asked: list[Golden], answers: list[dict]) -> dict[str, float]:
    """What became of the questions: shares of those with a page, and of those without one."""
    rows = list(zip(asked, answers, strict=True))
    yes, no = [row for row in rows if row[0].pages], [row for row in rows if not row[0].pages]

    def right(one: Golden, found: dict) -> bool:
        return found["outcome"] == "answered" and bool(found["pages"]) and found["pages"][0] in one.pages

    answered = [found["outcome"] == "answered" for _, found in yes]
    return {
        "questions": len(rows),
        "answered_right": share([right(one, found) for one, found in yes]),
        "answered_wrong": share([said and not right(*row) for said, row in zip(answered, yes, strict=True)]),
        "refused_rightly": share([found["outcome"] != "answered" for _, found in no]),
    }


def share(passed: list[bool]) -> float:
    return sum(passed) / len(passed) if passed else 0.0


def measure(bots: list[Bot], *, model: Path, kept: Path, small: bool) -> dict[str, object]:
    """A row for ours and for every other bot: figures, or why there are none."""
    plan = SMALL if small else FULL
    e5.prepare(model)  # before anybody is timed
    with tempfile.TemporaryDirectory(prefix="aftercare-turns-") as folder:
        room = Path(folder)
        work = Work(manual=manual_of(room, small=small), model=model, kept=kept, room=room)
        if small:
            shutil.rmtree(work.data, ignore_errors=True)
        asked = questions_of(plan, small=small)
        (room / "questions.json").write_text(json.dumps([one.ask for one in asked]), "utf-8")
        rows = [{"name": "Aftercare", "ours": True} | of_ours(work, asked, plan)]
        for bot in bots:
            row: dict[str, object] = {"name": bot.name, "ours": False}
            try:
                rows.append(row | of_theirs(bot, work, asked, plan))
            except (Missing, Failed) as why:
                rows.append(row | {"missing": str(why)})
    return {"plan": vars(plan), "questions": len(asked), "emergency": EMERGENCY, "rows": rows}


def of_ours(work: Work, asked: list[Golden], plan: Plan) -> dict[str, object]:
    found = ours("our_turns", work.room / "questions.json", work.manual, work.model, work.data)
    return inside(asked, found) | asyncio.run(on_telegram(work, asked, plan, None))


def of_theirs(bot: Bot, work: Work, asked: list[Golden], plan: Plan) -> dict[str, object]:
    found = bot.environment.run(bot.module, "inside", work.room / "questions.json", work.manual, work.model, work.kept)
    return inside(asked, found) | asyncio.run(on_telegram(work, asked, plan, bot))


def inside(asked: list[Golden], found: dict) -> dict[str, object]:
    """The figures in the process, judged."""
    return {name: value for name, value in found.items() if name != "answers"} | judged(asked, found["answers"])


async def on_telegram(work: Work, asked: list[Golden], plan: Plan, bot: Bot | None) -> dict[str, object]:
    """As a process that polls our Telegram."""
    world = World(limits=Limits.lifted())
    world.privacy = False
    first, last, *groups = [new_group(world, n) for n in range(2 + plan.one_by_one + plan.groups)]
    asking, crowd = groups[: plan.one_by_one], groups[plan.one_by_one :]
    texts = [one.ask for one in asked if one.pages]
    async with telegram_server(world) as server:
        api = server.base_url.removesuffix("/bot")
        began = time.monotonic()
        async with (
            theirs(bot, work, world, api) if bot else our_process(work, world, api, [first, last, *groups]) as pid
        ):
            await answered(world, *first, texts[0])  # the first answer: everything is loaded
            ready = time.monotonic() - began
            ms = [await answered(world, *group, texts[n % len(texts)]) for n, group in enumerate(asking)]
            began = time.monotonic()
            await asyncio.gather(*(answered(world, *group, texts[n % len(texts)]) for n, group in enumerate(crowd)))
            burst = len(crowd) / (time.monotonic() - began)
            said = await told(world, *last, EMERGENCY)
            weighs = rss(pid)
    return {
        "telegram": {
            "ready_s": ready, "ms": spread(ms), "burst_turns_per_s": burst,
            "memory_mb": weighs, "emergency_said": said,
        }
    }  # fmt: skip


def new_group(world: World, number: int) -> tuple[Chat, User]:
    person = world.user(f"客户{number}")
    return world.supergroup(f"群 {number}", person), person


async def answered(world: World, chat: Chat, person: User, text: str) -> float:
    """Milliseconds until the bot has said something to it."""
    began = time.monotonic()
    await told(world, chat, person, text)
    return (time.monotonic() - began) * 1000


async def told(world: World, chat: Chat, person: User, text: str) -> str:
    """What the bot says to it first."""
    chat.say(person, f"{world.bot.mention} {text}")
    try:
        return (await chat.bot_says(within=PATIENCE_S)).text
    except AssertionError as error:
        raise Failed(f"no answer to {text!r} in {PATIENCE_S:.0f} s") from error


def rss(pid: int) -> float:
    """MB that a process has in memory."""
    line = next(row for row in Path(f"/proc/{pid}/status").read_text().splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@asynccontextmanager
async def our_process(work: Work, world: World, api: str, groups: list[tuple[Chat, User]]) -> AsyncIterator[int]:
    """`aftercare run` on a copy of the indexed data, each group a client's."""
    data = work.room / "served"
    shutil.copytree(work.data, data, ignore=shutil.ignore_patterns("*.lock", "lock"))
    places = [Place(platform=PLATFORM, chat=str(chat.id), title=chat.title) for chat, _ in groups]
    await bind(Settings(data=data).database, places)
    server = Server(
        data, AFTERCARE_LOG="error", AFTERCARE_MANUAL=str(work.manual), TELEGRAM_TOKEN=world.token, TELEGRAM_API=api
    )
    try:
        await asyncio.to_thread(server.start)
        yield server.pid
    finally:
        server.abandon()


def start(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    """A process whose words go to a file."""
    with log.open("ab") as output:
        return subprocess.Popen(
            arguments, cwd=ROOT, env=settings(), stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )


@asynccontextmanager
async def theirs(bot: Bot, work: Work, world: World, api: str) -> AsyncIterator[int]:
    """Its script, polling; killed at the end."""
    bot.environment.check()
    arguments = command(
        bot.environment.python, f"benchmarks.rivals.{bot.module}", "serve", api, world.token, work.manual, work.model,
        work.kept,
    )  # fmt: skip
    log = work.room / f"{bot.module}.log"
    process = start(arguments, log)
    try:
        while '"serves"' not in log.read_text("utf-8", "replace"):
            if process.poll() is not None:
                raise Failed(f"{bot.name}: {log.read_text('utf-8', 'replace')[-400:]}")
            await asyncio.sleep(0.1)
        yield process.pid
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)
