"""Scenes of recall: a client was told something, the manual changes, and a colleague puts it right, once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from sqlalchemy import Connection

from bot.app import open_app
from bot.commands import execute
from bot.errors import BotError
from bot.llm import ScriptedModel
from bot.settings import Settings
from handoff import directory, retraction
from handoff.kinds import Mode, Role
from handoff.model import Person
from knowledge.e5 import E5Embedder
from success import corrections
from success.corrections import Correction
from success.recall_errors import Rewritten
from tests.house import WORKING_HOURS, House, MovableClock, Visitor
from tests.unit.console.world import field

PRICES = "维护套餐按月付费，含巡检与备份。\n\n## 费用\n\n1. 维护套餐每月 300 元。\n2. 可随时取消，不收违约金。\n3. 发票在付款后 3 个工作日内寄出。\n"
ASKED = "维护套餐每月多少钱?"


class Manual:
    """A small manual in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.page("zh/care/price", "维护套餐的费用", PRICES, ASKED, "维护套餐费用是多少")
        self.page(
            "zh/mail/setup", "企业邮箱怎么设置", "## 步骤\n\n1. 打开邮箱后台。\n2. 新建员工账号。\n", "企业邮箱怎么开通"
        )
        self.page("zh/domain/renew", "域名续费", "## 步骤\n\n1. 登录域名商后台。\n2. 选择续费年限并付款。\n", "域名怎么续费")  # fmt: skip

    def page(self, name: str, title: str, body: str, *questions: str, audience: str = "client", **more: Any) -> None:
        path = self.folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        front = {"title": title, "audience": audience, "language": "zh-Hans", "questions": list(questions)} | more
        path.write_text(f"---\n{yaml.safe_dump(front, allow_unicode=True)}---\n{body}", "utf-8")

    def price(self, words: str, **more: Any) -> None:
        self.page("zh/care/price", "维护套餐的费用", words, ASKED, "维护套餐费用是多少", **more)


class Scene:
    """The house with the small manual, and a colleague who may correct; `first` is the first version."""

    first: int

    def __init__(self, house: House, manual: Manual, lead: Person) -> None:
        self.house, self.manual, self.lead = house, manual, lead

    async def index(self) -> int:
        found = await self.run("index", path=str(self.manual.folder), force=True, reason="test")
        assert found["published"], found
        return int(found["version"])

    async def run(self, command: str, **arguments: Any) -> Any:
        return await execute(self.house.app, command, arguments, lambda _: None)

    async def waiting(self, **arguments: Any) -> list[dict[str, Any]]:
        return list((await self.run("recall", **arguments))["corrections"])

    async def asked(self, visitor: Visitor, text: str = ASKED) -> dict[str, Any]:
        (answer,) = await visitor.say(text)
        assert answer["author"] == "bot", answer
        await self.house.idle()
        return answer

    async def changed(self, visitor: Visitor, old: str = "300", new: str = "380") -> dict[str, Any]:
        """Ask, be answered, and let the price change; what waits then."""
        await self.asked(visitor)
        self.manual.price(PRICES.replace(old, new))
        await self.index()
        (found,) = await self.waiting()
        return found

    async def desk(self, person: Person | None = None) -> httpx.AsyncClient:
        return await self.house.desk(person or self.lead)

    async def said(self, visitor: Visitor) -> list[dict[str, Any]]:
        """What arrived in the chat since the last look."""
        await self.house.idle()
        return await visitor.settled()

    async def one(self, number: int) -> Correction:
        return await self.house.app.db.read(lambda conn: corrections.one(conn, number))


def fields(html: str) -> dict[str, str]:
    """The hidden fields of a correction's form."""
    return {name: field(html, name) for name in ("csrf", "once", "says")}


@pytest.fixture
async def scene(embedder: E5Embedder, tmp_path: Path) -> AsyncIterator[Scene]:
    clock = MovableClock(WORKING_HOURS)
    manual = Manual(tmp_path / "manual")
    settings = Settings(data=tmp_path / "data", manual=manual.folder)
    async with open_app(settings, clock=clock, embedder=embedder) as app:
        house = House(app, clock)
        made = Scene(house, manual, await house.agent("mei", role=Role.SUCCESS))
        made.first = await made.index()
        yield made


