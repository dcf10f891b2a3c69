"""Languages across at the desk: the translation first and the original below it; a reply looked at before it goes."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.errors import ModelError
from bot.llm import Json, ScriptedModel
from bot.meters import Meters
from bot.translating import ModelTranslator, Translating
from console.app import create
from console.ports import Translated
from handoff import board, messages
from handoff.model import Message, Ticket
from store import rates
from store.worker import Worker
from success import across
from tests.unit.bot.test_translating import PROMPT
from tests.unit.console.world import World, opened_world, submit

JAPANESE = "T-7 のフォームが動きません <b>助けて</b>"
CHINESE = "T-7 的表单不工作 <b>帮帮我</b>"


@dataclass
class Room:
    """A desk with a model that says what it was told to say."""

    world: World
    model: ScriptedModel
    worker: Worker
    said: list[Message] = field(default_factory=list)

    async def ticket(self, text: str = JAPANESE, *, title: str = "form") -> Ticket:
        """A client writes, and it is translated."""
        made = await self.world.ticket(text=text, title=title)
        first = (await self.world.said(made))[0]
        await self.world.write(lambda conn: across.heard(conn, first, now=self.world.clock()))
        await self.worker.drain()
        return made


@dataclass
class Broken:
    """A translator with a fault, until it is mended."""

    said: str | None = None
    name: str = "broken"

    async def translate(self, text: str, *, source: str | None, into: str) -> Translated:
        del text, source, into
        if self.said is None:
            raise RuntimeError("no")
        return Translated(text=self.said, made_by=self.name)


def broken(world: World) -> tuple[Room, Broken]:
    """A desk whose translator has a fault, and a worker that tells of what it gave up."""
    room, translator = furnished(world), Broken()
    deps = replace(room.world.deps, translator=translator)
    translating = Translating(deps.db, translator=translator, clock=world.clock)  # type: ignore[arg-type]
    worker = Worker(deps.db, clock=world.clock, owner="test", on_dead=translating.dead)
    translating.register(worker)
    return Room(replace(world, deps=deps, app=create(deps)), room.model, worker), translator


async def given_up(room: Room) -> None:
    """Work until nothing is tried any more."""
    for _ in range(12):
        room.world.clock.advance(timedelta(minutes=6))
        with capture_logs():
            await room.worker.drain()


def furnished(world: World, *lines: Json | ModelError, model: bool = True) -> Room:
    script = ScriptedModel.of(*lines)
    translator = ModelTranslator(model=script, prompt=PROMPT, meters=Meters()) if model else None
    deps = replace(world.deps, translator=translator)
    worker = Worker(world.deps.db, clock=world.clock, owner="test")
    Translating(world.deps.db, translator=translator, clock=world.clock).register(worker)
    return Room(replace(world, deps=deps, app=create(deps)), script, worker)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


async def test_the_translation_stands_first_and_the_original_below(world: World) -> None:
    """In a disclosure that needs no script; what is in either is only text."""
    room = furnished(world, {"text": CHINESE})
    ticket = await room.ticket()
    async with await room.world.signed_in("lin") as browser:
        page = (await browser.get(f"/desk/t/{ticket.number}")).text
    shown = page.split('id="lines"')[1]
    assert shown.index("T-7 的表单不工作 &lt;b&gt;") < shown.index("<details") < shown.index("のフォームが動きません")
    assert "<b>助けて</b>" not in page
    assert "Translated from Japanese" in page


async def test_one_that_lost_something_is_not_shown(world: World) -> None:
    """The original stands there, and why."""
    room = furnished(world, {"text": "表单不工作"}, {"text": "表单不工作"})
    ticket = await room.ticket()
    async with await room.world.signed_in("lin") as browser:
        page = (await browser.get(f"/desk/t/{ticket.number}")).text
    assert "のフォームが動きません" in page
    assert "was not taken; this is the original" in page


async def test_one_that_was_given_up_is_said_and_can_be_tried_again(world: World) -> None:
    """It is not being translated for ever; pressed twice it is tried once, and what comes stands there."""
    room, translator = broken(world)
    with capture_logs():
        ticket = await room.ticket()
    here = f"/desk/t/{ticket.number}"
    async with await room.world.signed_in("lin") as browser:
        assert "Being translated" in (await browser.get(here)).text
    await given_up(room)
    async with await room.world.signed_in("lin") as browser:
        page = (await browser.get(here)).text
        assert "Being translated" not in page
        assert "could not be translated because of a fault" in page
        translator.said = CHINESE
        which = value(page.split("/translate-again")[1], "message")
        for _ in range(2):
            answer = await submit(browser, here, f"{here}/translate-again", message=which, into="zh-Hans")
            assert answer.status_code == 303
        assert "Being translated" in (await browser.get(here)).text
        assert await room.worker.drain() == 1
        assert "T-7 的表单不工作" in (await browser.get(here)).text


async def test_what_is_not_tried_again(world: World) -> None:
    """One that is too long, one of another ticket, one that never failed, too many in an hour."""
    room, _ = broken(world)
    with capture_logs():
        ticket, other = await room.ticket(), await room.ticket(title="other")
        long = await room.ticket("長いです" * 1200, title="long")
    await given_up(room)
    first, second, third = [(await room.world.said(each))[0].id for each in (ticket, other, long)]

    async def asked(message_id: int, into: str = "zh-Hans", talk: int = ticket.conversation_id) -> bool:
        again = partial(across.again, message_id=message_id, into=into, conversation_id=talk, now=world.clock())
        return await room.world.write(again)

    assert not await asked(second)
    assert not await asked(first, "en")
    assert not await asked(third, talk=long.conversation_id)
    assert await asked(first)
    assert not await asked(first), "it waits already"
    async with await room.world.signed_in("lin") as browser:
        here = f"/desk/t/{long.number}"
        page = (await browser.get(here)).text
        assert "Too long to be translated" in page
        assert "/translate-again" not in page
        answer = await submit(browser, here, f"{here}/translate-again", message="x", into="zh-Hans")
        assert answer.status_code == 404
    for _ in range(across.MOST):
        await room.world.write(
            lambda conn: rates.take(
                conn, f"translate:{other.conversation_id}", per=across.PER, limit=across.MOST, now=world.clock()
            )
        )
    assert not await asked(second, talk=other.conversation_id)
    kept = await room.world.deps.db.read(lambda conn: across.of_messages(conn, [second], "zh-Hans"))
    assert (kept[second].state, kept[second].why) == ("failed", "many")


async def test_without_a_model_it_is_said(world: World) -> None:
    """On the ticket and in one's own account; nothing is offered."""
    room = furnished(world, model=False)
    ticket = await room.ticket()
    async with await room.world.signed_in("lin") as browser:
        page = (await browser.get(f"/desk/t/{ticket.number}")).text
        assert "No model is set up" in page
        assert "/translate" not in page
        assert "No model is set up" in (await browser.get("/desk/account")).text


