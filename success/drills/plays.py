"""Plays of drills: begun, talked, ended and scored. Transaction bodies."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from handoff.errors import NotFound
from handoff.policy import Contract
from handoff.rows import clean
from store.signals import signal
from success.drill_tables import drill_line as line_rows
from success.drill_tables import drill_play as play_rows
from success.drills import playing, shelf
from success.drills.bounds import Bounds
from success.drills.errors import DrillRefused
from success.drills.model import LONGEST_LINE, Scenario
from success.drills.playing import Over, Past, Reply
from success.drills.ports import Spoken
from success.drills.results import Evidence, Ground, Result, Score
from success.drills.rubric import score

CLIENT: Final = "client"
TRAINEE: Final = "trainee"
SCRIPT: Final = "script"
A_DAY: Final = timedelta(days=1)
MOST_A_DAY: Final = 30
"""So many plays one person may begin in a day."""


@dataclass(frozen=True, kw_only=True)
class Line:
    """Something said in a play."""

    who: str
    text: str
    made_by: str
    mood: int | None
    branch: int | None
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Play:
    """One talk with a drill's client; `ended` is "" while it goes on, then an `Over`. `result` once it was scored."""

    id: int
    edition: str
    slug: str
    person_id: int
    try_id: int | None
    language: str
    begun_at: datetime
    ended_at: datetime | None
    ended: str
    percent: int | None
    passed: bool | None
    result: Result | None


def begin(
    conn: Connection, slug: str, *, person_id: int, language: str, try_id: int | None = None,
    folder: Path = shelf.FOLDER, now: datetime,
) -> Play:  # fmt: skip
    """Begin a drill, or go on with the one of that name that is open. Raises DrillRefused: unknown, broken, flood."""
    mine = (play_rows.c.slug == slug, play_rows.c.person_id == person_id, play_rows.c.ended_at.is_(None))
    same = play_rows.c.try_id == try_id if try_id is not None else play_rows.c.try_id.is_(None)
    row = conn.execute(select(play_rows).where(*mine, same).order_by(play_rows.c.id.desc())).mappings().first()
    if row is not None:
        return _play(row)
    today = (play_rows.c.person_id == person_id, play_rows.c.begun_at > now - A_DAY)
    if conn.execute(select(func.count()).select_from(play_rows).where(*today)).scalar_one() >= MOST_A_DAY:
        raise DrillRefused("flood")
    scenario = shelf.take(conn, slug, folder=folder, now=now)
    values = {
        "edition": scenario.version, "slug": slug, "person_id": person_id, "try_id": try_id, "language": language,
        "begun_at": now, "ended": "",
    }  # fmt: skip
    made = conn.execute(insert(play_rows).values(values).returning(*play_rows.c)).mappings().one()
    for text in playing.opening(scenario, language):
        _add(conn, made["id"], CLIENT, text, made_by=SCRIPT, mood=scenario.persona.mood, now=now)
    return _play(made)


def play(conn: Connection, play_id: int, *, lock: bool = False) -> Play:
    """The play with this id. Raises NotFound."""
    query = select(play_rows).where(play_rows.c.id == play_id)
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound("drill_play", play_id)
    return _play(row)


def lines(conn: Connection, play_id: int) -> tuple[Line, ...]:
    """What was said, in order."""
    rows = conn.execute(select(line_rows).where(line_rows.c.play_id == play_id).order_by(line_rows.c.id)).mappings()
    return tuple(Line(**{name: row[name] for name in Line.__dataclass_fields__}) for row in rows)


def listed(conn: Connection, *, person_id: int | None = None, limit: int = 50) -> tuple[Play, ...]:
    """Plays, the newest first; one person's, or everybody's."""
    where = [play_rows.c.person_id == person_id] if person_id is not None else []
    rows = conn.execute(select(play_rows).where(*where).order_by(play_rows.c.id.desc()).limit(limit)).mappings()
    return tuple(_play(row) for row in rows)


def of_try(conn: Connection, try_id: int) -> tuple[Play, ...]:
    """The plays of an exam's attempt, in order."""
    query = select(play_rows).where(play_rows.c.try_id == try_id).order_by(play_rows.c.id)
    return tuple(_play(row) for row in conn.execute(query).mappings())


def said_by(talk: Sequence[Line]) -> tuple[str, ...]:
    """What the trainee said."""
    return tuple(line.text for line in talk if line.who == TRAINEE)


