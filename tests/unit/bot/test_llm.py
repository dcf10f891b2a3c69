"""The model's port against real HTTP on loopback: every way a server fails ends as one stated `ModelError`, in time."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot import prompts
from bot.errors import ModelError
from bot.llm import Breaker, OpenAIModel, ScriptedModel

PROMPT = prompts.parse(
    "answer", "---\npurpose: p\nversion: 1\nplaceholders: []\ntemperature: 0\nmax_tokens: 50\n---\nx\n"
)
SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
ASK = [{"role": "user", "content": "hello"}]
DEADLINE = 1.5
GRACE = 1.5  # how much longer than the deadline a busy machine may take


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """A proxy of the machine must not see the loopback."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def model_at(url: str, **more: Any) -> OpenAIModel:
    return OpenAIModel(api_key="k", model="m", base_url=url, **{"deadline_s": DEADLINE, **more})


async def ask(model: OpenAIModel, messages: list[dict[str, str]] = ASK) -> Any:
    """The answer, or the error's kind; never later than the deadline."""
    started = time.monotonic()
    try:
        return await model.complete(messages, prompt=PROMPT, schema=SCHEMA)
    except ModelError as error:
        return error.kind
    finally:
        assert time.monotonic() - started < DEADLINE + GRACE


# Faults of LLMock


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (lambda server: server.fail(429, times=None, retry_after=60), "rate_limited timeout"),
        (lambda server: server.fail(429, times=None), "rate_limited"),
        (lambda server: server.fail(500, times=None), "server"),
        (lambda server: server.fail(503, times=None), "server"),
        (lambda server: server.fail(401, times=None), "refused"),
        (lambda server: server.context_overflow(times=None), "refused"),
        (lambda server: server.delay(20, times=None), "timeout"),
        (lambda server: server.truncate(after_chunks=1, times=None), "cut empty"),
        (lambda server: server.corrupt(after_chunks=1, times=None), "malformed"),
        (lambda server: server.disconnect(after_chunks=1, times=None), "cut unreachable"),
        (lambda server: server.stall(after_chunks=1, seconds=20, times=None), "timeout"),
    ],
)
async def test_a_fault_of_the_provider_is_stated(llmock, fault, kind):
    """Refused, limited, broken, slow, cut and dropped: each is its own kind of error."""
    fault(llmock)
    model = model_at(llmock.base_url("openai"))
    assert await ask(model) in kind.split()
    await model.close()


async def test_one_hiccup_is_survived(llmock):
    """A single failure before the answer began is retried once."""
    llmock.fail(500, times=1).reply('{"text": "hi"}')
    model = model_at(llmock.base_url("openai"), deadline_s=10)
    assert await model.complete(ASK, prompt=PROMPT, schema=SCHEMA) == {"text": "hi"}
    await model.close()


# What LLMock lacks: a server of raw bytes

Answer = Callable[[asyncio.StreamWriter, dict[str, Any]], Awaitable[None]]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
    """A loopback server that answers every request by `answer`; yields its address and the bodies it was sent."""
    bodies: list[dict[str, Any]] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(
                next(
                    v
                    for k, _, v in (h.partition(":") for h in head.decode().split("\r\n"))
                    if k.lower() == "content-length"
                )
            )
            bodies.append(json.loads(await reader.readexactly(length)))
            await answer(writer, bodies[-1])
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", bodies
    finally:
        server.close()
        if hasattr(server, "close_clients"):
            server.close_clients()


def reply(body: str, *, status: str = "200 OK", kind: str = "text/event-stream") -> Answer:
    """Answer with these bytes and hang up."""

    async def answer(writer: asyncio.StreamWriter, _: dict[str, Any]) -> None:
        writer.write(
            f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\n\r\n{body}".encode(
                "utf-8", "surrogatepass"
            )
        )

    return answer