async def test_a_price_that_changed_is_corrected_once(scene: Scene) -> None:
    """Asked, answered, the price changes: recall lists it, a colleague sends it, the client sees it once."""
    async with scene.house.visitor() as visitor:
        answer = await scene.asked(visitor)
        assert "300" in answer["html"]
        assert await scene.waiting() == []
        scene.manual.price(PRICES.replace("300", "380"))
        await scene.index()
        (found,) = await scene.waiting()
        assert (found["kind"], found["grade"], found["page"]) == ("changed", "facts", "zh/care/price")
        assert found["changes"] == [{"old": "1. 维护套餐每月 300 元。", "new": "1. 维护套餐每月 380 元。"}]
        assert "11月24日" in found["draft"]
        assert ASKED in found["draft"]
        assert await scene.said(visitor) == [], "nothing is sent by itself"
        await scene.run("recall.send", number=found["number"], by="mei")
        (corrected,) = await scene.said(visitor)
        assert "380" in corrected["html"]
        assert corrected["sources"][0]["url"].startswith("/m/zh/care/price?s=")
        assert await scene.waiting() == []
        with pytest.raises(BotError, match="sent already by Mei"):
            await scene.run("recall.send", number=found["number"], by="mei")
        assert await scene.said(visitor) == []


async def test_the_desk_sends_it(scene: Scene) -> None:
    """On the desk's page both texts stand side by side; what is edited there goes out, once, however often it is sent."""
    async with scene.house.visitor() as visitor:
        found = await scene.changed(visitor)
        browser = await scene.desk()
        html = (await browser.get("/desk/recall")).text
        assert "<del>300</del>" in html
        assert "<ins>380</ins>" in html
        values = fields(html) | {"text": found["draft"].replace("[1]", "") + "\n\n如有疑问请告诉我们。"}
        for _ in range(2):  # the same form twice
            answer = await browser.post(f"/desk/recall/{found['number']}/send", data=values)
            assert answer.status_code == 303, answer.text
        answer = await browser.post(f"/desk/recall/{found['number']}/send", data=values | {"once": "another"})
        assert (answer.status_code, "A colleague was first" in answer.text) == (409, True)
        (corrected,) = await scene.said(visitor)
        assert "如有疑问" in corrected["html"]
        html = (await browser.get("/desk/recall")).text
        assert "delivered" in html
        assert "Everything that clients were told" in html
        await browser.aclose()


async def test_only_those_who_may(scene: Scene) -> None:
    """An agent without the ticket neither reads the page nor sends; a form without its token does nothing."""
    async with scene.house.visitor() as visitor:
        found = await scene.changed(visitor)
        agent = await scene.desk(await scene.house.agent("lin"))
        assert (await agent.get("/desk/recall")).status_code == 403
        queue = (await agent.get("/desk")).text
        values = fields(queue) | {"text": "x", "says": "y", "once": "z"}
        assert (await agent.post(f"/desk/recall/{found['number']}/send", data=values)).status_code == 403
        browser = await scene.desk()
        tokenless = await browser.post(f"/desk/recall/{found['number']}/send", data={"text": "x"})
        assert tokenless.status_code == 403
        assert await scene.said(visitor) == []
        assert (await scene.one(found["number"])).state == "open"


async def test_two_colleagues_at_once(scene: Scene) -> None:
    """Both press in the same moment: one sends, the other hears who was first."""
    tom = await scene.house.agent("tom", role=Role.LEAD)
    async with scene.house.visitor() as visitor:
        found = await scene.changed(visitor)
        tries = (scene.run("recall.send", number=found["number"], by=who) for who in ("mei", tom.login))
        ended = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(isinstance(each, BotError) for each in ended) == [False, True]
        assert len(await scene.said(visitor)) == 1


async def test_a_crash_between_record_and_message(scene: Scene) -> None:
    """What fails before the commit leaves neither a decision nor a message; the next press sends it."""
    app = scene.house.app
    async with scene.house.visitor() as visitor:
        found = await scene.changed(visitor)

        def crash(conn: Connection) -> None:
            corrections.send(
                conn, found["number"], by=scene.lead.id, name="bot", desk=app.desk, now=scene.house.clock()
            )
            raise InterruptedError

        with pytest.raises(InterruptedError):
            await app.db.write(crash)
        assert await scene.said(visitor) == []
        assert (await scene.one(found["number"])).state == "open"
        await scene.run("recall.send", number=found["number"], by="mei")
        assert len(await scene.said(visitor)) == 1


async def test_the_page_changes_again(scene: Scene) -> None:
    """An unsent draft is replaced; after sending, only what would say something else is a new matter."""
    async with scene.house.visitor() as visitor:
        first = await scene.changed(visitor)
        scene.manual.price(PRICES.replace("300", "420"))
        await scene.index()
        (second,) = await scene.waiting()
        assert second["number"] == first["number"]
        assert "420" in second["draft"]
        await scene.run("recall.send", number=second["number"], by="mei")
        scene.manual.price(PRICES.replace("300", "420").replace("可随时取消", "您可随时取消"))
        await scene.index()
        assert await scene.waiting() == [], "the price that was sent still holds"
        scene.manual.price(PRICES.replace("300", "450"))
        await scene.index()
        (third,) = await scene.waiting()
        assert third["number"] != second["number"]
        assert "450" in third["draft"]


