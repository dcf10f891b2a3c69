"""How an erasure begins: accounts, addresses, links, powers go at once; which files are theirs. Transaction bodies."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Text, and_, cast, delete, func, literal, or_, select, update

from handoff.contract_tables import authorised_contact
from handoff.kinds import Author, Delivery
from handoff.sharing_tables import progress_link
from handoff.tables import chat, identity, message, person
from store.jobs import cancel
from success import mails
from success.broadcast_tables import broadcast_place
from success.feedback_tables import survey
from success.mail_tables import mail_contact
from success.privacy.ground import Ground
from success.privacy.needles import MARK
from success.privacy.tables import consent_seen, export
from success.rating_tables import rating

TURN: Final = "turn"
"""The queue of turns (`bot.intake`): what the person wrote and nobody has read yet is not answered any more."""


def cut(conn: Connection, found: Ground, *, now: datetime) -> dict[str, Any]:
    """Part the person from their accounts; what their names and accounts were, and what they said of our work."""
    who = found.person_id
    names, addresses = _names(conn, who), _addresses(conn, who)
    accounts = sorted({*_accounts(conn, found), *addresses})
    looked_for = {"accounts": accounts, "names": names, "said": _comments(conn, who)}
    conn.execute(delete(identity).where(identity.c.person_id == who))
    conn.execute(delete(authorised_contact).where(authorised_contact.c.person_id == who))
    conn.execute(delete(consent_seen).where(consent_seen.c.person_id == who))
    unrevoked = (progress_link.c.person_id == who, progress_link.c.revoked_at.is_(None))
    conn.execute(update(progress_link).where(*unrevoked).values(revoked_at=now))
    conn.execute(update(export).where(export.c.person_id == who).values(expires_at=now))
    _silence(conn, found)
    _unwrite(conn, who, addresses)
    for chat_id in found.own_chats:
        nameless = {"external_id": f"erased:{chat_id}", "title": None, "person_id": None}
        conn.execute(update(chat).where(chat.c.id == chat_id).values(nameless))
    parted = {"client_id": None, "active": False, "login": None, "name_kept": True}
    conn.execute(update(person).where(person.c.id == who).values(parted))
    return looked_for


def links_of(conn: Connection, person_id: int) -> int:
    """How many private links were made for somebody."""
    mine = progress_link.c.person_id == person_id
    return conn.execute(select(func.count()).select_from(progress_link).where(mine)).scalar_one()


def theirs(found: Ground) -> Any:
    """The condition of messages that are erased whole: by them, in a chat of theirs alone, or copies of these."""
    by_them = and_(message.c.person_id == found.person_id, message.c.author == Author.CLIENT)
    return or_(by_them, message.c.chat_id.in_(found.own_chats), message.c.id.in_(found.copies))


def files(conn: Connection, found: Ground, *, after: int, limit: int) -> list[tuple[int, tuple[str, ...]]]:
    """The next messages of theirs that have files, with the files' names on the disk."""
    some = (theirs(found), message.c.id > after, cast(message.c.attachments, Text) != "[]")
    query = select(message.c.id, message.c.attachments).where(*some).order_by(message.c.id).limit(limit)
    return [(row.id, tuple(str(each["id"]) for each in row.attachments)) for row in conn.execute(query)]


def _silence(conn: Connection, found: Ground) -> None:
    """Nothing that waits is answered or sent to them any more."""
    unread = (message.c.person_id == found.person_id, message.c.author == Author.CLIENT, message.c.turn_id.is_(None))
    for each in conn.execute(select(message.c.id).where(*unread)).scalars().all():
        cancel(conn, TURN, dedup=f"turn:{each}")
    unsent = (message.c.chat_id.in_(found.own_chats), message.c.delivery.in_((Delivery.QUEUED, Delivery.SENDING)))
    conn.execute(update(message).where(*unsent).values(delivery=None))


def _unwrite(conn: Connection, who: int, addresses: list[str]) -> None:
    """No letter goes to them any more, and of those that went the texts are gone."""
    written_to = or_(mail_contact.c.person_id == who, mail_contact.c.address.in_(addresses))
    conn.execute(delete(mail_contact).where(written_to))
    mails.erase(conn, addresses, mark=MARK)
    place = broadcast_place.c.address.in_(addresses)
    nobody = literal("erased:") + cast(broadcast_place.c.id, Text)  # one reader once in a broadcast
    conn.execute(update(broadcast_place).where(place).values(address=nobody))


def _addresses(conn: Connection, who: int) -> list[str]:
    return list(conn.execute(select(mail_contact.c.address).where(mail_contact.c.person_id == who)).scalars())


def _comments(conn: Connection, who: int) -> list[str]:
    """What they wrote with a rating: it is cleared soon, and colleagues may have repeated it."""
    said = [
        each for table in (rating, survey)
        for each in conn.execute(select(table.c.comment).where(table.c.person_id == who)).scalars()
    ]  # fmt: skip
    return sorted({each for each in said if each})


def _accounts(conn: Connection, found: Ground) -> list[str]:
    accounts = conn.execute(select(identity.c.external_id).where(identity.c.person_id == found.person_id)).scalars()
    chats = conn.execute(select(chat.c.external_id).where(chat.c.id.in_(found.own_chats))).scalars()
    links = conn.execute(select(progress_link.c.nonce).where(progress_link.c.person_id == found.person_id)).scalars()
    return sorted({*accounts, *chats, *links})


def _names(conn: Connection, who: int) -> list[str]:
    now_called = conn.execute(select(person.c.name).where(person.c.id == who)).scalars().all()
    mine = (message.c.person_id == who, message.c.author == Author.CLIENT)
    once_called = conn.execute(select(message.c.name).where(*mine).distinct()).scalars().all()
    return sorted({*now_called, *once_called} - {MARK})
