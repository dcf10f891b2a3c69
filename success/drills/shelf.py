"""Which drills there are: the files that come with the program, and those written in the desk, which stand before them.

Transaction bodies, but for `shipped`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from store.db import insert_into
from success.drill_tables import drill as drills
from success.drill_tables import drill_edition as editions
from success.drills.errors import DrillBroken, DrillRefused
from success.drills.model import Scenario
from success.drills.reading import read, version_of

FOLDER: Final = Path(__file__).with_name("scenarios")
PUBLISHED: Final = "published"


@dataclass(frozen=True, kw_only=True)
class Shelved:
    """A drill that can be begun, or (without `scenario`) one that cannot be read, and why. `desk`: written there."""

    slug: str
    scenario: Scenario | None
    problems: tuple[tuple[str, str], ...] = ()
    text: str = ""
    desk: bool = False


def shipped(folder: Path = FOLDER) -> Mapping[str, str]:
    """The files' texts by name; one that cannot be read is "" (and so broken)."""
    return {path.stem: _text(path) for path in sorted(folder.glob("*.yaml"))}


def shelf(conn: Connection, *, folder: Path = FOLDER) -> tuple[Shelved, ...]:
    """Every drill, by name."""
    texts = {slug: (text, False) for slug, text in shipped(folder).items()}
    for row in conn.execute(select(drills.c.slug, drills.c.text).where(drills.c.state == PUBLISHED)):
        texts[row.slug] = (row.text, True)
    return tuple(_shelved(slug, text, desk=desk) for slug, (text, desk) in sorted(texts.items()))


def find(conn: Connection, slug: str, *, folder: Path = FOLDER) -> Shelved | None:
    """The drill of a name."""
    return next((each for each in shelf(conn, folder=folder) if each.slug == slug), None)


def take(conn: Connection, slug: str, *, folder: Path = FOLDER, now: datetime) -> Scenario:
    """The drill as it is now, its text kept as an edition. Raises DrillRefused: ``unknown``, ``broken``."""
    found = find(conn, slug, folder=folder)
    if found is None:
        raise DrillRefused("unknown")
    if found.scenario is None:
        raise DrillRefused("broken")
    row = {"hash": found.scenario.version, "slug": slug, "text": found.text, "at": now}
    conn.execute(insert_into(conn, editions).values(row).on_conflict_do_nothing(index_elements=["hash"]))
    return found.scenario


def edition(conn: Connection, version: str) -> Scenario:
    """A drill as it was when somebody began it. Raises DrillBroken."""
    text = conn.execute(select(editions.c.text).where(editions.c.hash == version)).scalar_one_or_none()
    if text is None:
        raise DrillBroken((("", "the edition is gone"),))
    return read(text)


def _shelved(slug: str, text: str, *, desk: bool) -> Shelved:
    try:
        scenario = read(text)
    except DrillBroken as broken:
        return Shelved(slug=slug, scenario=None, problems=broken.problems, text=text, desk=desk)
    if scenario.name != slug:
        problems = (("name", f"must be {slug}, as the file is called"),)
        return Shelved(slug=slug, scenario=None, problems=problems, text=text, desk=desk)
    assert scenario.version == version_of(text)
    return Shelved(slug=slug, scenario=scenario, text=text, desk=desk)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
