import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import bot
from bot.bench import Bench
from bot.llm import Model
from bot.prompt_shelf import Shelf
from bot.shipped import load_texts
from console import bench_store
from console.app import create
from store.worker import Worker
from tests.model_server import ModelServer, serving
from tests.unit.console import keeping
from tests.unit.console.world import World, submit

PROMPTS = Path(bot.__file__).parents[1] / "prompts"
HOME = "/desk/settings/prompts"
SHIPPED = (PROMPTS / "answer.md").read_text("utf-8")
STRICT = SHIPPED.replace("Be short:", "Be STRICT:")


@dataclass(frozen=True)
class Room:
    """A desk with prompts, a manual with golden questions, and a worker that runs the bench."""

    world: World
    shelf: Shelf
    worker: Worker

    async def saved(self, browser: Any, text: str = STRICT, name: str = "answer") -> str:
        answer = await submit(browser, HOME, f"{HOME}/{name}/versions", text=text, why="shorter answers")
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def published(self, browser: Any, version: int, name: str = "answer") -> int:
        at = f"{HOME}/{name}"
        return (await submit(browser, at, f"{at}/publish", version=str(version), why="it did better")).status_code


def says(messages: list[dict[str, str]]) -> dict[str, Any]:
    """Answers from the first passage; the strict prompt lets it decline what is asked of mail."""
    asked = messages[-1]["content"].split("<<<QUESTION")[-1]
    known = {"menu": "Change the menu under Appearance and Menus. [1]", "mailbox": "Delete old mails. [1]"}
    text = next((said for word, said in known.items() if word in asked), "")
    declines = "STRICT" in messages[0]["content"] and "mailbox" in asked
    outcome = "answer" if text and not declines else "not_in_manual"
    return {"outcome": outcome, "text": text, "level": "question", "reason": "r"}


async def opened(world: World, tmp_path: Path, model: Model | None) -> AsyncIterator[Room]:
    async with keeping.kept(world, tmp_path) as desk:
        db, clock = desk.world.deps.db, desk.world.clock
        shelf = Shelf.open(db, PROMPTS)
        deps = replace(desk.world.deps, prompts=shelf, model=model.name if model else None)
        worker = Worker(db, clock=clock, owner="test")
        Bench(db=db, manual=desk.manual, shelf=shelf, model=model, texts=load_texts(), clock=clock).register(worker)
        yield Room(replace(desk.world, deps=deps, app=create(deps)), shelf, worker)


@pytest.fixture
async def room(world: World, tmp_path: Path) -> AsyncIterator[Room]:
    async for each in opened(world, tmp_path, None):
        yield each


async def test_a_version_is_written_compared_published_and_taken_back(room: Room) -> None:
    """Saving lets nothing hold; publishing does at once, in a process that read the prompt before; back to the file."""
    browser, other = await room.world.signed_in("mira"), Shelf.open(room.world.deps.db, PROMPTS)
    assert (await other.live("answer")).label == "answer@1"
    at = await room.saved(browser)
    assert at == f"{HOME}/answer?version=1"
    assert (await other.live("answer")).label == "answer@1"
    html = (await browser.get(at)).text
    assert re.search(r"<del>.*Be short", html)
    assert re.search(r"<ins>.*Be STRICT", html)
    assert await room.published(browser, 1) == 303
    live = await other.live("answer")
    assert (live.label, "STRICT" in live.instructions) == ("answer@desk.1", True)
    assert await room.published(browser, 0) == 303
    assert (await other.live("answer")).label == "answer@1"
    html = (await browser.get(f"{HOME}/answer")).text
    assert html.count("it did better") == 2
    assert (await browser.get(HOME)).text.count("Shipped version") == len(list(PROMPTS.glob("*.md")))


BAD = {
    "no front matter": "just do it",
    "another placeholder": SHIPPED.replace("{history}", "{story}"),
    "a placeholder left out": SHIPPED.replace("{client}", "-").replace(", client]", "]"),
    "a placeholder more": SHIPPED.replace("{client}", "{client} {secret}").replace("client]", "client, secret]"),
    "an attribute": SHIPPED.replace("{question}", "{question.__class__}"),
    "a width": SHIPPED.replace("{question}", "{question:>99999999}"),
    "a lonely brace": SHIPPED + "\n{",
    "too hot": SHIPPED.replace("temperature: 0", "temperature: 9"),
    "too long an answer": SHIPPED.replace("max_tokens: 900", "max_tokens: 900000"),
    "no number": SHIPPED.replace("max_tokens: 900", "max_tokens: many"),
    "too long": SHIPPED + "x" * 16_000,
    "no material": SHIPPED.replace("\n===\n", "\n"),
    "foreign text as instructions": SHIPPED.replace("You write for", "{question} You write for"),
    "a bomb": SHIPPED.replace("purpose: ", "purpose: &a [x]\nother: [*a, *a] #"),
}


@pytest.mark.parametrize("why", BAD)
async def test_what_cannot_stand_in_its_place_is_not_kept(room: Room, why: str) -> None:
    """It is said why, the typed text stays, and nothing is stored."""
    browser = await room.world.signed_in("mira")
    answer = await submit(browser, HOME, f"{HOME}/answer/versions", text=BAD[why], why="try")
    assert answer.status_code == 422
    assert "cannot be used" in answer.text
    assert (await browser.get(f"{HOME}/answer?version=1")).status_code == 404


