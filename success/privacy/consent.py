"""What visitors of the web chat are told of their data: texts in versions, who saw which when. Transaction bodies."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, select

from handoff.rows import add, clean, first
from success.privacy.tables import consent_seen, consent_text

LONGEST: Final = 4_000
FALLBACK: Final = ("en", "zh-Hans", "zh-Hant")


@dataclass(frozen=True, kw_only=True)
class Notice:
    """The text that holds now, in one language."""

    version: int
    language: str
    text: str


def current(conn: Connection) -> Mapping[str, Notice]:
    """The newest version by language; empty texts say that nothing is shown."""
    newest = select(func.max(consent_text.c.version)).scalar_subquery()
    rows = conn.execute(select(consent_text).where(consent_text.c.version == newest)).mappings()
    return {row["language"]: Notice(version=row["version"], language=row["language"], text=row["text"]) for row in rows}


def publish(conn: Connection, texts: Mapping[str, str], *, by: int, now: datetime) -> int | None:
    """Put these texts in force as a new version; None where they are what is in force."""
    said = {language: clean(text).strip()[:LONGEST] for language, text in texts.items() if clean(text).strip()}
    held = current(conn)
    if said == {language: one.text for language, one in held.items() if one.text}:
        return None
    version = max((one.version for one in held.values()), default=0) + 1
    for language, text in (said or {FALLBACK[0]: ""}).items():
        add(conn, consent_text, version=version, language=language, text=text, by_id=by, at=now)
    return version


def due(conn: Connection, person_id: int | None, language: str) -> Notice | None:
    """What somebody has still to be shown, in their language or the first there is; None if they saw it."""
    held = {each: one for each, one in current(conn).items() if one.text}
    found = next((held[each] for each in (language, *FALLBACK) if each in held), None)
    if found is None or (person_id is not None and _saw(conn, person_id, found.version)):
        return None
    return found


def shown(conn: Connection, person_id: int, language: str, *, now: datetime) -> None:
    """Keep that somebody wrote below the text in force; once a version."""
    found = due(conn, person_id, language)
    if found is not None:
        add(conn, consent_seen, person_id=person_id, version=found.version, language=found.language, at=now)


def seen_by(conn: Connection, version: int) -> int:
    """How many people saw a version."""
    query = select(func.count(consent_seen.c.person_id.distinct())).where(consent_seen.c.version == version)
    return conn.execute(query).scalar_one()


def _saw(conn: Connection, person_id: int, version: int) -> bool:
    return (
        first(conn, consent_seen, consent_seen.c.person_id == person_id, consent_seen.c.version == version) is not None
    )