async def test_a_rollback_is_a_change_too(scene: Scene) -> None:
    """Rolled back before it is sent, the matter lapses; rolled back after an answer from the new page, that is recalled."""
    async with scene.house.visitor() as visitor:
        found = await scene.changed(visitor)
        await scene.run("rollback")
        assert await scene.waiting() == []
        with pytest.raises(BotError, match="lapsed"):
            await scene.run("recall.send", number=found["number"], by="mei")
        scene.manual.price(PRICES.replace("300", "999"))
        await scene.index()
        await scene.asked(visitor, "维护套餐费用是多少?")
        await scene.run("rollback", version=scene.first)
        (back,) = await scene.waiting()
        assert back["changes"] == [{"old": "1. 维护套餐每月 999 元。", "new": "1. 维护套餐每月 300 元。"}]


async def test_withdrawn_gone_and_internal(scene: Scene) -> None:
    """A page that is withdrawn, deleted or made internal: nothing of it is quoted; given back, the matter lapses."""
    manual = scene.house.app.manual
    async with scene.house.visitor() as visitor:
        await scene.asked(visitor)
        await manual.withdraw("zh/care/price", by="mei")
        (found,) = await scene.waiting()
        assert (found["kind"], found["changes"]) == ("withdrawn", [])
        assert "撤回" in found["draft"]
        await manual.restore("zh/care/price", by="mei")
        assert await scene.waiting() == []
        scene.manual.price(PRICES.replace("300", "111"), audience="internal")
        await scene.index()
        (found,) = await scene.waiting()
        assert (found["kind"], found["changes"]) == ("gone", [])
        assert "111" not in found["draft"]
        (scene.manual.folder / "zh/care/price.md").unlink()
        await scene.index()
        (found,) = await scene.waiting()
        assert found["kind"] == "gone"
        await scene.run("recall.dismiss", number=found["number"], by="mei", reason="told by phone")
        assert await scene.waiting() == []


async def test_moved_and_reworded(scene: Scene) -> None:
    """Text under another heading is no matter; other words for the same are shown only if asked for."""
    async with scene.house.visitor() as visitor:
        await scene.asked(visitor)
        scene.manual.price(PRICES.replace("## 费用", "## 每月收费"))
        await scene.index()
        assert await scene.waiting(all=True) == []
        scene.manual.price(PRICES.replace("可随时取消", "您可以随时取消"))
        await scene.index()
        assert await scene.waiting() == []
        (found,) = await scene.waiting(all=True)
        assert found["grade"] == "wording"


async def test_old_words_outlive_their_version(scene: Scene) -> None:
    """Many versions later the words that the answer rested on are still known."""
    async with scene.house.visitor() as visitor:
        await scene.asked(visitor)
        for price in range(401, 407):
            scene.manual.price(PRICES.replace("300", str(price)))
            await scene.index()
        (found,) = await scene.waiting()
        assert found["changes"] == [{"old": "1. 维护套餐每月 300 元。", "new": "1. 维护套餐每月 406 元。"}]


async def test_one_correction_for_several_answers(scene: Scene) -> None:
    """Somebody who asked twice is corrected once."""
    async with scene.house.visitor() as visitor:
        await scene.asked(visitor)
        await scene.asked(visitor, "维护套餐费用是多少?")
        scene.manual.price(PRICES.replace("300", "380"))
        await scene.index()
        (found,) = await scene.waiting()
        assert found["answers"] == 2
        await scene.run("recall.send", number=found["number"], by="mei")
        assert len(await scene.said(visitor)) == 1
        assert await scene.waiting() == []


async def test_a_chat_that_is_off(scene: Scene) -> None:
    """What cannot be said there is listed with the reason, and not sent."""
    app = scene.house.app
    async with scene.house.visitor() as visitor:
        found = await scene.changed(visitor)
        chat_id = (await scene.one(found["number"])).chat_id
        await app.db.write(lambda conn: directory.set_mode(conn, chat_id, Mode.OFF))
        ((listed),) = await scene.waiting()
        assert listed["barrier"] == "off"
        with pytest.raises(BotError, match="switched off"):
            await scene.run("recall.send", number=found["number"], by="mei")
        assert await scene.said(visitor) == []