async def test_a_reason_is_due_and_a_text_is_shown_as_text(room: Room) -> None:
    """Without a why nothing is kept; markup in a prompt and in a why stays text."""
    browser = await room.world.signed_in("mira")
    assert (await submit(browser, HOME, f"{HOME}/answer/versions", text=STRICT, why=" ")).status_code == 422
    nasty = SHIPPED.replace("Be short", "</textarea><script>alert(1)</script>")
    await submit(browser, HOME, f"{HOME}/answer/versions", text=nasty, why="<b onclick=x>why</b>")
    html = (await browser.get(f"{HOME}/answer?version=1")).text
    assert "<script>alert" not in html
    assert "<b onclick" not in html
    for path in ("nothing", "answer?version=9", "..%2Fx"):
        assert (await browser.get(f"{HOME}/{path}")).status_code == 404
    assert await room.published(browser, 7) == 404


async def test_a_broken_published_version_falls_back_to_the_file(room: Room) -> None:
    """Somebody changed the row by hand, or the program wants other placeholders now: clients are answered all the same."""
    browser = await room.world.signed_in("mira")
    await room.saved(browser)
    await room.published(browser, 1)
    for broken in ("nonsense", SHIPPED.replace("{history}", "{story}").replace("history,", "story,")):
        await room.world.write(
            lambda conn, text=broken: conn.exec_driver_sql("UPDATE prompt_version SET text = ?", (text,)).close()
        )
        assert (await room.shelf.live("answer")).label == "answer@1"
        assert "the shipped one is" in (await browser.get(f"{HOME}/answer")).text


async def test_without_a_model_the_bench_says_so(room: Room) -> None:
    """On the page and to a form that was sent all the same."""
    browser = await room.world.signed_in("mira")
    assert "There is no model to try it with" in (await browser.get(f"{HOME}/answer")).text
    answer = await submit(browser, HOME, "/desk/settings/bench", prompt="answer", version="0", count="10")
    assert answer.status_code == 422
    assert "There is no model to try it with" in answer.text


@pytest.mark.parametrize("login", ["lin", "tom"])
async def test_prompts_are_for_admins(room: Room, login: str) -> None:
    """Neither reading nor writing, by anybody else."""
    browser = await room.world.signed_in(login)
    for path in (HOME, f"{HOME}/answer", "/desk/settings/bench/1"):
        assert (await browser.get(path)).status_code == 403
    for path in (f"{HOME}/answer/versions", f"{HOME}/answer/publish", "/desk/settings/bench"):
        assert (await submit(browser, "/desk", path, text=STRICT, why="x")).status_code == 403


async def test_the_bench_compares_two_versions_through_a_model_that_goes_away(world: World, tmp_path: Path) -> None:
    """It breaks off plainly when the model is gone, keeps what was answered, and asks only the rest when resumed."""
    server = ModelServer(says=says, stays=2)
    async with serving(server) as model:
        async for room in opened(world, tmp_path, model):
            browser = await room.world.signed_in("mira")
            page = await browser.get(await room.saved(browser))
            assert "4 questions · about 8 calls" in page.text
            started = await submit(browser, HOME, "/desk/settings/bench", prompt="answer", version="1", count="4")
            at = started.headers["location"]
            assert "waiting" in (await browser.get(at)).text
            await room.worker.drain()
            html = (await browser.get(at)).text
            assert "The model went away in the middle" in html
            before = await room.world.deps.db.read(lambda conn: bench_store.results(conn, 1))
            assert 0 < len(before) < 4
            server.stays, asked = 1_000, len(server.asked)
            assert (await submit(browser, at, f"{at}/resume")).status_code == 303
            await room.worker.drain()
            results = await room.world.deps.db.read(lambda conn: bench_store.results(conn, 1))
            assert {place: results[place] for place in before} == before
            assert len(server.asked) > asked
            run = await room.world.deps.db.read(lambda conn: bench_store.find(conn, 1))
            assert run is not None
            assert (run.state, run.done, run.model) == ("done", 4, "small-model")
            asks = {question["ask"]: results[place] for place, question in enumerate(run.questions)}
            assert asks["where is the menu"][0]["right"]
            assert asks["where is the menu"][1]["right"]
            assert asks["my mailbox is full"][0]["right"]
            assert not asks["my mailbox is full"][1]["right"]
            html = (await browser.get(at)).text
            assert "1 worse" in html
            assert "declined: not in the manual" in html


async def test_a_run_is_cancelled_and_a_form_sent_twice_starts_one(world: World, tmp_path: Path) -> None:
    """Cancelled before its first question, it asks the model nothing."""
    server = ModelServer(says=says)
    async with serving(server) as model:
        async for room in opened(world, tmp_path, model):
            browser = await room.world.signed_in("mira")
            form = {"prompt": "answer", "version": "0", "count": "4"}
            first = await submit(browser, f"{HOME}/answer", "/desk/settings/bench", once="same", **form)
            again = await submit(browser, f"{HOME}/answer", "/desk/settings/bench", once="same", **form)
            assert first.headers["location"] == again.headers["location"]
            await submit(browser, first.headers["location"], f"{first.headers['location']}/cancel")
            await room.worker.drain()
            run = await room.world.deps.db.read(lambda conn: bench_store.find(conn, 1))
            assert run is not None
            assert (run.state, server.asked) == ("cancelled", [])
            assert "Ask the rest" in (await browser.get(first.headers["location"])).text