def chunk(content: str | None = None, *, finish: str | None = None, **more: Any) -> str:
    delta = {} if content is None else {"content": content}
    data = {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return f"data: {json.dumps({**data, **more})}\n\n"


GOOD = chunk('{"text": ') + chunk('"hi"}') + chunk(finish="stop") + "data: [DONE]\n\n"
DONE = "data: [DONE]\n\n"


@pytest.mark.parametrize(
    ("answer", "came"),
    [
        (reply(GOOD), {"text": "hi"}),
        (reply(chunk('Sure! ```json\n{"text": "hi"}\n```') + chunk(finish="stop") + DONE), {"text": "hi"}),
        (reply(chunk('{"text": "a\nb"}') + chunk(finish="stop") + DONE), {"text": "a\nb"}),
        (reply(chunk('{"text": "hi"}', finish="stop")), {"text": "hi"}),
        (reply(chunk(choices=[]) + GOOD), {"text": "hi"}),
        (reply("<html>Sign in</html>", kind="text/html"), "empty"),
        (reply("<html>Bad gateway</html>", status="502 Bad Gateway", kind="text/html"), "server"),
        (reply(""), "empty"),
        (reply("{}", kind="application/json"), "empty"),
        (reply('{"error": {"message": "no"}}', kind="application/json"), "empty"),
        (reply('data: {"error": {"message": "overloaded", "code": 503}}\n\n'), "server"),
        (reply(chunk(choices=[]) + DONE), "empty"),
        (reply('data: {"choices": null}\n\n' + DONE), "empty"),
        (reply('data: {"choices": [{}]}\n\n' + DONE), "malformed empty"),
        (reply('data: {"choices": [{"index": 0, "delta": null}]}\n\n' + DONE), "malformed empty"),
        (reply("data: []\n\n" + DONE), "malformed empty"),
        (reply("data: 7\n\n" + DONE), "malformed empty"),
        (reply(chunk('{"text": "hi"}') + DONE), "cut"),
        (reply(chunk('{"text": "h')), "cut"),
        (reply(chunk('{"text": "h') + chunk(finish="length") + DONE), "cut"),
        (reply(chunk(finish="stop") + DONE), "empty"),
        (reply(chunk("  ") + chunk(finish="stop") + DONE), "empty"),
        (reply(chunk("I cannot do that.") + chunk(finish="stop") + DONE), "malformed"),
        (reply(chunk("[1, 2]") + chunk(finish="stop") + DONE), "malformed"),
        (reply(chunk('{"text": }') + chunk(finish="stop") + DONE), "malformed"),
        (reply(chunk("}{") + chunk(finish="stop") + DONE), "malformed"),
        (reply(chunk('{"a":' * 3000 + "1" + "}" * 3000) + chunk(finish="stop") + DONE), "malformed"),
        (reply("data: {\n\n" + DONE), "malformed"),
        (reply("data: \udcff\n\n" + DONE), "malformed cut"),
        (reply("", status="404 Not Found"), "refused"),
        (reply("nonsense", status="999 Odd"), "server refused malformed"),
    ],
)
async def test_whatever_comes_is_an_answer_or_a_stated_error(answer, came):
    """HTML with 200, nothing at all, errors inside 200, empty choices, a missing end: none passes for an answer."""
    async with serving(answer) as (url, _):
        model = model_at(url)
        got = await ask(model)
        assert got == came if isinstance(came, dict) else got in came.split()
        await model.close()


async def test_a_dripping_stream_ends_at_the_deadline():
    """A server that sends a little now and then for ever holds nobody longer than the deadline."""

    async def drip(writer: asyncio.StreamWriter, _: dict[str, Any]) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        while not writer.is_closing():
            writer.write(chunk("a").encode())
            await writer.drain()
            await asyncio.sleep(0.1)

    async with serving(drip) as (url, _):
        model = model_at(url)
        assert await ask(model) == "timeout"
        await model.close()


async def test_a_server_without_response_format_is_asked_without_it():
    """Refused once with a 400, the format is left out, then and from then on."""

    async def picky(writer: asyncio.StreamWriter, body: dict[str, Any]) -> None:
        refusal = reply(
            '{"error": {"message": "response_format is not supported"}}',
            status="400 Bad Request",
            kind="application/json",
        )
        await (refusal if "response_format" in body else reply(GOOD))(writer, body)

    async with serving(picky) as (url, bodies):
        model = model_at(url)
        assert [await ask(model), await ask(model)] == [{"text": "hi"}, {"text": "hi"}]
        assert ["response_format" in body for body in bodies] == [True, False, False]
        await model.close()


async def test_a_server_that_counts_tells_how_many_tokens_a_call_took():
    """It is asked to count, and what its last chunk says is told."""
    usage = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": []}
    usage |= {"usage": {"prompt_tokens": 812, "completion_tokens": 40, "total_tokens": 852}}
    counted = GOOD.replace("data: [DONE]", f"data: {json.dumps(usage)}\n\ndata: [DONE]")
    used: list[tuple[int, int]] = []
    async with serving(reply(counted)) as (url, bodies):
        model = model_at(url, tell=lambda *tokens: used.append(tokens))
        assert await ask(model) == {"text": "hi"}
        assert (used, bodies[0]["stream_options"]) == ([(812, 40)], {"include_usage": True})
        await model.close()


@pytest.mark.parametrize("says", ["stream_options: extra fields not permitted", "Unrecognized request argument"])
async def test_a_server_that_cannot_count_is_asked_without_it(says: str):
    """Refused once, it is not asked to count again."""

    async def picky(writer: asyncio.StreamWriter, body: dict[str, Any]) -> None:
        refusal = reply(json.dumps({"error": {"message": says}}), status="400 Bad Request", kind="application/json")
        await (refusal if "stream_options" in body else reply(GOOD))(writer, body)

    async with serving(picky) as (url, bodies):
        model = model_at(url)
        assert [await ask(model), await ask(model)] == [{"text": "hi"}, {"text": "hi"}]
        assert ["stream_options" in body for body in bodies] == [True, False, False]
        await model.close()


async def test_another_bad_request_is_refused():
    """A 400 about anything else is not asked again."""
    async with serving(
        reply('{"error": {"message": "context too long"}}', status="400 Bad Request", kind="application/json")
    ) as (url, bodies):
        model = model_at(url)
        assert (await ask(model), len(bodies)) == ("refused", 1)
        await model.close()


async def test_nobody_listens():
    """A closed port is unreachable, and said so in time."""
    async with serving(reply(GOOD)) as (url, _):
        pass
    model = model_at(url)
    assert await ask(model) == "unreachable"
    await model.close()


async def test_a_lone_surrogate_in_the_prompt_is_no_crash():
    """A text that no server can be sent is an error of the port, not of the caller."""
    async with serving(reply(GOOD)) as (url, _):
        model = model_at(url)
        assert await ask(model, [{"role": "user", "content": "a\ud800"}]) == "malformed"
        await model.close()


async def test_a_dead_model_rests():
    """After failures in a row nobody waits for it any more; a refusal says that it is alive."""
    async with serving(reply("", status="500 Oops")) as (url, bodies):
        model = model_at(url, breaker=Breaker(limit=2, rest_s=60), deadline_s=5)
        kinds = []
        for _ in range(3):
            with pytest.raises(ModelError) as caught:
                await model.complete(ASK, prompt=PROMPT, schema=SCHEMA)
            kinds.append(caught.value.kind)
        assert kinds == ["server", "server", "resting"]
        assert len(bodies) == 4
        await model.close()


@pytest.mark.parametrize(
    ("outcomes", "now", "rests"),
    [
        ("", 0, False),
        ("ff", 0, False),
        ("fff", 0, True),
        ("fff", 29.9, True),
        ("fff", 30, False),
        ("ffsff", 0, False),
        ("fffs", 0, False),
        ("ffffff", 10, True),
    ],
)
def test_the_breaker(outcomes, now, rests):
    """Three failures in a row rest for 30 s; a success in between starts the count again, and ends a rest."""
    breaker = Breaker()
    for outcome in outcomes:
        breaker.record(ok=outcome == "s", now=0)
    if not rests:
        breaker.check(now=now)
        return
    with pytest.raises(ModelError) as caught:
        breaker.check(now=now)
    assert caught.value.kind == "resting"


async def test_the_script_of_a_test_is_followed():
    """The scripted model says its lines in order, raises its errors, and then is empty."""
    model = ScriptedModel.of({"text": "a"}, ModelError("cut"))
    assert await model.complete(ASK, prompt=PROMPT, schema=SCHEMA) == {"text": "a"}
    for kind in ("cut", "empty"):
        with pytest.raises(ModelError) as caught:
            await model.complete(ASK, prompt=PROMPT, schema=SCHEMA)
        assert caught.value.kind == kind
    assert model.asked == [ASK] * 3
