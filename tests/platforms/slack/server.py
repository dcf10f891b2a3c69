"""The server: routes on a loopback port, and what a test holds of it."""

import mimetypes
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from aiohttp import web

from tests.platforms.slack.deliveries import Deliveries, Delivery, HttpTransport
from tests.platforms.slack.faults import Faults, prevents
from tests.platforms.slack.players import Ack, Players
from tests.platforms.slack.rules import SlackError
from tests.platforms.slack.settings import Settings
from tests.platforms.slack.socket_mode import SocketMode
from tests.platforms.slack.web_api import HTML, Call, WebApi, afterwards, bearer, fail
from tests.platforms.slack.world import File, World

__all__ = ["Ack", "SlackServer"]

MOST_BYTES = 64 * 1024 * 1024


class SlackServer(Players):
    """Slack on a free loopback port, between `async with`: `world` to play in, `faults` to order.

    The app finds the Web API at `api_url`. With `Settings(socket_mode=True)` everything goes through WebSockets, else
    to the URL given to `subscribe`. `calls` and `deliveries` keep what went over the wire.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        self.world, self.faults = World(self.settings), Faults()
        self.http = HttpTransport(self.settings)
        self.socket = SocketMode(self.world, self.faults)
        self.transport = self.socket if self.settings.socket_mode else self.http
        self._deliveries = Deliveries(self.world, self.faults, self.transport)
        self._api = WebApi(self.world, self.faults)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_route("*", "/api/{method}", self._api.handle)
        app.router.add_post("/upload/v1/{file}", self._upload)
        app.router.add_get("/files-pri/{place}/{name}", self._download)
        app.router.add_get("/files-pri/{place}/download/{name}", self._download)
        app.router.add_post("/actions/{secret}", self._respond_url)
        app.router.add_get("/link/", self.socket.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.world.base = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self.world.outbox = self._deliveries.put
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.world.outbox = lambda _: None
        await self._deliveries.close()
        await self.socket.close()
        await self.http.close()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """The `base_url` of the library's client."""
        return f"{self.world.base}/api/"

    @property
    def calls(self) -> list[Call]:
        """Every call of the Web API, in order."""
        return self._api.calls

    @property
    def deliveries(self) -> list[Delivery]:
        """Every event that was to be delivered, in order."""
        return self._deliveries.log

    async def subscribe(self, url: str) -> bool:
        """Set the app's request URL, if it passes the handshake."""
        if not await self.http.verify(url):
            return False
        self.http.url = url
        return True

    async def settled(self, *, within: float = 20.0) -> None:
        """Wait until every event was acknowledged or given up."""
        await self._deliveries.settled(within=within)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.take_call("upload")
        if prevents(fault):
            return fail(request, fault)
        file = self.world.files.get(request.match_info["file"])
        if file is None or file.complete:
            return web.Response(status=404, text="Not found")
        content = await _content(request)
        if len(content) != file.length:
            return web.Response(status=400, text="Bad Request")
        file.content, file.received = content, True
        file.mimetype = mimetypes.guess_type(file.name)[0] or file.mimetype
        return await afterwards(request, fault, web.Response(text=f"OK - {len(content)}"))

    async def _download(self, request: web.Request) -> web.StreamResponse:
        """The bytes, for the bot's token with `files:read`; else the sign-in page, with status 200."""
        fault = self.faults.take_call("download")
        if prevents(fault):
            return fail(request, fault)
        if not self._may_read(bearer(request)):
            return web.Response(text=HTML.format("Sign in to your workspace"), content_type="text/html")
        file = self._private(request)
        if file is None:
            return web.Response(status=404, text=HTML.format("There's been a glitch"), content_type="text/html")
        return await afterwards(request, fault, web.Response(body=file.content, content_type=file.mimetype))

    def _may_read(self, token: str) -> bool:
        right = "files:read" in self.settings.scopes and self.world.installed
        return right and token == self.settings.bot_token

    def _private(self, request: web.Request) -> File | None:
        file = self.world.files.get(request.match_info["place"].partition("-")[2])
        return file if file is not None and file.complete and file.name == request.match_info["name"] else None

    async def _respond_url(self, request: web.Request) -> web.StreamResponse:
        said: Any = None
        with suppress(ValueError):
            said = await request.json()
        if not isinstance(said, dict):
            return web.Response(status=400, text="invalid_payload")
        try:
            self.respond(request.match_info["secret"], said)
        except SlackError as refusal:
            gone = refusal.code in {"used_url", "expired_url"}
            return web.json_response(refusal.body(), status=404 if gone else 400)
        return web.Response(text="ok")


async def _content(request: web.Request) -> bytes:
    """The bytes of an upload: the body itself, or the file of a form."""
    if request.content_type != "multipart/form-data":
        return await request.read()
    for part in (await request.post()).values():
        if isinstance(part, web.FileField):
            return part.file.read()
    return b""
