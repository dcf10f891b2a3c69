"""Two clients with everything they own, and private links to what is theirs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from console.attachments import keep
from console.progress_address import progress_path
from handoff import directory, messages, progress_links, shared_documents, sites
from handoff.kinds import ChatKind, Level, Tier
from handoff.model import Client, Message, Ticket
from handoff.progress_links import Link, Scope
from handoff.shared_documents import Document
from handoff.site_rules import read_site
from tests.unit.console.world import World

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 32


@dataclass(frozen=True)
class Owned:
    """One client's belongings: a ticket with a picture, in a group; a document; a site; a link to all of it."""

    client: Client
    ticket: Ticket
    said: Message
    document: Document
    link: Link
    path: str

    @property
    def picture(self) -> str:
        return self.said.attachments[0].id


async def link(world: World, client: Client, *, scope: Scope = Scope.ALL, days: int = 30, **facts: Any) -> Link:
    """A private link of this client's."""
    now, by = world.clock(), facts.pop("by", world.people["tom"].id)
    return await world.write(
        lambda conn: progress_links.make(
            conn, client_id=client.id, scope=scope, expires_at=now + timedelta(days=days), by=by, now=now, **facts
        )
    )


def path_of(world: World, made: Link) -> str:
    """Where it leads."""
    return progress_path(made, secret=world.deps.secret)


async def ticket_of(
    world: World, client: Client, *, title: str, kind: ChatKind = ChatKind.GROUP, name: str = "王"
) -> tuple[Ticket, Message]:
    """A client writes, with a picture, and it becomes a ticket."""
    now = world.deps.clock()
    files = keep(world.deps.files, [("screen.png", PNG)])
    key = f"{client.slug}-{title}"

    def body(conn: Connection) -> tuple[Ticket, Message]:
        chat = directory.ensure_chat(conn, platform="web", external_id=key, kind=kind, client_id=client.id, now=now)
        talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
        who = directory.ensure_person(conn, platform="web", external_id=key, name=name, client_id=client.id, now=now)
        said = messages.accept(
            conn, conversation=talk, person=who, external_id=key, text=f"{title}: please help", attachments=files,
            at=now, now=now,
        )  # fmt: skip
        assert said is not None
        made = world.deps.desk.open(
            conn, conversation_id=talk.id, client_id=client.id, requester_id=who.id, level=Level.BUG, title=title,
            summary="a summary for staff", reason="not_in_manual", since=now, now=now,
        )  # fmt: skip
        messages.join_ticket(conn, [said.id], made.id)
        return made, messages.message(conn, said.id)

    return await world.write(body)


async def owned(world: World, slug: str, name: str, *, tier: Tier = Tier.GOLD) -> Owned:
    """A client with everything."""
    now, by = world.deps.clock(), world.people["tom"].id

    def client(conn: Connection) -> Client:
        found = directory.client_by_slug(conn, slug)
        return found or directory.add_client(conn, slug=slug, name=name, tier=tier, now=now)

    whose = await world.write(client)
    ticket, said = await ticket_of(world, whose, title=f"{name} form is broken")
    [file] = keep(world.deps.files, [(f"{slug} handbook.pdf", b"%PDF-1.7 " + slug.encode())], any_type=True)
    document = await world.write(
        lambda conn: shared_documents.share(conn, client_id=whose.id, file=file, note=f"{name} note", by=by, now=now)
    )
    draft = read_site({"name": f"{name} shop", "address": f"https://{slug}.example.com", "domain_on": "2026-11-25"})
    await world.write(lambda conn: sites.add(conn, client_id=whose.id, draft=draft, by=by, now=now))
    made = await link(world, whose)
    return Owned(client=whose, ticket=ticket, said=said, document=document, link=made, path=path_of(world, made))
