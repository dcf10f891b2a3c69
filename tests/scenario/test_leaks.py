"""Whoever asks, and by whatever door: what is not a client's to read does not come out.

Four kinds of pages are tried: an internal one (which a client's page links to, and is the translation of), one for
another client, one that was withdrawn, and the pictures of each.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import quote

import pytest

from bot.app import open_app
from bot.commands import index
from bot.drafting import Drafting
from bot.llm import Json, Messages, ScriptedModel
from bot.prompts import Prompt
from bot.settings import Settings
from console.rendering import page_link, picture_link
from handoff import board, directory
from handoff.kinds import Tier
from knowledge.embedders import HashingEmbedder
from knowledge.model import Scope
from knowledge.reranking import Reranking
from knowledge.service import Manual
from store.db import Database
from tests.embedders import Away
from tests.house import WORKING_HOURS, House, MovableClock
from tests.unit.knowledge.test_pictures import drawn

PAGES = {
    "zh/refund": (
        "title: 怎么退款\naudience: client\nquestions: [怎么申请退款]",
        "退款在订单页里。\n\n## 步骤\n\n1. 打开「订单」。\n2. 点「申请退款」，[底线](../internal/refund-sop.md)另有规定。\n",
    ),
    "en/refund": (
        "title: Refund floor SECRETTWIN\naudience: internal\nlanguage: en\nquestions: [How do I ask for a refund]",
        "Never below SECRETTWIN percent.\n\n![floor SECRETTWIN](en.png)\n",
    ),
    "internal/refund-sop": (
        "title: 退款底线机密甲\naudience: internal\nquestions: [退款底线是多少]",
        "底线机密甲。\n\n## 底线\n\n最多退机密甲成。\n\n![底线机密甲](sop.png)\n",
    ),
    "zh/acme": (
        "title: 专属折扣机密乙\naudience: client\nclients: [acme]\nquestions: [专属折扣是多少]",
        "折扣机密乙。\n\n## 折扣\n\n每单机密乙折。\n\n![折扣机密乙](acme.png)\n",
    ),
    "zh/old": (
        "title: 旧版接口机密丙\naudience: client\nquestions: [旧版接口怎么接]",
        "旧接口机密丙。\n\n## 接入\n\n密钥是机密丙。\n\n![接口机密丙](old.png)\n",
    ),
}
PICTURES = {"en": "red", "sop": "black", "acme": "blue", "old": "white"}
SECRETS = ("SECRETTWIN", "机密甲", "机密乙", "机密丙")
HIDDEN = ("en/refund", "internal/refund-sop", "zh/acme", "zh/old")
TALKS = (
    ("退款底线是多少", "那最多呢?"),
    ("最多退几成", "底线呢?"),
    ("专属折扣是多少", "每单几折"),
    ("旧版接口怎么接", "那密钥是什么"),
    ("How do I ask for a refund", "and the floor?"),
    ("怎么申请退款", "底线是多少?"),
)


class Eavesdropper:
    """A re-ranker that keeps what it was given to read."""

    name = "eavesdropper"

    def __init__(self) -> None:
        self.read: list[str] = []

    def scores(self, question: str, passages: Sequence[str], *, patience_s: float) -> list[float]:
        del question, patience_s
        self.read += passages
        return [float(len(passage)) for passage in passages]


class Withdrawing:
    """A model during whose work a colleague withdraws the page that it reads."""

    name = "slow"

    def __init__(self) -> None:
        self.manual: Manual | None = None

    async def complete(self, messages: Messages, *, prompt: Prompt, schema: Json) -> Json:
        del messages, prompt, schema
        assert self.manual is not None
        await self.manual.withdraw("zh/refund", by="ada")
        return {"outcome": "answer", "text": "打开「订单」，点「申请退款」[1]。", "level": "question", "reason": "-"}


def write(folder: Path) -> Path:
    for name, (front, body) in PAGES.items():
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        language = "" if "language:" in front else "\nlanguage: zh-Hans"
        path.write_text(f"---\n{front}{language}\n---\n{body}", encoding="utf-8")
    for name, colour in PICTURES.items():
        folders = {"en": "en", "sop": "internal"}
        (folder / folders.get(name, "zh") / f"{name}.png").write_bytes(drawn(colour=colour))
    return folder


@pytest.fixture
def vectors() -> Away:
    return Away()


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel.of()


@pytest.fixture
async def house(tmp_path: Path, vectors: Away, model: ScriptedModel) -> AsyncIterator[House]:
    """The house with one page of each kind; the model reads, and then fails, so that the manual's words are quoted."""
    settings = Settings(data=tmp_path / "data", manual=write(tmp_path / "manual"))
    clock = MovableClock(WORKING_HOURS)
    async with open_app(settings, clock=clock, embedder=vectors, model=model) as app:
        report = await index(app, {}, lambda _: None)
        assert report["published"], report
        add = {"slug": "acme", "name": "Acme", "tier": Tier.GOLD, "now": clock()}
        await app.db.write(lambda conn: directory.add_client(conn, **add))
        yield House(app, clock)


