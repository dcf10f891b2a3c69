"""The composition root: everything is made here, once, and handed to what uses it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial

from bot import contract_work, first_start, following, gap_work, links, search_work
from bot.aftercare import Aftercare
from bot.asking import Asking
from bot.bench import Bench
from bot.care import care_of
from bot.channels.platforms import MANNERS, Platforms
from bot.channels.telegram import polling
from bot.channels.web.translations import ASKABLE
from bot.conversation import Conversations
from bot.correcting import correcting_of
from bot.crowd_watch import CrowdWatch
from bot.delivery import Deliveries
from bot.direct import LinkedDirectChat
from bot.drafting import Drafting
from bot.drill_client import speaker_of
from bot.engines import Engines
from bot.engines import opened as engines_of
from bot.errors import BotError
from bot.illustrating import Illustrating
from bot.intake import TURN
from bot.llm import Model
from bot.manual_runs import ManualRuns
from bot.metered import metered
from bot.meters import Meters
from bot.notices import ClientNotices
from bot.outward import Outward
from bot.own_pages import OwnPages
from bot.paging import Paging, pager_of
from bot.pictures import Pictures, ProcessReader
from bot.progress import Progress
from bot.prompt_shelf import Shelf
from bot.proposing import proposer_of
from bot.rating_work import AskingForRatings
from bot.reception import Room
from bot.rerouting import Rerouting
from bot.retracting import Retractions
from bot.roles import Role
from bot.scoring import Scoring
from bot.settings import Settings
from bot.shipped import load_rules, load_texts
from bot.speaking import model_of, writer_of
from bot.staff_words import StaffWords
from bot.staffroom import StaffRoom
from bot.suggesting import Suggesting
from bot.summing_up import summariser_of
from bot.translating import Translating, translator_of
from bot.unanswered import Unanswered
from bot.webhook_sending import WebhookSending
from handoff import roster, routes
from handoff.desk import Desk
from knowledge.embedders import Embedder
from knowledge.service import Manual
from store import leases, skew
from store.clock import Clock, utc_now
from store.db import Database
from store.worker import Running, Worker
from success import mail_contacts

_SLOTS, _SPARE = 20, 4  # more than turns and deliveries may take together, so that timers and alarms always find room


@asynccontextmanager
async def open_app(
    settings: Settings,
    *,
    clock: Clock = utc_now,
    embedder: Embedder | None = None,
    model: Model | None = None,
    outward: Outward | None = None,
    seat: str = "",
    role: Role = Role.ALL,
) -> AsyncIterator[Aftercare]:
    """Open everything, with the worker running that `role` wants, and close it in the end.

    The caller owns the data folder, or sits in it beside others (store/lock.py). With the `seat` of its lock, what its
    former self held when it was killed is taken over at once, instead of when the leases run out.
    """
    first_start.prepare_folder(settings.data)
    db = await Database.open(settings.database)
    owner = f"{os.uname().nodename}:{os.getpid()}" + (f"@{seat}" if seat else "")
    try:
        if settings.shared:
            await _refuse_another_time(db, clock)
        if seat:
            await db.write(lambda conn: leases.inherit(conn, seat=seat, now=clock()))
        meters = Meters()
        async with (
            engines_of(settings, embedder=embedder, tell=meters.reranked) as engines,
            _opened(
                db,
                settings,
                clock=clock,
                engines=engines,
                model=model,
                outward=outward or Outward(),
                owner=owner,
                meters=meters,
                role=role,
            ) as app,
            _working(app),
            _watching(app),
            _listening(app),
        ):
            yield app
    finally:
        await db.close()


async def _refuse_another_time(db: Database, clock: Clock) -> None:
    ahead = await db.read(lambda conn: skew.ahead(conn, clock=clock))
    if abs(ahead) > skew.MOST:
        off = f"{abs(ahead).total_seconds():.0f} seconds {'ahead of' if ahead > timedelta(0) else 'behind'}"
        raise BotError(
            f"this machine's clock is {off} the database's: deadlines would be wrong, and processes would take each "
            "other's work. Set both by NTP (timedatectl set-ntp true), then start again."
        )


async def _furnished(db: Database, settings: Settings, *, clock: Clock) -> str | None:
    """Put into the database what a desk cannot be without; the first admin's password, where one was made now."""
    await contract_work.open_contract(db, settings.data, clock=clock)
    await search_work.open_search(db, clock=clock)
    password = await db.write(lambda conn: first_start.seed(conn, clock=clock, again=not settings.shared))
    rules_of_routing = await asyncio.to_thread(routes.load, first_start.routes_file(settings.data))
    await db.write(lambda conn: roster.adopt(conn, rules_of_routing, now=clock()))
    return password


