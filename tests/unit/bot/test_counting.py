"""Requests are counted by the part of the program and the class of their status; streams as open."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.counting import Counting, area_of
from bot.meters import Meters
from tests.promises import PROMISED


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("/", "chat"), ("/c/key", "chat"), ("/chat/api/key/messages", "chat"), ("/desk", "desk"), ("/desk/t/T-1", "desk"),
        ("/api/v1/tickets", "api"), ("/p/token", "client_page"), ("/m/page", "manual"), ("/static/1/a.js", "static"),
        ("/hooks/alertmanager", "hooks"), ("/telegram/updates", "platform"), ("/healthz", "watch"), ("/wp-login.php", "other"),
    ],
)  # fmt: skip
def test_each_path_has_its_area(path: str, area: str) -> None:
    """A scanner's paths make no new series."""
    assert area_of(path) == area


def test_no_way_in_is_forgotten() -> None:
    """Every path that we promise belongs to a part that has a name; /numbers is the one page of its own."""
    words = PROMISED.split()
    paths = {word for word in words if word.startswith("/")}
    assert {path for path in paths if area_of(path.replace("{", "").replace("}", "")) == "other"} <= {"/numbers"}


async def test_requests_and_failures_are_counted_and_streams_are_open() -> None:
    """A stream is no slow request; one that broke off is not open for ever."""
    meters, said, end = Meters(), asyncio.Event(), asyncio.Event()

    async def events() -> object:
        yield b"data: 1\n\n"
        said.set()
        await end.wait()

    async def stream(_request: Request) -> Response:
        return StreamingResponse(events(), media_type="text/event-stream")

    async def fine(_request: Request) -> Response:
        return PlainTextResponse("ok")

    async def broken(_request: Request) -> Response:
        raise RuntimeError

    inner = Starlette(routes=[Route("/desk/events", stream), Route("/desk", fine), Route("/api/v1/x", broken)])
    transport = httpx.ASGITransport(app=Counting(inner, meters=meters), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as http:
        await http.get("/desk")
        await http.get("/desk/nothing")
        await http.get("/api/v1/x")
        streaming = asyncio.create_task(http.get("/desk/events"))
        await said.wait()
        shown = meters.exposition().decode()
        assert 'aftercare_http_streams{area="desk"} 1.0' in shown
        end.set()
        await streaming
    shown = meters.exposition().decode()
    assert 'aftercare_http_streams{area="desk"} 0.0' in shown
    for labels in ('area="desk",status="2xx"', 'area="desk",status="4xx"', 'area="api",status="5xx"'):
        assert f"aftercare_http_seconds_count{{{labels}}} 1.0" in shown
