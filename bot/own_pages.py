"""The private link to a client's own page, as it is given in a chat. Transaction bodies."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from console.progress_address import progress_url
from console.texts import Texts
from handoff import contacts, directory, progress_links
from handoff.kinds import ChatKind, ChatPurpose, Mode
from handoff.model import Chat
from handoff.progress_links import Link

_MOST = 5


@dataclass(frozen=True, kw_only=True)
class OwnPages:
    """What makes the addresses; without `public_url` the world cannot reach us, and no link is given."""

    public_url: str | None = None
    secret: bytes = b""

    def lines(
        self, conn: Connection, chat: Chat, person_id: int | None, *, language: str, texts: Texts, now: datetime
    ) -> tuple[str, ...]:
        """The link that may be read in this chat, as a sentence.

        A client's group gets the page of the client's groups: everybody there is that client's contact. Somebody alone
        with us gets their own requests, of each client they speak for. A community, a chat of our own people and one
        without a client get none.
        """
        if not self.public_url or chat.purpose is not ChatPurpose.CLIENT or chat.mode is Mode.COMMUNITY:
            return ()
        if chat.kind is ChatKind.GROUP:
            if chat.client_id is None or directory.client(conn, chat.client_id).archived_at is not None:
                return ()
            made = progress_links.for_group(conn, chat.client_id, now=now)
            return (texts.say("chat.status.page", language, url=self._url(made)),)
        return self._own(conn, person_id, language=language, texts=texts, now=now)

    def _own(
        self, conn: Connection, person_id: int | None, *, language: str, texts: Texts, now: datetime
    ) -> tuple[str, ...]:
        if person_id is None:
            return ()
        found = contacts.clients_of(conn, person_id, now=now)[:_MOST]
        urls = [(each.name, self._url(progress_links.for_person(conn, each.id, person_id, now=now))) for each in found]
        if len(urls) == 1:
            return (texts.say("chat.status.own", language, url=urls[0][1]),)
        return tuple(texts.say("chat.status.own_of", language, client=name, url=url) for name, url in urls)

    def _url(self, made: Link) -> str:
        return progress_url(made, public_url=self.public_url or "", secret=self.secret)