@asynccontextmanager
async def _opened(
    db: Database,
    settings: Settings,
    *,
    clock: Clock,
    engines: Engines,
    model: Model | None,
    outward: Outward,
    owner: str,
    meters: Meters,
    role: Role,
) -> AsyncIterator[Aftercare]:
    rules, texts = load_rules(), load_texts()
    password = await _furnished(db, settings, clock=clock)
    desk = Desk()
    manual = await Manual.open(
        db,
        settings.data / "index",
        embedder=engines.embedder,
        clock=clock,
        reranking=engines.reranking,
        chroma_url=settings.chroma_url,
    )
    secret = first_start.secret(settings.data)
    own_pages = OwnPages(public_url=settings.public_url, secret=secret)
    room, files = Room(desk=desk, rules=rules, texts=texts, own_pages=own_pages), settings.data / "files"
    href = partial(links.address, public_url=settings.public_url, secret=secret)
    platforms = Platforms.make(settings, db, room=room, files=files, clock=clock, href=href)
    telegram, slack, channels = platforms.telegram, platforms.slack, platforms.channels
    changing = {name for name, channel in channels.items() if channel.shows_changes}
    picturing = {name for name, channel in channels.items() if channel.shows_pictures}
    speaker = metered(model or model_of(settings, tell=meters.tokens), meters)
    shelf = Shelf.open(db, settings.prompts)
    gaps, drafts = await gap_work.open_gaps(
        db, settings, manual=manual, embedder=engines.embedder, model=speaker, shelf=shelf, clock=clock
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
        writer=writer_of(speaker, shelf, meters),
        progress=Progress(db=db, texts=texts, clock=clock, platforms=changing, after_s=settings.progress_after_s),
        illustrating=Illustrating(manual=manual, files=files, platforms=picturing),
    )
    deliveries = Deliveries(db, channels=channels, clock=clock, meters=meters)

    words = StaffWords(texts=texts, desk=room.desk_texts, manners=MANNERS)
    direct = LinkedDirectChat(db, words=words, clock=clock, doors=platforms.doors)
    pages = Paging(
        db, clock=clock, pager=pager_of(settings, clock=clock), direct=direct, public_url=settings.public_url
    )

    bench = Bench(db=db, manual=manual, shelf=shelf, model=speaker, texts=texts, clock=clock)
    manual_runs = ManualRuns(db, manual=manual, source=settings.manual, clock=clock)

    sending = WebhookSending(db, clock=clock, poster=outward.poster, public_url=settings.public_url)
    await sending.begin()

    translator = translator_of(speaker, shelf, meters)
    asking = Asking(
        db,
        questions=room.questions,
        platforms=frozenset(channels) - {"web", "terminal"},
        pages=frozenset(channels) & {"web"},
        doors=platforms.doors,
        addresses=mail_contacts.address_for_ratings,
        clock=clock,
    )
    care = await care_of(
        db,
        settings,
        desk=desk,
        manual=manual,
        chat_texts=texts,
        texts=room.desk_texts,
        href=href,
        files=files,
        outward=outward,
        asking=asking,
        secret=secret,
        carrying=frozenset(channels) - {"terminal"},
        clock=clock,
    )
    await care.begin()
    translating = Translating(db, translator=translator, clock=clock)
    buriers = (*care.buriers, sending, conversations, deliveries, pages, manual_runs, bench, translating)

    async def dead(running: Running, error: Exception) -> None:
        for each in buriers:
            await each.dead(running, error)

    worker = Worker(
        db, clock=clock, owner=owner, slots=_SLOTS, spare=_SPARE, on_dead=dead, on_run=meters.job,
        named=following.named, takes=role.takes,
    )  # fmt: skip
    if telegram is not None:
        telegram.register(worker)
    contract_work.register(worker, desk=desk, clock=clock)
    search_work.register(worker, clock=clock)
    correcting = correcting_of(
        db, settings, texts=room.desk_texts, model=speaker, shelf=shelf, meters=meters, clock=clock
    )
    await correcting.begin()
    drafting = Drafting(db=db, manual=manual, texts=texts, writer=conversations.writer)
    for each in (
        conversations,
        deliveries,
        pages,
        ClientNotices(db, texts=texts, clock=clock),
        Retractions(db, texts=texts, clock=clock),
        StaffRoom(
            db, threads=platforms.threads, words=words, public_url=settings.public_url, drafting=drafting, clock=clock
        ),
        Rerouting(db, desk=desk, clock=clock),
        Unanswered(db=db, desk=desk, manual=manual, rules=rules, texts=texts, clock=clock),
        Scoring(db=db, manual=manual, clock=clock),
        AskingForRatings(db, askable=ASKABLE, asking=asking, clock=clock),
        gaps,
        correcting,
        manual_runs,
        bench,
        sending,
        care,
        translating,
    ):
        each.register(worker)
    try:
        yield Aftercare(
            settings=settings,
            role=role,
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
            shelf=shelf,
            suggesting=Suggesting(db=db, manual=manual, texts=texts, writer=conversations.writer),
            summariser=summariser_of(speaker, shelf),
            translator=translator,
            drill_speaker=speaker_of(speaker, shelf),
            proposer=proposer_of(speaker, shelf),
        )
    finally:
        await platforms.close()
        await gaps.comparing.close()
        await manual.close()
        if speaker is not None:
            await speaker.close()


@asynccontextmanager
async def _working(app: Aftercare) -> AsyncIterator[None]:
    if app.role is Role.WEB:
        yield
        return
    stop = asyncio.Event()
    task = asyncio.create_task(app.worker.run(stop), name="worker")
    try:
        yield
    finally:
        stop.set()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def _watching(app: Aftercare) -> AsyncIterator[None]:
    """Where answers are made, whoever has to wait long for one is told so."""
    if app.role is Role.COMMAND or not app.role.takes(TURN):
        yield
        return
    async with CrowdWatch(db=app.db, rules=app.rules, texts=app.texts, clock=app.clock).watching():
        yield


@asynccontextmanager
async def _listening(app: Aftercare) -> AsyncIterator[None]:
    """Chat platforms bring what is said there; where one is not set up, nobody asks it any more."""
    role = app.role
    if app.telegram is None and role.listens:
        await app.db.write(lambda conn: polling.settle(conn, polls=False, now=app.clock))
    async with AsyncExitStack() as stack:
        for each in (app.telegram, app.slack):
            if each is not None and (role.listens if each.router is None else role.serves):
                await stack.enter_async_context(each.running())
        yield
