"""A client's trainings with what to read, as its private page lists them."""

from dataclasses import dataclass

from sqlalchemy import Connection

from console.pages import Pages
from console.rendering import page_link
from handoff.progress_links import Held, Scope
from knowledge.errors import KnowledgeError
from knowledge.model import Audience
from success.training import sessions
from success.training.rules import TrainingState
from success.training.sessions import Training

MOST = 12


@dataclass(frozen=True, kw_only=True)
class Material:
    """A page to read: where it is opened, and its video, if it has one."""

    title: str
    address: str
    video: str | None


def of_holder(conn: Connection, held: Held) -> tuple[Training, ...]:
    """The trainings that the holder of a private link was invited to; of the whole client, whoever sees all of it."""
    found = sessions.listed(conn, client_id=held.client.id, limit=MOST)
    told = [each for each in found if each.invited_at is not None and each.state is not TrainingState.CANCELLED]
    if held.link.scope is not Scope.OWN:
        return tuple(told)
    who = held.link.person_id
    return tuple(each for each in told if who in {seat.person_id for seat in sessions.of_training(conn, each)})


async def material(pages: Pages, found: tuple[Training, ...]) -> dict[int, list[Material]]:
    """What there is to read for each training: pages that are there, for clients, and not withdrawn."""
    manual = pages.deps.manual
    try:
        shown = {
            each.id: each for each in await manual.pages() if each.audience is Audience.CLIENT and not each.clients
        }
    except KnowledgeError:
        return {}
    return {
        training.id: [
            Material(
                title=page.title, address=page.url or page_link(page.id, secret=pages.deps.secret), video=page.video
            )
            for each in training.pages
            if (page := shown.get(each)) is not None
        ]
        for training in found
    }
