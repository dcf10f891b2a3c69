"""Clients ask without pause through twenty re-indexes, two crashes and a rollback: no answer fails or is mixed."""

import asyncio
import json
import re
import shutil
import signal
import sys
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot import control
from bot.errors import OwnerAwayError
from knowledge.e5 import E5Embedder
from tests.server import Server, until_ok

pytestmark = [pytest.mark.crash, pytest.mark.xdist_group("crash")]

EDITIONS, CLIENTS, KILLED_AT, ROLLED_BACK_AFTER = 20, 4, {7: "embed", 14: "check"}, 10
PAGES = {
    "title": ("首页标题怎么改?", "修改首页标题", "打开外观,点击自定义,在站点标题里输入新标题,然后保存。"),
    "mail": ("邮箱满了怎么清理?", "清理邮箱", "登录网页邮箱,删除大附件,再清空垃圾箱。"),
    "coupon": ("怎么设置优惠券?", "设置优惠券", "打开营销,点击优惠券,填写金额和有效期,然后发布。"),
    "refund": ("How do I refund an order?", "Refund an order", "Open Orders, choose the order and press Refund."),
}  # fmt: skip
MARK = re.compile(r"E(\d\d)E")


def write(manual: Path, edition: int) -> None:
    """Every page says in its summary and in each section which edition it is of."""
    manual.mkdir(exist_ok=True)
    for name, (question, title, steps) in PAGES.items():
        front = f"title: {title}\naudience: client\nquestions: [{json.dumps(question, ensure_ascii=False)}]\n"
        mark = f"E{edition:02d}E"
        body = f"{title} {mark}。{steps}\n\n## {title} {mark}\n\n1. {steps} {mark}\n2. {mark} {title}。\n"
        (manual / f"{name}.md").write_text(f"---\n{front}---\n{body}", "utf-8")
    golden = [{"ask": question, "page": name} for name, (question, _, _) in PAGES.items()]
    (manual / "golden.yaml").write_text(json.dumps(golden, ensure_ascii=False), "utf-8")


@dataclass
class Timeline:
    """Which edition may have been live when: from the order to publish it, until another one surely was."""

    spans: list[list[float]] = field(default_factory=list)

    def maybe(self, edition: int) -> None:
        self.spans.append([edition, time.monotonic(), float("inf")])

    def surely(self, edition: int) -> None:
        now = time.monotonic()
        for span in self.spans:
            if span[0] != edition:
                span[2] = min(span[2], now)

    def had(self, edition: int, *, since: float, until: float) -> bool:
        return any(span[0] == edition and span[1] <= until and span[2] >= since for span in self.spans)


@dataclass(frozen=True)
class Said:
    question: str
    text: str
    asked: float
    answered: float


async def ask(url: str, question: str) -> Said:
    """One visitor's question, sent again until it is accepted, and its answer."""
    async with httpx.AsyncClient(base_url=url, timeout=10, trust_env=False) as http:
        page = await until_ok(lambda: http.get("/"))
        api = re.search(r'data-api="([^"]+)"', page.text)
        assert api
        message = {"id": str(uuid.uuid4()), "text": question}
        asked = time.monotonic()
        await until_ok(lambda: http.post(f"{api[1]}/messages", json=message))
        for _ in range(3000):
            state = (await until_ok(lambda: http.get(f"{api[1]}/messages"))).json()
            if not state["typing"]:
                said = "\n".join(
                    each["html"] + json.dumps(each["sources"], ensure_ascii=False)
                    for each in state["messages"]
                    if not each["mine"]
                )
                return Said(question, said, asked, time.monotonic())
            await asyncio.sleep(0.02)
    raise AssertionError("a message stays unanswered")


async def keep_asking(url: str, first: int, done: asyncio.Event, said: list[Said]) -> None:
    questions = [question for question, _, _ in PAGES.values()]
    while not done.is_set():
        said.append(await ask(url, questions[first % len(questions)]))
        first += 1


async def command(server: Server, name: str, *, kill_at: str | None = None) -> Any:
    """An admin's command, as the command line gives it; the server may be killed at a stage of it."""
    killed: list[str] = []

    def seen(step: Any) -> None:
        if step["stage"] == kill_at and not killed:
            killed.append(step["stage"])
            server.end(signal.SIGKILL)

    try:
        result = await control.ask(server.data, name, {}, seen)
    except OwnerAwayError:
        assert killed == [kill_at]
        await asyncio.to_thread(server.start)
        return await control.ask(server.data, name, {}, lambda _: None)
    if killed:  # its answer was on the way already
        await asyncio.to_thread(server.start)
    return result


async def edit_and_publish(server: Server, manual: Path, timeline: Timeline) -> None:
    edition = 0
    for number in range(1, EDITIONS + 1):
        if number == ROLLED_BACK_AFTER + 1:
            timeline.maybe(edition - 1)
            await command(server, "rollback")
            timeline.surely(edition - 1)
        edition = number
        write(manual, edition)
        timeline.maybe(edition)
        report = await command(server, "index", kill_at=KILLED_AT.get(number))
        assert report["published"] or report["unchanged"], report
        timeline.surely(edition)


@pytest.mark.timeout(600)
async def test_clients_ask_while_the_manual_changes(tmp_path: Path, embedder: E5Embedder, record_property: Any) -> None:
    """Every answer is whole, and from one version that was live between question and answer."""
    data, manual, timeline = tmp_path / "data", tmp_path / "manual", Timeline()
    shutil.copytree(Path(sys.prefix) / "aftercare-test-model", data / "index" / "model")
    write(manual, 0)
    server = Server(data, AFTERCARE_MANUAL=str(manual), OMP_NUM_THREADS="1")
    done, said = asyncio.Event(), list[Said]()
    try:
        await asyncio.to_thread(server.start)
        timeline.maybe(0)
        report = await command(server, "index")
        assert report["published"] or report["unchanged"], report
        asking = [asyncio.create_task(keep_asking(server.url, each, done, said)) for each in range(CLIENTS)]
        await edit_and_publish(server, manual, timeline)
        done.set()
        await asyncio.gather(*asking)
    finally:
        server.abandon()
    record_property("answers", len(said))
    editions = [right_edition(each, timeline) for each in said]
    assert len(said) > 2 * EDITIONS
    assert len(set(editions)) > EDITIONS / 2


def right_edition(said: Said, timeline: Timeline) -> int:
    """The one edition of an answer, which has a whole section of the right page and was live at the time."""
    marks = {int(mark) for mark in MARK.findall(said.text)}
    steps = next(steps for question, _, steps in PAGES.values() if question == said.question)
    assert len(marks) == 1, said
    assert steps.rstrip("。.") in said.text, said
    edition = marks.pop()
    assert timeline.had(edition, since=said.asked, until=said.answered), (said, timeline.spans)
    return edition
