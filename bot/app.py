"""The composition root: everything is made here, once, and handed to what uses it."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import yaml
from sqlalchemy import Connection

from bot import contract_work, gap_work, links, prompts
from bot.answering import Writer
from bot.channels.slack.cardroom import MANNER
from bot.channels.slack.reading import PLATFORM as SLACK
from bot.channels.slack.service import Slack
from bot.channels.telegram import polling
from bot.channels.telegram.service import Telegram
from bot.channels.web.visitor import WebChat
from bot.conversation import Conversations
from bot.correcting import Correcting, Rewriter
from bot.delivery import Channel, Deliveries, StoredChannel
from bot.direct import Doors, LinkedDirectChat
from bot.drafting import Drafting
from bot.engines import Engines
from bot.engines import opened as engines_of
from bot.illustrating import Illustrating
from bot.llm import Model, OpenAIModel
from bot.manual_runs import ManualRuns
from bot.meters import Meters
from bot.notices import ClientNotices
from bot.paging import Pager, Paging, WebhookPager
from bot.pictures import Pictures, ProcessReader
from bot.progress import Progress
from bot.reception import Room
from bot.rerouting import Rerouting
from bot.retracting import Retractions
from bot.scoring import Scoring
from bot.settings import Settings
from bot.staff_words import StaffWords
from bot.staffroom import StaffRoom, Threads
from bot.triage import Rules
from bot.unanswered import Unanswered
from bot.webhooks import signing_key
from console import auth
from console.correction_words import draft
from console.pages import ConsoleDeps
from console.texts import Texts
from handoff import directory, roster, routes
from handoff.casework import CLOCK
from handoff.desk import Desk
from handoff.kinds import Role, Tier
from handoff.model import Citation
from knowledge.embedders import Embedder
from knowledge.service import Manual
from store import leases
from store.clock import Clock, utc_now
from store.db import Database
from store.worker import Handler, Running, Worker
from success.gap_drafts import GapDrafts
from success.gaps import GapWatch
from success.recalling import Recalls

HERE = Path(__file__).parent
DEMO = "demo"


@dataclass(frozen=True, kw_only=True)
class Aftercare:
    """One running process: what commands, routes and tests use."""

    settings: Settings
    db: Database
    desk: Desk
    manual: Manual
    conversations: Conversations
    worker: Worker
    rules: Rules
    texts: Texts
    clock: Clock
    meters: Meters
    secret: bytes
    one_time_password: str | None
    engines: Engines
    gaps: GapWatch
    drafts: GapDrafts
    recalls: Recalls
    telegram: Telegram | None = None
    slack: Slack | None = None

    @property
    def embedder(self) -> str:
        """The name of what makes the vectors."""
        return self.engines.embedder.name

    def address(self, cited: Citation) -> str | None:
        """Where a citation leads in the world."""
        return links.address(cited, public_url=self.settings.public_url, secret=self.secret)

    @property
    def console(self) -> ConsoleDeps:
        """What the web desk is given."""
        return ConsoleDeps(
            db=self.db,
            desk=self.desk,
            manual=self.manual,
            clock=self.clock,
            secret=self.secret,
            files=self.settings.data / "files",
            public_url=self.settings.public_url,
            secure_cookies=(self.settings.public_url or "").startswith("https://"),
            gap_drafts=self.drafts,
            recalls=self.recalls,
            manual_folder=self.settings.manual,
        )

    @property
    def web(self) -> WebChat:
        """What the web chat is given."""
        return WebChat(
            db=self.db,
            desk=self.desk,
            rules=self.rules,
            texts=self.texts,
            clock=self.clock,
            secret=self.secret,
            files=self.settings.data / "files",
            default_client=DEMO,
            secure_cookies=self.console.secure_cookies,
        )


def load_rules() -> Rules:
    """The triage rules that come with the program."""
    return Rules.parse(yaml.safe_load((HERE / "triage.yaml").read_text("utf-8")))


def load_texts() -> Texts:
    """The bot's sentences that come with the program."""
    return Texts.load(HERE / "phrases.yaml", HERE / "chat_phrases.yaml", HERE / "staff_phrases.yaml")


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    embedder: Embedder | None = None,
    model: Model | None = None,
    seat: str = "",
) -> AsyncIterator[Aftercare]:
    """Open everything, with the worker running, and close it in the end.

    The caller owns the data folder. With the `seat` of its lock, what its former self held when it was killed is
    taken over at once, instead of when the leases run out.
    """
    prepare_folder(settings.data)
    db = await Database.open(settings.database)
    owner = f"{os.uname().nodename}:{os.getpid()}" + (f"@{seat}" if seat else "")
    try:
        if seat:
            await db.write(lambda conn: leases.inherit(conn, seat=seat, now=clock()))
        meters = Meters()
        async with (
            engines_of(settings, embedder=embedder, tell=meters.reranked) as engines,
            _opened(db, settings, clock=clock, engines=engines, model=model, owner=owner, meters=meters) as app,
            _working(app.worker),
            _listening(app),
        ):
            yield app
    finally:
        await db.close()


