"""Tables of languages across, on the project's one metadata: translations, what a translated reply said first, and
who reads what. A colleague without a row in `person_language` reads the desk's languages.
"""

from typing import Final

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text

from store.db import Instant
from store.tables import BigId, metadata

translation: Final = Table(
    "translation",
    metadata,
    Column("message_id", BigId, ForeignKey("message.id"), primary_key=True),
    Column("language", Text, primary_key=True),  # into which
    Column("source", Text, nullable=False),  # from which
    Column("state", Text, nullable=False),  # waiting, done, failed
    Column("text", Text, nullable=False, server_default=""),
    Column("made_by", Text, nullable=False, server_default=""),  # the model, and the prompt's version
    Column("why", Text),  # it failed
    Column("at", Instant, nullable=False),
    Index("translation_at", "at"),
)

reply_original: Final = Table(
    "reply_original",
    metadata,
    Column("message_id", BigId, ForeignKey("message.id"), primary_key=True),
    Column("language", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("into", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

person_language: Final = Table(
    "person_language",
    metadata,
    Column("person_id", BigId, ForeignKey("person.id"), primary_key=True),
    Column("language", Text, primary_key=True),
    Column("place", Integer, nullable=False),
)
