"""The life of one person at the desk: everything that somebody can own there, or be named or quoted in."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select

import bot.app  # every table of the program is on the metadata  # noqa: F401
from console.bench_store import prompt_run
from handoff import (
    accounts,
    audit,
    cards,
    case_help,
    directory,
    messages,
    progress_links,
    staff_chats,
    staff_talk,
    turn_records,
    webhooks,
)
from handoff.api_tables import api_reply, api_token, webhook_attempt, webhook_delivery
from handoff.kinds import ChatKind, Level, Outcome, Tier
from handoff.model import Attachment, Conversation, Person, Ticket
from handoff.progress_links import Scope
from store import jobs
from store.db import Database
from store.tables import job, job_step, metadata, rate
from success import (
    broadcast_tables,
    care_tables,
    feedback_tables,
    incident_tables,
    mail_contacts,
    mails,
    report_tables,
    rule_tables,
)
from success.gap_tables import gap, gap_event, gap_question
from success.privacy.tables import consent_seen
from success.rating_tables import rating
from success.recall_tables import correction
from success.translation_tables import reply_original, translation
from tests.contract.handoff.conftest import World

NAME = "Quirina Zeppelin"
ACCOUNT = "778899001122"
VISITOR = "visitor-6f9c1e88a7"
CODE = "ORDER-7731-KQ"
MAIL = "quirina@zeppelin-tea.example"
WRITTEN_TO = "q.z@private-post.example"
PRAISE = "my nephew's marching band rehearses with that search box"
FIRST_NAME = "Quirina"
SAID = f"我家的紫藤茶馆网站今天早上打不开了，单号 {CODE}，请写信到 {MAIL}"
TYPED = "the wisteria tearoom's contact form swallows every single enquiry"
PICTURE = b"\x89PNG\r\n\x1a\n a picture of the wisteria"
MARKERS = (
    NAME, "Zeppelin", ACCOUNT, VISITOR, CODE, MAIL, "紫藤茶馆", "wisteria tearoom's contact", "q.z. complains",
    WRITTEN_TO, "marching band", FIRST_NAME, "打不开了",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Life:
    """Who lived, and where."""

    who: Person
    bob: Person
    group: Conversation
    direct: Conversation
    ticket: Ticket


async def lived(world: World, files: Path) -> Life:
    """Let somebody do everything once."""
    _draw(files)
    life: Life = await world.db.write(lambda conn: _talk(conn, world))
    await world.db.write(lambda conn: _about(conn, world, life))
    await world.db.write(lambda conn: _strewn(conn, world, life))
    await world.db.write(lambda conn: _cared_for(conn, world, life))
    await world.db.write(lambda conn: _watched(conn, world, life))
    return life


def _draw(files: Path) -> None:
    files.mkdir(parents=True, exist_ok=True)
    for name, content in (("pic1", PICTURE), ("pic2", PICTURE), ("bobs", b"Bob's own")):
        (files / name).write_bytes(content)


def _pictures(files: Path) -> list[str]:
    return [str(path) for path in files.rglob("*") if path.is_file() and PICTURE in path.read_bytes()]


def _talk(conn: Connection, world: World) -> Life:
    now, client = world.clock(), world.clients[Tier.GOLD]

    def place(platform: str, chat: str, kind: ChatKind) -> Conversation:
        made = directory.ensure_chat(conn, platform=platform, external_id=chat, kind=kind, client_id=client.id, now=now)
        return directory.ensure_conversation(conn, chat_id=made.id, now=now)

    def person(platform: str, external_id: str, name: str) -> Person:
        return directory.ensure_person(
            conn, platform=platform, external_id=external_id, name=name, client_id=client.id, now=now
        )

    group = place("telegram", "-100200300", ChatKind.GROUP)
    direct = place("telegram", ACCOUNT, ChatKind.DIRECT)
    web = place("web", f"gold:{VISITOR}", ChatKind.DIRECT)
    who, bob = person("telegram", ACCOUNT, NAME), person("telegram", "5550001", "Bob Hill")
    directory.link(conn, platform="web", external_id=VISITOR, person_id=who.id)

    def hear(talk: Conversation, by: Person, key: str, text: str, *names: str) -> int:
        kept = [Attachment(id=name, name=f"{name}.png", media_type="image/png", size=9) for name in names]
        heard = messages.accept(
            conn, conversation=talk, person=by, external_id=key, text=text, attachments=kept, at=now, now=now
        )
        assert heard is not None
        return heard.id

    first = hear(group, who, "1", SAID, "pic1")
    hear(group, bob, "2", f"> {SAID}\nI see that too, says Bob, and the lift is broken as well", "bobs")
    hear(direct, who, "1", TYPED, "pic2")
    hear(web, who, "1", "ok")
    jobs.enqueue(conn, "turn", {"message": first}, key=f"conversation:{group.id}", dedup=f"turn:{first}", now=now)
    ticket = world.desk.open(
        conn, conversation_id=group.id, client_id=client.id, requester_id=who.id, level=Level.BUG, title=SAID[:30],
        summary=f"{NAME}: {SAID}", reason="not_in_manual", since=now, now=now,
    )  # fmt: skip
    messages.join_ticket(conn, [first], ticket.id)
    messages.say(
        conn, conversation_id=direct.id, text="Dear Quirina, we look at your form.", author="bot", name="bot", now=now
    )
    messages.say(
        conn, conversation_id=group.id, text=f"Hello {NAME}, about {CODE}: soon.", author="staff", name="Ann",
        person_id=world.ann.id, ticket_id=ticket.id, now=now,
    )  # fmt: skip
    reply = messages.say(conn, conversation_id=group.id, text="See page 3.", author="bot", name="bot", now=now)
    turn_records.record_turn(
        conn, conversation_id=group.id, person_id=who.id, message_ids=[first], outcome=Outcome.ESCALATE,
        reason="not_in_manual", level=Level.BUG, language="zh-Hans", question=SAID, ticket_id=ticket.id,
        reply_id=reply.id, trace={"rewritten": SAID}, at=now, ms=1,
    )  # fmt: skip
    return Life(who=who, bob=bob, group=group, direct=direct, ticket=ticket)


def _about(conn: Connection, world: World, life: Life) -> None:
    """What colleagues write of them, and what is theirs."""
    now, ticket, desk = world.clock(), life.ticket, world.desk
    desk.claim(conn, ticket_id=ticket.id, by=world.ann.id, now=now)
    desk.note(conn, ticket_id=ticket.id, by=world.ann.id, text=f"Called {NAME}; q.z. complains about {CODE}", now=now)
    case_help.keep_brief(
        conn, ticket_id=ticket.id, text=f"{NAME} cannot open the site", made_by="model", language="en",
        by=world.ann.id, now=now,
    )  # fmt: skip
    case_help.suggest(
        conn, ticket_id=ticket.id, text=f"Dear {NAME}", made_by="model", model_failed=False, citations=(),
        grounds={"question": SAID}, by=world.ann.id, now=now,
    )  # fmt: skip
    client = world.clients[Tier.GOLD].id
    accounts.authorise(conn, client_id=client, person_id=life.who.id, powers=["money"], by=world.ann.id, now=now)
    progress_links.make(
        conn, client_id=client, scope=Scope.OWN, person_id=life.who.id, expires_at=now + progress_links.IN_CHAT,
        by=None, now=now,
    )  # fmt: skip
    audit.keep(
        conn,
        audit.Action(
            person_id=world.ann.id, via="desk", name="contact_pages.rename", kind="clients", subject=f"gold/{life.who.id}",
            facts={"was": NAME},
        ),
        now=now,
    )  # fmt: skip
    _staff_chat(conn, world, life)


def _staff_chat(conn: Connection, world: World, life: Life) -> None:
    now = world.clock()
    chat = directory.ensure_chat(conn, platform="slack", external_id="C-staff", kind=ChatKind.GROUP, now=now)
    staff_chats.make(conn, chat.id, language="en", timezone="UTC", now=now)
    thread = directory.ensure_conversation(conn, chat_id=chat.id, thread="t1", now=now)
    card = cards.ensure(conn, ticket_id=life.ticket.id, chat_id=chat.id, seq=1)
    cards.change(conn, card.id, conversation_id=thread.id, thread="t1", title=SAID[:30])
    first = conn.execute(
        select(messages.messages.c.id).where(messages.messages.c.person_id == life.who.id).limit(1)
    ).scalar_one()
    copy = staff_talk.tell(conn, conversation_id=thread.id, text=f"{NAME}: {SAID}", name="bot", now=now)
    cards.relay(conn, card_id=card.id, message_id=first, copy_id=copy.id)
    staff_talk.tell(
        conn, conversation_id=thread.id, text=f"has anybody called Quirina about {CODE}?", name="bot", now=now
    )


def _strewn(conn: Connection, world: World, life: Life) -> None:
    """Where their words end up besides."""
    now, ticket = world.clock(), life.ticket.id
    by = {"by_id": world.ann.id}

    def put(table: Table, **values: Any) -> Any:
        return conn.execute(insert(table).values(values).returning(table)).mappings().one()

    first = conn.execute(select(metadata.tables["turn"].c.id).limit(1)).scalar_one()
    said = conn.execute(
        select(messages.messages.c.id).where(messages.messages.c.person_id == life.who.id).order_by("id").limit(1)
    ).scalar_one()
    put(rating, ticket_id=ticket, person_id=life.who.id, channel="link", asked_at=now, value=2, comment=TYPED, at=now)
    found = put(
        gap, state="open", label=SAID[:40], facts={"questions": [SAID]}, size=1, size_then=1, first_at=now, last_at=now,
        reason="", changed_by="gaps", changed_at=now, draft=f"# {SAID}",
    )["id"]  # fmt: skip
    put(gap_question, gap_id=found, turn_id=first, place=0, text=SAID, why="unanswered", at=now, person_id=life.who.id)
    put(gap_event, gap_id=found, at=now, done_by="ann", verb="edited", data={"text": SAID})
    put(
        correction, chat_id=life.group.chat_id, conversation_id=life.group.id, message_id=said, page="p", kind="changed",
        grade="facts", says="h", language="en", facts={"asked": SAID}, draft=f"Dear {NAME}", drafted_by="model",
        state="open", answered_at=now, found_at=now,
    )  # fmt: skip
    put(
        translation,
        message_id=said,
        language="en",
        source="zh-Hans",
        state="done",
        text="The wisteria tearoom's contact",
        at=now,
    )
    put(
        reply_original, message_id=said + 6, language="en", text=f"Hello {NAME}", into="zh-Hans", made_by="m", at=now,
    )  # fmt: skip
    put(consent_seen, person_id=life.who.id, version=1, language="en", at=now)
    put(rate, bucket=f"visitor:{VISITOR}", full_at=now)
    hook = webhooks.make(
        conn, name="Jira", url="https://hooks.example/a", types=["message.created"], client_id=None, texts=True,
        by=world.ann.id, now=now,
    )  # fmt: skip
    sent = put(
        webhook_delivery, name="msg_1", endpoint_id=hook.id, type="message.created", ticket_id=ticket,
        body={"about": "x", "message": {"text": SAID, "name": NAME}}, state="done", tries=1, sends=1, at=now,
    )["id"]  # fmt: skip
    put(webhook_attempt, delivery_id=sent, n=1, at=now, ms=1, status=200, answer=f"thanks, {NAME}")
    token = put(
        api_token, name="t", hash="h", hint="h", scopes=[], person_id=world.ann.id, at=now, **by
    )["id"]  # fmt: skip
    put(
        api_reply, token_id=token, key="k", request="r", status=200, headers={}, body={"ticket": {"title": SAID}}, at=now
    )  # fmt: skip
    dead = put(
        job, queue="card", body={"text": f"{NAME}: {SAID}"}, state="dead", run_at=now, claims=1, attempts=8,
        error=f"Boom: {ACCOUNT}", created_at=now, closed_at=now,
    )["id"]  # fmt: skip
    put(job_step, job_id=dead, name="draft", result={"text": SAID})
    put(
        prompt_run, name="answer", number=1, against=0, state="done", questions=[{"text": SAID}], done=1, model="m",
        asked_at=now, **by,
    )  # fmt: skip


def _put(conn: Connection, table: Table, **values: Any) -> Any:
    return conn.execute(insert(table).values(values).returning(table)).mappings().one()


def _cared_for(conn: Connection, world: World, life: Life) -> None:
    """What the care for clients keeps: requests and answers, letters, visits, complaints, tasks, reports."""
    now, day, client = world.clock(), world.clock().date(), world.clients[Tier.GOLD].id
    mail_contacts.keep(
        conn, client_id=client, address=WRITTEN_TO, name=NAME, purposes=["ratings", "broadcasts"],
        person_id=life.who.id, by=world.ann.id, now=now,
    )  # fmt: skip
    for n, origin in enumerate((f"reminder:1:{WRITTEN_TO}", f"report:1:{WRITTEN_TO}")):
        letter = mails.post(
            conn, WRITTEN_TO, origin=origin, subject="Your site", text=f"Dear {FIRST_NAME}, {n}",
            html=f"<p>{FIRST_NAME}</p>", language="en", client_id=client, leave=f"https://desk.example/l/{n}", now=now,
        )  # fmt: skip
        assert letter is not None
    mails.settle(conn, letter.id, state=mails.SENT, why=f"250 for {WRITTEN_TO}", now=now)
    told = _put(
        conn, broadcast_tables.broadcast, title="Holiday", texts={"en": "We rest"}, wanted={}, by_mail=True, local_at="",
        state="waiting", at=now, changed_at=now,
    )["id"]  # fmt: skip
    _put(
        conn, broadcast_tables.broadcast_place, broadcast_id=told, client_id=client, address=WRITTEN_TO, state="sent",
        why="", run_at=now, mail_id=letter.id,
    )  # fmt: skip
    _put(
        conn, broadcast_tables.referral, client_id=client, person_id=life.who.id, company="Lift Ltd", contact="Otto",
        reach="otto@lift.example", note=f"{FIRST_NAME} knows him", state="new", reward="", at=now, changed_at=now,
    )  # fmt: skip
    _put(
        conn, feedback_tables.survey, origin="s1", kind="nps", client_id=client, person_id=life.who.id, quarter="2026Q1",
        project="", stage="", due_at=now, way="mail", dropped="", value=3, comment=PRAISE, at=now,
    )  # fmt: skip
    _put(
        conn, feedback_tables.visit, client_id=client, held_on=day, way="call", met=f"{NAME}, Bob", at=now,
        summary=f"{FIRST_NAME} is unhappy; {PRAISE}", agreed=[f"Call {FIRST_NAME}"],
    )  # fmt: skip
    _put(
        conn, feedback_tables.complaint, origin="c1", client_id=client, source="survey", matter=f"“{PRAISE}”",
        cause=f"{FIRST_NAME} was not told", measure="", state="open", due_on=day, at=now,
    )  # fmt: skip
    _put(
        conn, care_tables.task, origin="t1", kind="detractor", client_id=client, facts={"name": NAME}, link="",
        due_at=now, state="open", at=now, note=f"{FIRST_NAME} was friendly",
    )  # fmt: skip
    facts = {"max": 3, "open": [{"number": life.ticket.number, "title": life.ticket.title}], "quoted": [PRAISE]}
    _put(
        conn, report_tables.report, kind="health", subject=f"client:{client}", client_id=client, first_on=day,
        last_on=day, language="en", zone="Asia/Shanghai", state="sent", facts=facts, words={"lead": f"For {NAME}"},
        edits=1, at=now, sent={"letters": [WRITTEN_TO]}, why="",
    )  # fmt: skip


def _watched(conn: Connection, world: World, life: Life) -> None:
    """What incidents, rules and checks of sites keep."""
    now, client = world.clock(), world.clients[Tier.GOLD].id
    broken = _put(
        conn, incident_tables.incident, key="i1", server="", title=f"{NAME} reports", severity="warning", state="open",
        started_at=now, at=now, rule="",
    )["id"]  # fmt: skip
    _put(
        conn, incident_tables.incident_event, incident_id=broken, seq=1, at=now, kind="noted", rule="",
        facts={"text": f"{NAME} called about {PRAISE}"},
    )  # fmt: skip
    _put(
        conn, incident_tables.incident_said, incident_id=broken, batch="first:1", chat_id=life.group.chat_id,
        client_id=client, kind="first", language="en", text=f"Thank you, {FIRST_NAME}", name="Ann", at=now, send_at=now,
        state="waiting",
    )  # fmt: skip
    _put(
        conn, incident_tables.incident_report, incident_id=broken, version=1, text=f"{NAME} told us first", at=now,
        finished=False,
    )  # fmt: skip
    _put(
        conn, incident_tables.alert, fingerprint="f", starts_at=now, status="firing", name="Down", severity="warning",
        group_key="g", labels={"instance": "a"}, annotations={"summary": f"told by {NAME}"}, link="", server="",
        first_at=now, last_at=now, times=1,
    )  # fmt: skip
    _put(
        conn, incident_tables.hook_call, origin="h1", hook="standby", body={"by": NAME}, state="taken", at=now, tries=1,
        answer=f"thanks {NAME}",
    )  # fmt: skip
    event = _put(
        conn, rule_tables.rule_event, origin="e1", kind="ticket_opened", facts={"title": SAID, "name": NAME}, chain=[],
        at=now,
    )["id"]  # fmt: skip
    _put(
        conn, rule_tables.rule_firing, rule="r", version=0, event_id=event, subject="s", at=now, outcome="fired",
        why=[f"title is {SAID}"], results=[{"text": f"Dear {NAME}"}], folded=0,
    )  # fmt: skip


async def traces(db: Database, files: Path, markers: tuple[str, ...] = MARKERS) -> list[str]:
    """Where any of these is still found: in any table and column of the metadata, in the search, in the files."""

    def look(conn: Connection) -> list[str]:
        found = []
        for table in metadata.tables.values():
            for row in conn.execute(select(table)).mappings():
                for name, value in row.items():
                    shown = _shown(value)
                    found += [f"{table.name}.{name}: {each}" for each in markers if each.casefold() in shown]
        if conn.dialect.name == "sqlite":
            words = conn.exec_driver_sql("SELECT count(*) FROM search_words WHERE search_words MATCH '\"zeppelin\"'")
            found += ["search_words"] if words.scalar_one() else []
        return found

    return [*await db.read(look), *_pictures(files)]


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str).casefold()
    return str(value).casefold()