@asynccontextmanager
async def _opened(
    db: Database,
    settings: Settings,
    *,
    clock: Clock,
    engines: Engines,
    model: Model | None,
    owner: str,
    meters: Meters,
) -> AsyncIterator[Aftercare]:
    rules, texts = load_rules(), load_texts()
    await contract_work.open_contract(db, settings.data, clock=clock)
    desk = Desk()
    password = await db.write(lambda conn: _seed(conn, clock=clock))
    rules_of_routing = await asyncio.to_thread(routes.load, routes_file(settings.data))
    await db.write(lambda conn: roster.adopt(conn, rules_of_routing, now=clock()))
    manual = await Manual.open(
        db,
        settings.data / "index",
        embedder=engines.embedder,
        clock=clock,
        reranking=engines.reranking,
        chroma_url=settings.chroma_url,
    )
    secret = _secret(settings.data)
    room, files = Room(desk=desk, rules=rules, texts=texts), settings.data / "files"
    href = partial(links.address, public_url=settings.public_url, secret=secret)
    telegram = Telegram.make(settings, db, room=room, files=files, clock=clock, href=href)
    slack = Slack.make(settings, db, room=room, files=files, clock=clock, href=href)
    channels = _channels(telegram, slack)
    changing = {name for name, channel in channels.items() if channel.shows_changes}
    picturing = {name for name, channel in channels.items() if channel.shows_pictures}
    speaker = model or _model(settings)
    gaps, drafts = await gap_work.open_gaps(
        db, settings, manual=manual, embedder=engines.embedder, model=speaker, clock=clock
    )
    conversations = Conversations(
        db=db,
        desk=desk,
        manual=manual,
        rules=rules,
        texts=texts,
        clock=clock,
        meters=meters,
        pictures=Pictures(reader=ProcessReader(), files=settings.data / "files"),
        writer=_writer(speaker, settings),
        progress=Progress(db=db, texts=texts, clock=clock, platforms=changing, after_s=settings.progress_after_s),
        illustrating=Illustrating(manual=manual, files=files, platforms=picturing),
    )
    threads = _threads(telegram, slack)
    doors: dict[str, Doors] = {slack.name: slack.account} if slack is not None else {}
    deliveries = Deliveries(db, channels=channels, clock=clock, meters=meters)

    words = StaffWords(texts=texts, desk=room.desk_texts, manners={SLACK: MANNER})
    direct = LinkedDirectChat(db, words=words, clock=clock, doors=doors)
    pages = Paging(db, clock=clock, pager=_pager(settings, clock), direct=direct, public_url=settings.public_url)

    manual_runs = ManualRuns(db, manual=manual, source=settings.manual, clock=clock)

    async def dead(running: Running, error: Exception) -> None:
        await conversations.dead(running, error)
        await deliveries.dead(running, error)
        await pages.dead(running, error)
        await manual_runs.dead(running, error)

    worker = Worker(db, clock=clock, owner=owner, on_dead=dead)
    if telegram is not None:
        telegram.register(worker)
    worker.register(CLOCK, _fires(desk, clock))
    contract_work.register(worker, clock=clock)
    correcting = _correcting(db, settings, texts=room.desk_texts, model=speaker, meters=meters, clock=clock)
    await correcting.begin()
    drafting = Drafting(db=db, manual=manual, texts=texts, writer=conversations.writer)
    for each in (
        conversations,
        deliveries,
        pages,
        ClientNotices(db, texts=texts, clock=clock),
        Retractions(db, texts=texts, clock=clock),
        StaffRoom(db, threads=threads, words=words, public_url=settings.public_url, drafting=drafting, clock=clock),
        Rerouting(db, desk=desk, clock=clock),
        Unanswered(db=db, desk=desk, manual=manual, rules=rules, texts=texts, clock=clock),
        Scoring(db=db, manual=manual, clock=clock),
        gaps,
        correcting,
        manual_runs,
    ):
        each.register(worker)
    try:
        yield Aftercare(
            settings=settings,
            db=db,
            desk=desk,
            manual=manual,
            conversations=conversations,
            worker=worker,
            rules=rules,
            texts=texts,
            clock=clock,
            meters=meters,
            secret=secret,
            telegram=telegram,
            slack=slack,
            one_time_password=password,
            engines=engines,
            gaps=gaps,
            drafts=drafts,
            recalls=correcting.recalls,
        )
    finally:
        for platform in (telegram, slack):
            if platform is not None:
                await platform.account.close()
        await gaps.comparing.close()
        await manual.close()
        if isinstance(speaker, OpenAIModel):
            await speaker.close()


