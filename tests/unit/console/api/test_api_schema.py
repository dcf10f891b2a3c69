"""What the document says is what the API does: schemathesis plays every operation with what fits it and what does not."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import SkipTest

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from console.api import describing
from console.api.app import ROOMS
from console.app import create
from handoff.kinds import Level
from handoff.tokens import Scope
from tests.unit.console.api.world import Api
from tests.unit.console.world import World, opened_world

EXAMPLES = 6


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, str]]:
    """The application in an event loop of its own thread, with a ticket of each kind, and a token that may do all."""
    started: Future[tuple[Any, str, asyncio.Event, asyncio.AbstractEventLoop]] = Future()
    thread = threading.Thread(target=_serve, args=(tmp_path_factory.mktemp("schema"), started), daemon=True)
    thread.start()
    app, secret, stop, loop = started.result(timeout=60)
    yield app, secret
    loop.call_soon_threadsafe(stop.set)
    thread.join(timeout=30)


def _serve(folder: Path, started: Future[Any]) -> None:
    asyncio.run(_serving(folder, started))


async def _serving(folder: Path, started: Future[Any]) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    async with opened_world(folder) as world:
        generous = replace(world, app=create(replace(world.deps, api_rate=1_000_000)))
        _, secret = await _filled(generous)
        started.set_result((_in(loop, generous), secret, stop, loop))
        await stop.wait()


async def _filled(world: World) -> Any:
    api = Api(world)
    for level in Level:
        await world.ticket(title=f"A {level}", level=level)
    return await api.token(*Scope)


def _in(loop: asyncio.AbstractEventLoop, world: World) -> Any:
    """The application, run in the loop whose database it has, for callers of any other; time goes by between them."""

    async def wrapped(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        mine = asyncio.get_running_loop()
        world.clock.advance(timedelta(seconds=20))  # wrong tokens are slowed down

        async def receiving() -> Any:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(receive(), mine))

        async def sending(message: Any) -> None:
            await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(send(message), mine))

        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(world.app(scope, receiving, sending), loop))

    return wrapped


def _operations() -> list[tuple[str, str]]:
    document = describing.described(get_openapi(title="x", version="1", openapi_version="3.1.0", routes=_routes()))
    return [(method, path) for path, methods in document["paths"].items() for method in methods]


def _routes() -> Any:
    api = FastAPI()
    for router in ROOMS:
        api.include_router(router)
    return api.routes


def _refused_by_meaning(answer: Any) -> bool:
    """Whether it fits the schema and still cannot be: a past instant, nobody's id, a made-up cursor, a stale version."""
    if answer.status_code == 412:
        return True
    return answer.status_code == 422 and not answer.json()["detail"].startswith("Some fields cannot be understood")


@pytest.fixture(scope="module")
def schema(served: tuple[Any, str]) -> Any:
    """The served document."""
    return schemathesis.openapi.from_asgi("/api/v1/openapi.json", served[0])


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize(("method", "path"), _operations())
def test_the_api_does_what_its_document_says(
    schema: Any, served: tuple[Any, str], method: str, path: str, mode: GenerationMode
) -> None:
    """Status codes, shapes and media types conform, nothing fails inside, and nobody gets in without a token."""
    operation = schema[path][method]
    headers = {"Authorization": f"Bearer {served[1]}"}

    @settings(
        max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def play(case: Any) -> None:
        answer = case.call(headers=headers)
        excluded = [positive_data_acceptance] if _refused_by_meaning(answer) else []
        case.validate_response(answer, headers=headers, excluded_checks=excluded)

    if mode is GenerationMode.NEGATIVE:  # an operation that takes nothing cannot be asked wrongly
        with suppress(Unsatisfiable, SkipTest):
            play()
    else:
        play()


def test_no_two_shapes_share_a_name() -> None:
    """Shapes are renamed for people; none takes the place of another."""
    raw = get_openapi(title="x", version="1", openapi_version="3.1.0", routes=_routes())
    before = raw["components"]["schemas"].keys() - {"HTTPValidationError", "ValidationError"}
    assert len(describing.described(raw)["components"]["schemas"].keys() - {"Problem"}) == len(before)
