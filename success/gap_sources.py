"""Which questions count as ones that the manual lacks. A transaction body that only reads.

What counts: a question that was handed to people because the manual does not hold it (also where the bot only drafted
in silence); one that was asked back and led nowhere; one whose answer did not help or was taken back; one that people
answered in a ticket. Never: emergencies, complaints, what is personal, wishes for new work, faults of our own, small
talk. What was asked on the command line is a test of our own, and left out unless asked for.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection, select

from handoff import autonomy
from handoff.kinds import Audience, Author, ChatPurpose, EventKind, Level, Outcome, PersonKind, TicketState
from handoff.model import Turn
from handoff.rows import to_turn
from handoff.tables import chat, client, conversation, message, person, ticket, ticket_event, turn
from knowledge.asked import comparable
from success import private
from success.gap_model import Asked, Collected, Why
from success.privacy.needles import MARK as ERASED
from success.private import Own

#: Of each text that is compared, shown or drafted from, so much.
LONGEST: Final = 300
MARK: Final = "〔{}〕"
MOST: Final = 5_000
_MOST_TURNS: Final = 60_000
NOT_HELD: Final = frozenset({"not_in_manual", "thin_evidence", "second_miss"})
_ASKED_BACK: Final = frozenset({"vague", "choose"})
_WANTED_MORE: Final = frozenset({"asked_for_person", "not_solved"})
_NO_QUESTION: Final = frozenset({"upset", "sensitive", "emergency", "change_request", "failed", "model_failed"})
_SAME_MATTER: Final = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class _Heard:
    """A turn with whose chat it was in."""

    turn: Turn
    client_id: int | None
    practice: bool


@dataclass(frozen=True, kw_only=True)
class _Tickets:
    """Tickets by id: the level now, the reason, and whether people answered and resolved it."""

    levels: Mapping[int, Level]
    reasons: Mapping[int, str]
    resolved: frozenset[int]


def collect(conn: Connection, *, since: datetime, practice: Collection[str] = ()) -> Collected:
    """The questions since an instant that count, the newest `MOST`; chats of the `practice` platforms are left out."""
    turns = _heard(conn, since=since, practice=practice)
    replies = [each.turn.reply_id for each in turns if each.turn.reply_id is not None]
    pressed, retracted = _pressed(conn, replies), _retracted(conn)
    tickets = _tickets(conn, {each.turn.ticket_id for each in turns if each.turn.ticket_id is not None})
    own = companies(conn)
    found: list[Asked] = []
    left_out = 0
    for talk in _talks(turns):
        for each, why in _counted([one.turn for one in talk], tickets, pressed=pressed, retracted=retracted):
            if talk[0].practice:
                left_out += 1
                continue
            asked = _asked(each, why, client_id=talk[0].client_id, own=own)
            if asked is not None:
                found.append(asked)
    newest = sorted(found, key=lambda one: (one.at, one.turn_id))[-MOST:]
    return Collected(questions=tuple(newest), left_out=left_out)


def unsolved(conn: Connection, *, since: datetime) -> dict[int, bool]:
    """For each answer since an instant, by its turn, whether it did not help."""
    everything = _heard(conn, since=since, practice=())
    pressed = _pressed(conn, [each.turn.reply_id for each in everything if each.turn.reply_id is not None])
    found: dict[int, bool] = {}
    for talk in _talks(everything):
        turns = [each.turn for each in talk]
        answers = [each.id for each in turns if each.outcome is Outcome.ANSWERED]
        found |= dict(zip(answers, autonomy.unsolved_answers(turns, pressed_human=pressed), strict=True))
    return found


def heard(conn: Connection, *, since: datetime) -> tuple[Turn, ...]:
    """What the bot made of clients' words since an instant, the oldest first."""
    return tuple(each.turn for each in _heard(conn, since=since, practice=()))


def answers(conn: Connection, *, since: datetime) -> tuple[Turn, ...]:
    """The answers that the bot gave clients since an instant, the oldest first."""
    return tuple(each for each in heard(conn, since=since) if each.outcome is Outcome.ANSWERED)


