"""Columns and conditions that the tables of this floor share."""

from typing import Any

from sqlalchemy import Column, ForeignKey, text

from store.db import Instant
from store.tables import BigId


def key() -> Column[int]:
    """The row's own id."""
    return Column("id", BigId, primary_key=True, autoincrement=True)


def ref(name: str, parent: str, *, required: bool = False, primary_key: bool = False) -> Column[int]:
    """The id of a row of another table."""
    return Column(
        name, BigId, ForeignKey(f"{parent}.id"), nullable=not (required or primary_key), primary_key=primary_key
    )


def at() -> Column[object]:
    """When the row came to be."""
    return Column("at", Instant, nullable=False)


def only(condition: str) -> Any:
    """What makes an index partial, on either database."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