def _channels(telegram: Telegram | None, slack: Slack | None) -> dict[str, Channel]:
    stored: dict[str, Channel] = {
        "web": StoredChannel(shows_changes=True, shows_pictures=True),
        "terminal": StoredChannel(shows_changes=False, shows_pictures=False),
    }
    return stored | {each.name: each.channel for each in (telegram, slack) if each is not None}


def _threads(telegram: Telegram | None, slack: Slack | None) -> dict[str, Threads]:
    found: dict[str, Threads] = {telegram.name: telegram.topics} if telegram is not None else {}
    return found | ({slack.name: slack.threads} if slack is not None else {})


@asynccontextmanager
async def _working(worker: Worker) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop), name="worker")
    try:
        yield
    finally:
        stop.set()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _listening(app: Aftercare) -> AsyncIterator[None]:
    """Chat platforms bring what is said there; where one is not set up, nobody asks it any more."""
    if app.telegram is None:
        await app.db.write(lambda conn: polling.settle(conn, polls=False, now=app.clock))
    async with AsyncExitStack() as stack:
        for each in (app.telegram, app.slack):
            if each is not None:
                await stack.enter_async_context(each.running())
        yield


def prepare_folder(data: Path) -> None:
    """Make the data folder, readable by its owner only."""
    data.mkdir(parents=True, exist_ok=True)
    data.chmod(0o700)
    (data / "files").mkdir(exist_ok=True)


def routes_file(data: Path) -> Path:
    """The rules of routing of this installation: `routes.yaml` in the data folder, else the default ones."""
    own = data / "routes.yaml"
    return own if own.is_file() else routes.DEFAULT


def _pager(settings: Settings, clock: Clock) -> Pager | None:
    if settings.pager_url is None or settings.pager_secret is None:
        return None
    key = signing_key(settings.pager_secret.get_secret_value())
    return WebhookPager(settings.pager_url.get_secret_value(), key, clock=clock)


def _model(settings: Settings) -> Model | None:
    key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else ""
    if not key and not settings.openai_base_url:
        return None
    return OpenAIModel(
        api_key=key or "none",
        model=settings.openai_model,
        base_url=settings.openai_base_url,
        deadline_s=settings.model_deadline_s,
    )


def _writer(model: Model | None, settings: Settings) -> Writer | None:
    if model is None:
        return None
    files = prompts.load(settings.prompts)
    return Writer(model=model, answer=files["answer"], repair=files["repair"])


def _correcting(
    db: Database, settings: Settings, *, texts: Texts, model: Model | None, meters: Meters, clock: Clock
) -> Correcting:
    window = timedelta(days=settings.recall_days)
    recalls = Recalls(db=db, clock=clock, compose=partial(draft, texts=texts), window=window, drafts=model is not None)
    rewriter = Rewriter(model=model, prompt=prompts.load(settings.prompts)["correction"]) if model else None
    return Correcting(db=db, recalls=recalls, texts=texts, clock=clock, meters=meters, rewriter=rewriter)


def _secret(data: Path) -> bytes:
    """The key that signs links, visitors and forms; made once."""
    path = data / "secret"
    if not path.exists():
        unfinished = path.with_suffix(".part")
        unfinished.write_bytes(secrets.token_bytes(32))
        unfinished.chmod(0o600)
        unfinished.replace(path)
    return path.read_bytes()


def _seed(conn: Connection, *, clock: Clock) -> str | None:
    """The demo client and the first admin of a fresh database; the one-time password while it is unused."""
    now = clock()
    if directory.client_by_slug(conn, DEMO) is None:
        directory.add_client(
            conn,
            slug=DEMO,
            name="青禾茶业 Greenleaf Tea",
            tier=Tier.GOLD,
            site="https://www.example.com",
            cms="WordPress + WooCommerce, CMS",
            hosting="cn-east",
            now=now,
        )
    admin = directory.staff_by_login(conn, "admin")
    if admin is None:
        if directory.staff(conn):
            return None
        admin = directory.add_staff(conn, login="admin", name="Admin", role=Role.ADMIN, now=now)
    elif not auth.password_pending(conn, admin.id):
        return None
    return auth.issue_one_time_password(conn, admin.id, now=now)


def _fires(desk: Desk, clock: Clock) -> Handler:
    """The handler of timer jobs: warnings and breaches, once each."""

    async def fire(running: Running) -> None:
        ticket_id, name = int(str(running.job.body["ticket"])), str(running.job.body["clock"])
        await running.finish(lambda conn: desk.fire(conn, ticket_id=ticket_id, clock=name, now=clock()))

    return fire
