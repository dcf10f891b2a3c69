"""Reading a document's fields: each is what it must be, or a PolicyError names it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from handoff.errors import PolicyError

FIRST_YEAR, LAST_YEAR = 1970, 2100


def mapping(value: object, where: str) -> Mapping[str, object]:
    """A mapping."""
    if not isinstance(value, Mapping):
        raise PolicyError(where, "must be a mapping")
    return value


def sequence(value: object, where: str) -> Sequence[object]:
    """A list."""
    if not isinstance(value, list | tuple):
        raise PolicyError(where, "must be a list")
    return value


def natural(value: object, where: str) -> int:
    """A whole number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise PolicyError(where, f"{value!r} is not a whole number of at least 0")
    return value


def positive(value: object, where: str) -> int:
    """A whole number of at least 1."""
    if natural(value, where) == 0:
        raise PolicyError(where, "must be more than 0")
    return natural(value, where)


def known(rows: Mapping[str, object], names: Iterable[str], where: str) -> None:
    """Refuse keys that are none of `names`."""
    unknown = sorted({str(name) for name in rows} - {str(name) for name in names})
    if unknown:
        raise PolicyError(f"{where}.{unknown[0]}", "is not known")


def day(value: object, where: str) -> date:
    """A date from 1970 to 2100, as such or as "2027-01-31"."""
    try:
        read = value if isinstance(value, date) else date.fromisoformat(str(value).strip())
    except ValueError as error:
        raise PolicyError(where, f"{value!r} is no date") from error
    if not FIRST_YEAR <= read.year <= LAST_YEAR:
        raise PolicyError(where, f"{read} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return read


def period(first: object, last: object, where: str) -> tuple[date, date]:
    """Two dates in their order, both included."""
    begins, ends = day(first, f"{where}.first"), day(last, f"{where}.last")
    if ends < begins:
        raise PolicyError(where, f"{ends} is before {begins}")
    return begins, ends
