"""Forms as they are kept: the one that came with the program, those that an admin wrote; of each key one is in force.

Transaction bodies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select

from store.db import insert_into
from success.intake.errors import FormBroken, Problem
from success.intake.form_model import Form
from success.intake.form_reading import read, version_of
from success.intake.tables import form as forms

WEBSITE: Final = "website"
MOST_FORMS: Final = 20
_HERE: Final = Path(__file__).parent / "forms"


@dataclass(frozen=True, kw_only=True)
class KeptForm:
    """A form as it was written; the one of its key that was published last is asked from then on."""

    version: str
    key: str
    source: str
    by_id: int | None
    published_at: datetime


@cache
def shipped() -> str:
    """The form that comes with the program, as it is written."""
    return (_HERE / f"{WEBSITE}.yaml").read_text("utf-8")


@lru_cache(maxsize=64)
def parsed(source: str) -> Form:
    """The form of a text that was read before."""
    return read(source)


def in_force(conn: Connection, key: str = WEBSITE) -> Form:
    """The form of that key that a new interview goes by; where there is none, the one that came with the program."""
    return parsed(source_in_force(conn, key))


def source_in_force(conn: Connection, key: str = WEBSITE) -> str:
    """The same as it is written."""
    published = (forms.c.key == key) & (forms.c.published_at > _LONG_AGO)  # else kept as a former program's own
    query = select(forms.c.source).where(published).order_by(forms.c.published_at.desc()).limit(1)
    return conn.execute(query).scalar_one_or_none() or shipped()


def offered(conn: Connection) -> tuple[Form, ...]:
    """The forms that may be offered, that for a website first: the newest of each key, but for those put aside."""
    keys = conn.execute(select(forms.c.key).distinct().order_by(forms.c.key)).scalars().all()
    found = (in_force(conn, key) for key in (WEBSITE, *(key for key in keys if key != WEBSITE)))
    return tuple(each for each in found if not each.aside)


def of_version(conn: Connection, version: str) -> Form:
    """The form that an interview was begun with, whatever is asked by now."""
    source = conn.execute(select(forms.c.source).where(forms.c.version == version)).scalar_one_or_none()
    return parsed(source if source is not None else shipped())


def keep(conn: Connection, form: Form, *, now: datetime) -> None:
    """Keep the text of a form that an interview begins with; what came with the program is kept as well."""
    if form.version == version_of(shipped()):
        row = {"version": form.version, "key": form.key, "source": shipped(), "at": now, "published_at": _LONG_AGO}
        conn.execute(insert_into(conn, forms).values(row).on_conflict_do_nothing(index_elements=["version"]))


def publish(conn: Connection, source: str, *, by: int, now: datetime) -> Form:
    """Put a form in force for those who begin from now on. Raises FormBroken."""
    form = read(source)
    known = select(func.count(forms.c.key.distinct())).where(forms.c.key.not_in([form.key, WEBSITE]))
    if form.key != WEBSITE and conn.execute(known).scalar_one() >= MOST_FORMS:
        why = f"would be one form more than {MOST_FORMS}; take the key of one that is put aside"
        raise FormBroken((Problem(line=1, where="form", why=why),))
    row = {"version": form.version, "key": form.key, "source": source, "at": now, "by_id": by, "published_at": now}
    again = {"by_id": by, "published_at": now}
    made = insert_into(conn, forms).values(row)
    conn.execute(made.on_conflict_do_update(index_elements=["version"], set_=again))
    return form


def listed(conn: Connection, *, limit: int = 50) -> Sequence[KeptForm]:
    """The forms that were published, the newest first."""
    query = select(forms).order_by(forms.c.published_at.desc()).limit(limit)
    return [
        KeptForm(version=row.version, key=row.key, source=row.source, by_id=row.by_id, published_at=row.published_at)
        for row in conn.execute(query)
    ]


_LONG_AGO: Final = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
