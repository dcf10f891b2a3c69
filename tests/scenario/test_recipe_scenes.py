"""The recipes of docs/api.md, run: our real webhooks feed them, and they speak to strict small fakes of Jira and Trello."""

import asyncio
import base64
import importlib.util
import json
import re
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn

from bot.webhook_sending import Poster, WebhookSending
from handoff import tokens, webhooks
from handoff.tokens import Scope
from store.worker import Worker
from success.addresses import Policy
from tests.unit.console.world import World, opened_world

RECIPES = Path(__file__).parents[2] / "docs" / "recipes"
HERE = Policy(schemes=frozenset({"http"}), allows=lambda ip: ip.is_loopback, local_names=True)
EVENTS = ("ticket.opened", "ticket.claimed", "ticket.waiting", "ticket.resolved", "ticket.reopened")
Answer = tuple[int, Any]


def recipe(name: str) -> Any:
    """The script as a module; importing it does nothing."""
    spec = importlib.util.spec_from_file_location(name, RECIPES / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def running(server: ThreadingHTTPServer) -> Iterator[str]:
    """The server's address, for as long as the block lasts."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


def fake(answers: Callable[[str, str, dict[str, str], Any, dict[str, str]], Answer]) -> ThreadingHTTPServer:
    """A server that answers a method, a path, its query, a JSON body and headers."""

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length", "0")))
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = answers(self.command, parts.path, query, json.loads(raw) if raw else None, headers)
            said = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = _do  # noqa: N815 - http.server's names

        def log_message(self, *args: Any) -> None:
            """Nothing."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@dataclass
class Jira:
    """The REST API v3 of one project, as strict as the real one where the recipe touches it."""

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    moves: list[str] = field(default_factory=list)
    broken: int = 0
    ways: ClassVar = {
        "To Do": {"11": "In Progress", "12": "Done"},
        "In Progress": {"21": "Done"},
        "Done": {"31": "In Progress"},
    }

    def answer(  # noqa: PLR0911 - one return for each resource
        self, method: str, path: str, query: dict[str, str], body: Any, headers: dict[str, str]
    ) -> Answer:
        if headers.get("authorization") != "Basic " + base64.b64encode(b"me@example.com:key").decode():
            return 401, {"errorMessages": ["no"]}
        if self.broken:
            self.broken -= 1
            return 503, {}
        if (method, path) == ("POST", "/rest/api/3/search/jql"):
            label = re.fullmatch(r'project = "SUP" AND labels = "([a-z0-9-]+)"', body["jql"])
            assert label
            found = [i for i in self.issues.values() if label[1] in i["fields"]["labels"]]
            return 200, {"issues": found[: body["maxResults"]], "isLast": True}
        if (method, path) == ("POST", "/rest/api/3/issue"):
            return self.made(body["fields"])
        issue = self.issues.get(path.split("/")[5])
        if issue is None:
            return 404, {"errorMessages": ["Issue does not exist"]}
        now = issue["fields"]["status"]["name"]
        if path.endswith("/transitions"):
            ways = self.ways[now]
            if method == "GET":
                return 200, {"transitions": [{"id": i, "name": to, "to": {"name": to}} for i, to in ways.items()]}
            if body["transition"]["id"] not in ways:
                return 400, {"errorMessages": ["not from here"]}
            issue["fields"]["status"] = {"name": ways[body["transition"]["id"]]}
            self.moves.append(issue["fields"]["status"]["name"])
            return 204, None
        return 200, issue

    def made(self, fields: dict[str, Any]) -> Answer:
        assert fields.keys() == {"project", "issuetype", "summary", "description", "labels"}
        wrong = {}
        if "\n" in fields["summary"] or not 0 < len(fields["summary"]) <= 255:
            wrong["summary"] = "one line of at most 255"
        if fields["description"].get("type") != "doc" or fields["description"].get("version") != 1:
            wrong["description"] = "Operation value must be an Atlassian Document"
        if any(" " in label for label in fields["labels"]) or fields["project"] != {"key": "SUP"}:
            wrong["labels"] = "no spaces"
        if wrong:
            return 400, {"errors": wrong}
        key = f"SUP-{len(self.issues) + 1}"
        self.issues[key] = {"id": str(len(self.issues)), "key": key, "fields": {**fields, "status": {"name": "To Do"}}}
        return 201, {"id": self.issues[key]["id"], "key": key}


@dataclass
class Trello:
    """One board."""

    lists: dict[str, str] = field(default_factory=lambda: {"l1": "New"})
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    broken: int = 0

    def answer(  # noqa: PLR0911 - one return for each resource
        self, method: str, path: str, query: dict[str, str], body: Any, headers: dict[str, str]
    ) -> Answer:
        if headers.get("authorization") != 'OAuth oauth_consumer_key="k", oauth_token="t"':
            return 401, "invalid key"
        if self.broken:
            self.broken -= 1
            return 503, {}
        match method, path:
            case "GET", "/1/boards/b1/lists":
                return 200, [{"id": key, "name": name} for key, name in self.lists.items()]
            case "GET", "/1/boards/b1/cards":
                return 200, list(self.cards.values())
            case "POST", "/1/lists":
                assert (query["idBoard"], query["pos"]) == ("b1", "bottom")
                self.lists[f"l{len(self.lists) + 1}"] = query["name"]
                return 200, {"id": f"l{len(self.lists)}", "name": query["name"]}
            case "POST", "/1/cards":
                assert query["idList"] in self.lists
                key = f"c{len(self.cards) + 1}"
                self.cards[key] = {"id": key, "idList": query["idList"], **body}
                return 200, self.cards[key]
        card = self.cards.get(path.removeprefix("/1/cards/"))
        if card is None or query["idList"] not in self.lists:
            return 404, "not found"
        card["idList"] = query["idList"]
        return 200, card

    def shown(self) -> list[tuple[str, str]]:
        return [(card["name"], self.lists[card["idList"]]) for card in self.cards.values()]


@dataclass
class Desk:
    """A served desk whose webhooks reach this machine."""

    world: World
    url: str
    token: str
    worker: Worker
    secret: str = ""

    async def hook(self, url: str) -> str:
        by = self.world.people["mira"].id
        made = await self.world.write(
            lambda conn: webhooks.make(
                conn, name="Mirror", url=url, types=EVENTS, client_id=None, texts=False, by=by, now=self.world.clock()
            )
        )
        return str(made.secret)

    async def told(self) -> None:
        """Everything that is due is delivered."""
        await self.worker.drain()

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"})


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened_world(tmp_path, real_time=True) as world, _serving(world.app) as url:
        clock = world.deps.clock
        out = WebhookSending(world.deps.db, clock=clock, poster=Poster(policy=HERE), public_url=url)
        worker = Worker(world.deps.db, clock=clock, owner="sender", on_dead=out.dead)
        out.register(worker)
        _, token = await world.write(
            lambda conn: tokens.make(
                conn,
                name="Mirror",
                scopes={Scope.TICKETS_READ},
                client_id=None,
                person_id=world.people["mira"].id,
                expires_at=None,
                by=world.people["mira"].id,
                now=clock(),
            )
        )
        yield Desk(world=world, url=url, token=token, worker=worker)


@asynccontextmanager
async def _serving(app: Any) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        await task


async def played(desk: Desk) -> str:
    """A ticket is claimed, answered, resolved, and opened again, each step told; its number."""
    world, lin = desk.world, desk.world.people["lin"].id
    ticket = await world.ticket(title="表单不发邮件\nreally")
    await desk.told()
    verbs = world.deps.desk
    for verb in (verbs.claim, verbs.resolve, verbs.reopen):
        await world.write(lambda conn, verb=verb: verb(conn, ticket_id=ticket.id, by=lin, now=world.deps.clock()))
        await desk.told()
    return str(ticket.number)


async def test_jira_follows_every_ticket(desk: Desk) -> None:
    """One issue, moved along the workflow; a failure of Jira's and a repeated event change nothing."""
    jira, module = Jira(), recipe("jira_mirror")
    with (
        running(fake(jira.answer)) as url,
        desk.client() as ours,
        httpx.Client(base_url=url, auth=("me@example.com", "key")) as http,
    ):
        mirror = module.Mirror(desk=ours, jira=http, project="SUP")
        with running(module.server(mirror, "whsec_" + "A" * 44, host="127.0.0.1", port=0)) as wrong:
            assert (await asyncio.to_thread(httpx.post, wrong, content=b"{}")).status_code == 401
        number = await _with(desk, module, mirror)
        [issue] = jira.issues.values()
        assert issue["fields"]["labels"][0] == f"aftercare-{number.lower()}"
        assert issue["fields"]["summary"].startswith(number)
        assert jira.moves == ["In Progress", "Done", "In Progress"]
        again = {"type": "ticket.opened", "data": {"ticket": {"id": number}}}
        await asyncio.to_thread(mirror.follow, again)
        assert len(jira.issues) == 1
        jira.broken = 1
        with pytest.raises(httpx.HTTPStatusError):
            await asyncio.to_thread(mirror.follow, again)


async def test_trello_follows_every_ticket(desk: Desk) -> None:
    """One card, moved from list to list, which are made as they are needed."""
    trello, module = Trello(), recipe("trello_mirror")
    signed = {"Authorization": 'OAuth oauth_consumer_key="k", oauth_token="t"'}
    with (
        running(fake(trello.answer)) as url,
        desk.client() as ours,
        httpx.Client(base_url=url, headers=signed) as http,
    ):
        mirror = module.Mirror(desk=ours, trello=http, board="b1")
        number = await _with(desk, module, mirror)
        [(name, where)] = trello.shown()
        assert (name.split(" ")[0], where) == (number, "In progress")
        assert set(trello.lists.values()) == {"New", "In progress", "Done"}


async def _with(desk: Desk, module: Any, mirror: Any) -> str:
    """Let the recipe's own receiver stand, hook it up, and play a ticket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    secret = await desk.hook(f"http://127.0.0.1:{port}/")
    with running(module.server(mirror, secret, host="127.0.0.1", port=port)):
        return await played(desk)
