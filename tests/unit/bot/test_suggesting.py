"""A reply suggested at the console: to what the client asked last, from the manual, or why there is none."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import bot
from bot import prompts
from bot.answering import Writer
from bot.errors import ModelError
from bot.llm import ScriptedModel
from bot.suggesting import Suggesting
from console.ports import SuggestedReply
from handoff import directory, messages
from handoff.model import Ticket
from knowledge.errors import NothingIndexed
from knowledge.model import Search
from tests.unit.bot.passages import passage
from tests.unit.console.world import World, world

__all__ = ["world"]
FILES = prompts.load(Path(bot.__file__).parents[1] / "prompts")
PAGE = passage("## 后台操作\n1. 打开「设置 → 常规」\n2. 保存")


@dataclass
class Found:
    """A manual that finds what a test wants."""

    passages: tuple = (PAGE,)
    enough: bool = True
    fails: bool = False
    asked: list[str] = field(default_factory=list)

    async def search(self, text: str, *, scope, limit: int = 6) -> Search:
        self.asked.append(text)
        if self.fails:
            raise NothingIndexed
        return Search(passages=self.passages, evidence=0.9, enough=self.enough, version=3, language="zh-Hans", ms=1.0)


def suggesting(world: World, texts, manual: Found, model: ScriptedModel | None = None) -> Suggesting:
    writer = Writer(model=model, answer=FILES["answer"], repair=FILES["repair"]) if model else None
    return Suggesting(db=world.deps.db, manual=manual, texts=texts, writer=writer)


async def write_in(world: World, ticket: Ticket, text: str) -> None:
    def body(conn):
        talk = directory.conversation(conn, ticket.conversation_id)
        who, now = directory.person(conn, ticket.requester_id), world.clock()
        said = messages.accept(conn, conversation=talk, person=who, external_id=text, text=text, at=now, now=now)
        messages.join_ticket(conn, [said.id], ticket.id)

    await world.write(body)


async def test_it_answers_what_was_asked_last(world: World, texts) -> None:
    """What the client wrote since a colleague answered; quoted without a model, with what it rests on."""
    manual = Found()
    ticket = await world.ticket(text="没有邮件")
    who = world.people["lin"].id
    await world.write(
        lambda conn: world.deps.desk.reply(conn, ticket_id=ticket.id, by=who, text="好了", now=world.clock())
    )
    for text in ("那首页标题呢", "怎么改"):
        await write_in(world, ticket, text)
    found = await suggesting(world, texts, manual).suggest(ticket)
    assert isinstance(found, SuggestedReply)
    assert manual.asked == ["那首页标题呢\n怎么改"]
    assert "打开「设置 → 常规」" in found.text
    assert (found.made_by, found.model_failed, found.citations[0].page) == ("extract", False, "zh/title")
    assert json.loads(json.dumps(found.grounds))["rests"][0]["page"] == "zh/title"


@pytest.mark.parametrize(
    ("manual", "why"),
    [
        (Found(passages=()), "nothing_found"),
        (Found(enough=False), "nothing_found"),
        (Found(fails=True), "unavailable"),
    ],
)
async def test_without_a_source_there_is_none(world: World, texts, manual: Found, why: str) -> None:
    """Nothing is made up: no passage, too thin a one, no index."""
    assert await suggesting(world, texts, manual).suggest(await world.ticket(text="怎么改标题")) == why


async def test_a_model_writes_declines_and_fails(world: World, texts) -> None:
    """Its draft is named as its own; a refusal is said; where it fails the manual's words stand in, and that is said."""
    ticket = await world.ticket(text="首页标题怎么改")
    written = {"outcome": "answer", "text": "请打开「设置 → 常规」并保存 [1]。", "level": "question", "reason": ""}
    refused = {"outcome": "not_in_manual", "text": "", "level": "question", "reason": "no"}
    by_model = await suggesting(world, texts, Found(), ScriptedModel.of(written)).suggest(ticket)
    assert isinstance(by_model, SuggestedReply)
    assert (by_model.made_by, by_model.text) == ("model", "请打开「设置 → 常规」并保存 [1]。")
    assert await suggesting(world, texts, Found(), ScriptedModel.of(refused)).suggest(ticket) == "declined"
    fallen = await suggesting(world, texts, Found(), ScriptedModel.of(ModelError("timeout"))).suggest(ticket)
    assert isinstance(fallen, SuggestedReply)
    assert (fallen.made_by, fallen.model_failed) == ("extract", True)
    thin = await suggesting(world, texts, Found(enough=False), ScriptedModel.of(ModelError("x"))).suggest(ticket)
    assert thin == "nothing_found"


async def test_what_rests_on_no_readable_page_does_not_hold(world: World, texts) -> None:
    """With no live version of the manual no page is the client's to read."""
    ticket = await world.ticket(text="首页标题怎么改")
    suggester = suggesting(world, texts, Found())
    found = await suggester.suggest(ticket)
    assert isinstance(found, SuggestedReply)
    held = await world.deps.db.read(lambda conn: suggester.holds(conn, found.grounds, ticket_id=ticket.id))
    assert held is False