def _heard(conn: Connection, *, since: datetime, practice: Collection[str]) -> list[_Heard]:
    """The turns of clients, the oldest first."""
    query = (
        select(turn, chat.c.client_id, chat.c.platform, person.c.client_id.label("own_client"))
        .join(conversation, conversation.c.id == turn.c.conversation_id)
        .join(chat, chat.c.id == conversation.c.chat_id)
        .outerjoin(person, person.c.id == turn.c.person_id)
        .where(turn.c.at >= since, chat.c.purpose == ChatPurpose.CLIENT, person.c.kind == PersonKind.CLIENT)
        .order_by(turn.c.id.desc())
        .limit(_MOST_TURNS)
    )
    rows = conn.execute(query).mappings().all()
    return [
        _Heard(
            turn=to_turn(row),
            client_id=row["client_id"] if row["client_id"] is not None else row["own_client"],
            practice=row["platform"] in practice,
        )
        for row in reversed(rows)
    ]


def _talks(turns: Iterable[_Heard]) -> Iterator[list[_Heard]]:
    """Turns of one person in one conversation."""
    talks: dict[tuple[int, int | None], list[_Heard]] = defaultdict(list)
    for each in turns:
        talks[each.turn.conversation_id, each.turn.person_id].append(each)
    yield from talks.values()


def _counted(
    turns: Sequence[Turn], tickets: _Tickets, *, pressed: Collection[int], retracted: Collection[int]
) -> list[tuple[Turn, Why]]:
    """The turns of one person that count, and why; one matter counts once."""
    helped_not = iter(autonomy.unsolved_answers(turns, pressed_human=pressed))
    counted: list[tuple[Turn, Why]] = []
    failed: int | None = None  # the place in `counted` of the last answer in vain
    ticketed: set[int] = set()
    for place, each in enumerate(turns):
        why = None
        if each.outcome is Outcome.ANSWERED:
            in_vain = next(helped_not)
            why = Why.RETRACTED if each.reply_id in retracted else Why.NOT_SOLVED if in_vain else None
        elif failed is not None and _says_so(each, counted[failed][0]):
            answer, its_why = counted[failed]
            counted[failed] = (replace(answer, ticket_id=each.ticket_id), its_why)
        elif _is_question(each, tickets) and each.ticket_id not in ticketed:
            why = _why(each, turns[place + 1 :], tickets)
        if why is None or each.level is Level.EMERGENCY or not each.question.strip():
            continue
        failed = len(counted) if why in (Why.NOT_SOLVED, Why.RETRACTED) else failed
        ticketed |= {each.ticket_id} if each.ticket_id is not None else set()
        counted.append((each, why))
    return counted


def _says_so(each: Turn, answer: Turn) -> bool:
    """Whether a turn only says that the answer before did not help."""
    return each.reason in _WANTED_MORE and each.at - answer.at <= _SAME_MATTER


def _is_question(each: Turn, tickets: _Tickets) -> bool:
    """Whether people see it as a question, too: neither they nor we took it for anything else."""
    if each.level is not Level.QUESTION or each.reason in _NO_QUESTION or each.outcome is Outcome.FAILED:
        return False
    if each.ticket_id is None:
        return True
    level, reason = tickets.levels.get(each.ticket_id), tickets.reasons.get(each.ticket_id)
    return level is Level.QUESTION and reason not in _NO_QUESTION


def _why(each: Turn, later: Sequence[Turn], tickets: _Tickets) -> Why | None:
    outcome, reason = each.outcome, each.reason
    drafted = each.trace.get("shadow")
    if reason == "shadow" and isinstance(drafted, Mapping):
        outcome, reason = Outcome(str(drafted["outcome"])), str(drafted["reason"])
    if outcome is Outcome.ESCALATE and reason in NOT_HELD:
        return Why.UNANSWERED
    if outcome is Outcome.CLARIFY and reason in _ASKED_BACK and each.outcome is outcome:
        return None if _went_on(each, later) else Why.UNCLEAR
    return Why.RESOLVED if each.ticket_id in tickets.resolved else None


def _went_on(each: Turn, later: Sequence[Turn]) -> bool:
    """Whether the client's next words led to an answer or to people."""
    next_ones = (turn for turn in later if turn.at - each.at <= _SAME_MATTER)
    return any(turn.outcome in (Outcome.ANSWERED, Outcome.ESCALATE) for turn in next_ones)