async def door(house: House, slug: str) -> str:
    """The address of a client's chat."""
    found = await house.app.db.read(lambda conn: directory.client_by_slug(conn, slug))
    assert found is not None
    return f"/c/{found.web_key}"


async def hashes(house: House) -> dict[str, str]:
    """The picture of each page that has one."""
    return {page.id: page.pictures[0].hash for page in await house.app.manual.every_page() if page.pictures}


def silent(*told: object) -> None:
    """None of the secrets is in anything that was told."""
    everything = json.dumps(told, ensure_ascii=False, default=str)
    assert not [secret for secret in SECRETS if secret in everything]


async def asked(house: House, path: str) -> str:
    """Everything that is shown in as many chats as there are talks."""

    async def talk(*texts: str) -> list[object]:
        async with house.visitor(path) as visitor:
            for text in texts:
                assert await visitor.say(text), text
            return list(visitor.seen)

    seen = await asyncio.gather(*(talk(*texts) for texts in TALKS))
    images = [image for shown in seen for message in shown for image in message["images"]]  # type: ignore[index]
    assert images == [], "no page that this client may read has a picture"
    return json.dumps(seen, ensure_ascii=False)


@pytest.mark.parametrize("away", [False, True], ids=["searched", "by-words-alone"])
async def test_a_client_asks_for_everything(house: House, vectors: Away, model: ScriptedModel, *, away: bool) -> None:
    """By question, in other words, as a follow-up, in the other language: nothing is told, drafted, shown to a model."""
    await house.app.manual.withdraw("zh/old", by="ada")
    vectors.away = away
    async with house.visitor(await door(house, "demo")) as visitor:
        (answer, *_) = await visitor.say("怎么申请退款")
        assert "点「申请退款」" in answer["html"], "the client's own page is answered from"
        assert "href" not in answer["html"].split("底线")[1].split("规定")[0], "its link to an internal page is no link"
    silent(answer, await asked(house, await door(house, "demo")))
    silent([message["content"] for messages in model.asked for message in messages])
    if not away:
        assert model.asked, "the model was asked"
    drafting = Drafting(db=house.app.db, manual=house.app.manual, texts=house.app.texts)
    rows = await house.app.db.read(lambda conn: board.queue(conn, view="open", viewer_id=0, now=house.clock()))
    silent([await drafting.draft(row.ticket) for row in rows])
    kept = {path.name for path in (house.app.settings.data / "files").iterdir()}
    assert not [name for digest in (await hashes(house)).values() for name in kept if digest[:40] in name]


@pytest.mark.parametrize("away", [False, True], ids=["searched", "by-words-alone"])
async def test_whose_page_it_is_gets_it(house: House, vectors: Away, *, away: bool) -> None:
    """The client that a page is for is answered from it, with a link that opens for it, and its picture."""
    vectors.away = away
    async with house.visitor(await door(house, "acme")) as visitor:
        answer, shown = await visitor.say("专属折扣是多少")
        assert "机密乙" in answer["html"]
        assert (await visitor.http.get(answer["sources"][0]["url"])).status_code == 200
        assert (await visitor.http.get(shown["images"][0]["url"])).status_code == 200
    async with house.visitor(await door(house, "demo")) as other:
        own = f"{other.api}/files/{shown['images'][0]['url'].rsplit('/', maxsplit=1)[-1]}"
        assert (await other.http.get(own)).status_code == 404