async def test_who_reads_it_needs_no_translation(world: World) -> None:
    """A colleague who says so gets the original; the others the translation."""
    room = furnished(world, {"text": CHINESE})
    ticket = await room.ticket()
    async with await room.world.signed_in("lin") as browser:
        answer = await submit(browser, "/desk/account", "/desk/account/languages", first="ja", also="xx")
        assert answer.status_code == 303
        page = (await browser.get(f"/desk/t/{ticket.number}")).text
    assert "的表单不工作" not in page
    assert await room.world.deps.db.read(lambda conn: across.reads(conn, world.people["lin"].id)) == ("ja",)
    assert await room.world.deps.db.read(lambda conn: across.reads(conn, world.people["tom"].id)) == ("zh-Hans", "en")


async def test_a_reply_is_read_before_it_goes(world: World) -> None:
    """The draft is shown and may be changed; what goes out says that it is a translation, and of what; once."""
    room = furnished(world, {"text": CHINESE}, {"text": "下書き https://a.example/1"})
    ticket = await room.ticket()
    async with await room.world.signed_in("lin") as browser:
        here = f"/desk/t/{ticket.number}"
        await submit(browser, here, f"{here}/claim")
        looked = await submit(browser, here, f"{here}/translate", text="草稿 https://a.example/1")
        assert "下書き https://a.example/1" in looked.text
        assert len(await sent(room, ticket)) == 0, "nothing goes out by looking"
        fields = {name: value(looked.text, name) for name in ("csrf", "once", "seen", "into")}
        fields |= {"text": "直した訳 https://a.example/1", "original": "草稿 https://a.example/1"}
        for _ in range(2):
            answer = await browser.post(f"{here}/translated", data=fields, headers={"Origin": "http://desk.test"})
            assert answer.status_code == 303, answer.text
    said = await sent(room, ticket)
    assert [each.text for each in said] == [
        "直した訳 https://a.example/1\n\n(Translated. Original: 草稿 https://a.example/1)"
    ]
    kept = (await room.world.deps.db.read(lambda conn: across.originals(conn, [said[0].id])))[said[0].id]
    assert (kept.text, kept.into, kept.made_by) == ("草稿 https://a.example/1", "ja", "scripted")


@pytest.mark.parametrize("fields", [{"text": " "}, {"text": "長" * 30_000}, {"original": ""}])
async def test_what_cannot_be_sent_is_kept(world: World, fields: dict[str, str]) -> None:
    """Nothing, no language, too much: said on the page with what was typed."""
    room = furnished(world, {"text": CHINESE})
    ticket = await room.ticket()
    async with await room.world.signed_in("lin") as browser:
        here = f"/desk/t/{ticket.number}"
        typed = {"text": "訳", "original": "原文", "into": "ja"} | fields
        answer = await submit(browser, here, f"{here}/translated", **typed)
    assert answer.status_code == 422
    assert await sent(room, ticket) == []


async def test_a_model_that_fails_leaves_the_draft(world: World) -> None:
    """The page says so, and what was written is there."""
    room = furnished(world, {"text": CHINESE}, ModelError("timeout"))
    ticket = await room.ticket()
    async with await room.world.signed_in("lin") as browser:
        here = f"/desk/t/{ticket.number}"
        looked = await submit(browser, here, f"{here}/translate", text="草稿")
    assert "The model did not answer" in looked.text
    assert "草稿" in looked.text


async def sent(room: Room, ticket: Ticket) -> list[Message]:
    known = await room.world.deps.db.read(lambda conn: board.ticket(conn, ticket.id))
    said = await room.world.deps.db.read(
        lambda conn: messages.transcript(conn, known.conversation_id, audience="client")
    )
    return [each for each in said if each.author == "staff"]


def value(html: str, name: str) -> str:
    return html.split(f'name="{name}" value="')[1].split('"', maxsplit=1)[0]