async def test_whoever_has_the_ticket_sends_it(scene: Scene) -> None:
    """With a claimed ticket in the conversation its agent is told, finds the correction there, and sends it as a reply."""
    lin = await scene.house.agent("lin")
    async with scene.house.visitor() as visitor:
        await scene.asked(visitor)
        await visitor.say("转人工")
        ticket = await scene.house.open_ticket()
        await scene.house.act("claim", ticket_id=ticket.id, by=lin.id)
        await scene.said(visitor)
        scene.manual.price(PRICES.replace("300", "380"))
        await scene.index()
        (found,) = await scene.waiting()
        assert found["ticket"] == {"number": ticket.number, "assignee": "Lin"}
        with pytest.raises(BotError, match="is with Lin"):
            await scene.run("recall.send", number=found["number"], by="mei")
        browser = await scene.desk(lin)
        assert "a correction is suggested" in (await browser.get("/desk/notices")).text
        html = (await browser.get(f"/desk/t/{ticket.number}")).text
        assert "Suggested correction" in html
        values = fields(html) | {"text": found["draft"], "back": f"/desk/t/{ticket.number}"}
        answer = await browser.post(f"/desk/recall/{found['number']}/send", data=values)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/t/{ticket.number}")
        (corrected,) = await scene.said(visitor)
        assert (corrected["author"], corrected["name"]) == ("staff", "Lin")
        assert "Suggested correction" not in (await browser.get(f"/desk/t/{ticket.number}")).text


@pytest.mark.parametrize(
    ("written", "used"),
    [("维护套餐现在每月 380 元 [1]。", True), ("维护套餐现在每月 390 元 [1]。", False)],
    ids=["true", "invented"],
)
async def test_a_model_writes_only_what_the_manual_says(
    embedder: E5Embedder, tmp_path: Path, written: str, used: bool
) -> None:
    """With a model the draft says in its words what holds now; a figure that is not in the manual is not offered."""
    clock, manual = MovableClock(WORKING_HOURS), Manual(tmp_path / "manual")
    answer = {"outcome": "answer", "text": "维护套餐每月 300 元 [1]。", "level": "question", "reason": "stated"}
    model = ScriptedModel.of(answer, {"text": written})
    settings = Settings(data=tmp_path / "data", manual=manual.folder)
    async with open_app(settings, clock=clock, embedder=embedder, model=model) as app:
        house = House(app, clock)
        scene = Scene(house, manual, await house.agent("mei", role=Role.SUCCESS))
        await scene.index()
        async with house.visitor() as visitor:
            await scene.changed(visitor)
            await house.idle()
            (found,) = await scene.waiting()
        assert (found["drafted_by"], written in found["draft"]) == (("model", True) if used else ("extract", False))
        assert "很抱歉" in found["draft"]
        assert len(model.asked) == 2


async def test_what_is_withdrawn_before_it_is_sent_is_not_sent(scene: Scene) -> None:
    """Also in the moment between the last look and the press; the desk looks once more and shows what holds now."""
    async with scene.house.visitor() as visitor:
        found = await scene.changed(visitor)
        known = await scene.one(found["number"])
        await scene.house.app.manual.withdraw("zh/care/price", by="ada")
        with pytest.raises(Rewritten):
            await scene.house.app.db.write(
                lambda conn: corrections.send(
                    conn,
                    known.number,
                    by=scene.lead.id,
                    name="小助手",
                    desk=scene.house.app.desk,
                    now=scene.house.clock(),
                )
            )
        async with await scene.desk() as browser:
            html = (await browser.get("/desk/recall")).text
            sent = {**fields(html), "says": known.says, "text": known.draft}
            refused = await browser.post(f"/desk/recall/{known.number}/send", data=sent)
        assert refused.status_code == 409
        assert "380" not in (await scene.one(known.number)).draft
        assert await scene.said(visitor) == []


async def test_a_correction_from_a_limited_page_has_a_link_that_opens(scene: Scene) -> None:
    """It is made for the client that it is sent to."""
    async with scene.house.visitor() as visitor:
        await scene.asked(visitor)
        scene.manual.price(PRICES.replace("300", "380"), clients=["demo"])
        await scene.index()
        (found,) = await scene.waiting()
        await scene.run("recall.send", number=found["number"], by="mei")
        (corrected,) = await scene.said(visitor)
        assert (await visitor.http.get(corrected["sources"][0]["url"])).status_code == 200


async def test_an_answer_that_was_taken_back_is_not_corrected(scene: Scene) -> None:
    """Its correction lapses though the manual did not change since, as a colleague's answer counts."""
    async with scene.house.visitor() as visitor:
        await scene.changed(visitor)
        await visitor.say("转人工")
        ticket = await scene.house.open_ticket()
        answer = next(m for m in visitor.seen if m["author"] == "bot" and "300" in m["html"])
        now, by = scene.house.clock(), scene.lead.id
        await scene.house.app.db.write(
            lambda conn: retraction.retract(conn, ticket_id=ticket.id, message_id=answer["id"], by=by, now=now)
        )
        assert await scene.waiting() == []