async def test_no_address_opens_it(house: House) -> None:
    """Signed links of ours, links of others, links that were right once; the desk's pages without a session."""
    secret, pictures = house.app.secret, await hashes(house)
    once_right = [page_link("zh/old", secret=secret), picture_link("zh/old", pictures["zh/old"], secret=secret)]
    async with house.visitor() as visitor:
        for address in once_right:
            assert (await visitor.http.get(address)).status_code == 200
        await house.app.manual.withdraw("zh/old", by="ada")
        closed = [*once_right, page_link("zh/old", client="demo", secret=secret)]
        for page in HIDDEN:
            for client in (None, "demo", "acme" if page != "zh/acme" else "other"):
                closed.append(page_link(page, client=client, secret=secret))
                closed += [
                    picture_link(shown, pictures[page], client=client, secret=secret) for shown in (page, "zh/refund")
                ]
        acme = page_link("zh/acme", client="acme", secret=secret)
        closed += [acme.replace("c=acme", "c=demo"), acme.replace("zh/acme", "zh/old"), acme.replace("c=acme&", "")]
        closed += [f"/desk/manual/{quote(page)}" for page in HIDDEN]
        closed += [f"/desk/manual/_edit?file={quote(page)}.md" for page in HIDDEN]
        closed += ["/desk/manual", "/desk/manual/_versions", "/desk/manual/_golden", "/desk/manual/_log"]
        closed += ["/desk/manual-review/document", "/desk/manual-review/document.md", "/desk/gaps", "/desk/recall"]
        answers = [await visitor.http.get(address) for address in closed]
        assert {answer.status_code for answer in answers} <= {303, 404, 410}
        silent([answer.text for answer in answers])
        open_to_all = await visitor.http.get(page_link("zh/refund", secret=secret))
        assert open_to_all.status_code == 200
        silent(open_to_all.text)
        assert "refund-sop" not in open_to_all.text


async def test_a_page_that_is_withdrawn_while_the_model_writes(tmp_path: Path, vectors: Away) -> None:
    """What the model made of it is not said; the matter goes to people."""
    settings, clock, model = Settings(data=tmp_path / "data", manual=write(tmp_path / "manual")), MovableClock(WORKING_HOURS), Withdrawing()  # fmt: skip
    async with open_app(settings, clock=clock, embedder=vectors, model=model) as app:
        await index(app, {}, lambda _: None)
        model.manual, house = app.manual, House(app, clock)
        async with house.visitor() as visitor:
            told = await visitor.say("怎么申请退款")
        assert told
        assert "申请退款」" not in json.dumps(told, ensure_ascii=False)
        assert not [source for message in told for source in message["sources"]]


async def test_a_reranker_reads_only_what_the_client_may(tmp_path: Path) -> None:
    """It may be somebody else's server: internal, limited and withdrawn pages are not sent there."""
    db = await Database.open(f"sqlite:///{tmp_path / 'a.db'}")
    reader = Eavesdropper()
    reranking = Reranking(reader, patience_s=10)
    clock = MovableClock(WORKING_HOURS)
    manual = await Manual.open(db, tmp_path / "index", embedder=HashingEmbedder(), clock=clock, reranking=reranking)
    try:
        await manual.index(write(tmp_path / "manual"), by="ada")
        await manual.withdraw("zh/old", by="ada")
        reader.read.clear()
        for text in (text for texts in TALKS for text in texts):
            silent(await manual.search(text, scope=Scope(client="demo")))
        assert reader.read
        silent(reader.read)
    finally:
        await manual.close()
        await db.close()
        await asyncio.to_thread(reranking.close)


async def test_staff_see_them_all(house: House) -> None:
    """The doors above are shut, not walled up: with a session the desk shows each page."""
    async with await house.desk(await house.agent()) as browser:
        for page, secret in zip(HIDDEN, SECRETS, strict=True):
            assert secret in (await browser.get(f"/desk/manual/{quote(page)}")).text