def _asked(each: Turn, why: Why, *, client_id: int | None, own: "Companies") -> Asked | None:
    text = " ".join(each.question.split())[:LONGEST]
    text = private.masked(text, own.of(client_id, each.person_id), language=each.language, mark=MARK)
    if text == ERASED or not comparable(text).terms:
        return None
    found = each.trace.get("found")
    places = found if isinstance(found, Sequence) and not isinstance(found, str) else ()
    return Asked(
        turn_id=each.id,
        text=text,
        why=why,
        at=each.at,
        language=each.language,
        client_id=client_id,
        client=own.slugs.get(client_id or 0),
        person_id=each.person_id,
        ticket_id=each.ticket_id,
        category=each.category,
        version=each.index_version,
        page=each.citations[0].page if each.citations else None,
        chunks=frozenset(cited.chunk for cited in each.citations),
        places=frozenset((str(p["page"]), str(p["heading"])) for p in places if isinstance(p, Mapping)),
        by_model="model" in each.trace,
    )


def _pressed(conn: Connection, replies: Sequence[int]) -> frozenset[int]:
    """Those of our replies below which a person was asked for."""
    wanted = set(replies)
    rows = conn.execute(select(message.c.id).where(message.c.pressed == "human", message.c.author == Author.BOT))
    return frozenset(wanted.intersection(rows.scalars()))


def _retracted(conn: Connection) -> frozenset[int]:
    """The answers that colleagues took back, by their messages."""
    rows = conn.execute(select(ticket_event.c.data).where(ticket_event.c.kind == EventKind.RETRACTED)).scalars()
    return frozenset(int(data["message"]) for data in rows)


def _tickets(conn: Connection, ids: Collection[int]) -> _Tickets:
    levels, reasons, done = {}, {}, set()
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        some = wanted[start : start + 500]
        query = select(ticket.c.id, ticket.c.level, ticket.c.reason, ticket.c.state).where(ticket.c.id.in_(some))
        for row in conn.execute(query).mappings():
            levels[row["id"]], reasons[row["id"]] = Level(row["level"]), row["reason"]
            if row["state"] == TicketState.RESOLVED:
                done.add(row["id"])
    return _Tickets(levels=levels, reasons=reasons, resolved=frozenset(done & answered_by_people(conn, done)))


def answered_by_people(conn: Connection, ids: Collection[int]) -> set[int]:
    """Those of these tickets in which a colleague told the client something."""
    found: set[int] = set()
    wanted = sorted(ids)
    for start in range(0, len(wanted), 500):
        said = (message.c.author == Author.STAFF, message.c.audience == Audience.CLIENT)
        mine = message.c.ticket_id.in_(wanted[start : start + 500])
        found |= set(conn.execute(select(message.c.ticket_id).where(mine, *said).distinct()).scalars())
    return found


@dataclass(frozen=True, kw_only=True)
class Companies:
    """What is each client's own, and everybody's names."""

    slugs: Mapping[int, str]
    own: Mapping[int, Own]
    people: Mapping[int, str]

    def of(self, client_id: int | None, person_id: int | None) -> Own:
        known = self.own.get(client_id or 0, Own())
        name = self.people.get(person_id or 0)
        return Own(
            companies=known.companies,
            sites=known.sites,
            people=known.people | ({name} if name else frozenset()),
        )


def companies(conn: Connection) -> Companies:
    """What is each client's own: the names of its people and of ours, and its sites."""
    people: dict[int, str] = {}
    named: dict[int, set[str]] = defaultdict(set)
    staff: set[str] = set()
    for row in conn.execute(select(person.c.id, person.c.kind, person.c.name, person.c.client_id)):
        people[row.id] = row.name
        if row.kind == PersonKind.STAFF:
            staff.add(row.name)
        elif row.client_id is not None:
            named[row.client_id].add(row.name)
    slugs: dict[int, str] = {}
    own: dict[int, Own] = {}
    for each in conn.execute(select(client)).mappings():
        slugs[each["id"]] = each["slug"]
        own[each["id"]] = Own(
            companies=frozenset(_parts(each["name"])),
            people=frozenset(named[each["id"]] | staff),
            sites=frozenset(_hosts(each["site"] or "")),
        )
    return Companies(slugs=slugs, own=own, people=people)


def _parts(name: str) -> Iterator[str]:
    """A company's name, and its halves in each script: "青禾茶业 Greenleaf Tea" is called either."""
    yield name
    chinese = "".join(letter for letter in name if not letter.isascii()).strip()
    latin = "".join(letter for letter in name if letter.isascii()).strip()
    yield from (part for part in (chinese, latin) if part and part != name)


def _hosts(site: str) -> Iterator[str]:
    host = urlsplit(site if "//" in site else f"//{site}").hostname or ""
    if host:
        yield from (site, host, host.removeprefix("www."))