def reply_to(
    conn: Connection, play_id: int, text: str, *, person_id: int, seen: int
) -> tuple[Scenario, tuple[Line, ...], str, Reply]:
    """What the client says by its script to a message that is to be said, with all it takes; nothing is kept.

    Raises NotFound for another's play; DrillRefused: ``ended``, ``empty``, ``long``, or ``changed`` where the talk has
    gone on since so many lines were `seen`.
    """
    held = play(conn, play_id, lock=True)
    if held.person_id != person_id:
        raise NotFound("drill_play", play_id)
    if held.ended_at is not None:
        raise DrillRefused("ended")
    said = clean(text).strip()
    if not said:
        raise DrillRefused("empty")
    if len(said) > LONGEST_LINE:
        raise DrillRefused("long")
    talk = lines(conn, play_id)
    if len(talk) != seen:
        raise DrillRefused("changed")
    scenario = shelf.edition(conn, held.edition)
    return scenario, talk, said, playing.answer(scenario, _past(scenario, talk), said, language=held.language)


def say(
    conn: Connection, play_id: int, text: str, *, person_id: int, seen: int, spoken: Spoken | None, ground: Ground,
    contract: Contract, now: datetime,
) -> Play:  # fmt: skip
    """Say something; the client answers, in a model's words where they hold; the last line ends and scores the play.

    Raises as `reply_to` does.
    """
    scenario, talk, said, reply = reply_to(conn, play_id, text, person_id=person_id, seen=seen)
    held = play(conn, play_id)
    language = held.language
    words, made_by = reply.text, SCRIPT
    heard = [*(line.text for line in talk if line.who == CLIENT), said]
    if spoken and playing.holds(spoken.text, instead_of=reply, scenario=scenario, talk=heard, language=language):
        words, made_by = playing.scripted(spoken.text, language), spoken.made_by
    _add(conn, play_id, TRAINEE, said, now=now)
    _add(conn, play_id, CLIENT, words, made_by=made_by, mood=reply.mood, branch=reply.branch, now=now)
    if reply.over is not None:
        _end(conn, held, scenario, reply.over, ground=ground, contract=contract, now=now)
    signal(conn, "desk", "")
    return play(conn, play_id)


def leave(conn: Connection, play_id: int, *, person_id: int, ground: Ground, contract: Contract, now: datetime) -> Play:
    """End one's own play and have it scored; one that has ended stays. Raises NotFound for another's."""
    held = play(conn, play_id, lock=True)
    if held.person_id != person_id:
        raise NotFound("drill_play", play_id)
    if held.ended_at is None:
        scenario = shelf.edition(conn, held.edition)
        _end(conn, held, scenario, Over.LEFT, ground=ground, contract=contract, now=now)
    return play(conn, play_id)


def _end(
    conn: Connection, held: Play, scenario: Scenario, over: Over, *, ground: Ground, contract: Contract, now: datetime
) -> None:
    said = said_by(lines(conn, held.id))
    bounds = Bounds.of(contract, level=scenario.level, tier=scenario.tier)
    result = score(scenario, said, bounds=bounds, ground=ground, language=held.language)
    values = {"ended_at": now, "ended": over, "percent": result.percent, "passed": int(result.passed)}
    conn.execute(update(play_rows).where(play_rows.c.id == held.id).values(values | {"result": asdict(result)}))
    signal(conn, "desk", "")


def _past(scenario: Scenario, talk: Sequence[Line]) -> Past:
    answers = [line for number, line in enumerate(talk) if line.who == CLIENT and _answers(talk, number)]
    mood = next((line.mood for line in reversed(talk) if line.mood is not None), scenario.persona.mood)
    return Past(mood=mood, taken=tuple(line.branch for line in answers), lines=len(answers))


def _answers(talk: Sequence[Line], number: int) -> bool:
    return number > 0 and talk[number - 1].who == TRAINEE


def _add(
    conn: Connection, play_id: int, who: str, text: str, *, made_by: str = "", mood: int | None = None,
    branch: int | None = None, now: datetime,
) -> None:  # fmt: skip
    row = {"play_id": play_id, "who": who, "text": text, "made_by": made_by, "mood": mood, "branch": branch, "at": now}
    conn.execute(insert(line_rows).values(row))


def _play(row: Mapping[Any, Any]) -> Play:
    values = {name: row[name] for name in Play.__dataclass_fields__}
    passed = None if row["passed"] is None else bool(row["passed"])
    return Play(**values | {"passed": passed, "result": _result(row["result"])})


def _result(kept: Mapping[str, Any] | None) -> Result | None:
    if kept is None:
        return None
    scores = tuple(
        Score(
            item=each["item"], share=each["share"], missing=tuple(each["missing"]),
            evidence=tuple(Evidence(**row) for row in each["evidence"]),
        )
        for each in kept["scores"]
    )  # fmt: skip
    return Result(percent=kept["percent"], passed=kept["passed"], scores=scores, failed=tuple(kept["failed"]))
