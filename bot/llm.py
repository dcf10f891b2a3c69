"""The language model behind one small port: any OpenAI-compatible server, or a script for tests.

Every failure of a server, however it shows (libraries.md lists them), becomes one `ModelError` with a stable kind.
"""

import asyncio
import json
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog

from bot.errors import ModelError
from bot.prompts import Prompt

log = structlog.get_logger()

Messages = list[dict[str, str]]
Json = dict[str, Any]

_STRANGE: Final = re.compile(
    r"stream_options|\A(?!.*(?:response_format|schema)).*(?:unknown|unrecogni|unexpected|extra|not permitted|support)",
    re.IGNORECASE | re.DOTALL,
)
"""How a server says that it does not know how to count, or some parameter that it does not name."""

TEXT_ALONE: Json = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}
"""The schema of an answer that is one text."""


class Model(Protocol):
    """What the conversation needs of a model: one JSON object for a filled prompt."""

    @property
    def name(self) -> str:
        """How records call it."""

    async def complete(self, messages: Messages, *, prompt: Prompt, schema: Json) -> Json:
        """The model's answer as a JSON object; raises `ModelError`, and nothing else."""


@dataclass
class ScriptedModel:
    """A model that says what it was told to say, in order: objects are answers, a `ModelError` is raised."""

    script: deque[Json | ModelError]
    name: str = "scripted"
    asked: list[Messages] = field(default_factory=list)

    @classmethod
    def of(cls, *lines: Json | ModelError) -> "ScriptedModel":
        """A model that will say `lines` and then nothing more (`ModelError("empty")`)."""
        return cls(deque(lines))

    async def complete(self, messages: Messages, *, prompt: Prompt, schema: Json) -> Json:
        """The next line of the script."""
        del prompt, schema
        self.asked.append(messages)
        line = self.script.popleft() if self.script else ModelError("empty", "the script is over")
        if isinstance(line, ModelError):
            raise line
        return line


class Breaker:
    """After `limit` failures in a row the model rests for `rest_s` seconds: clients need not wait for a dead server."""

    def __init__(self, *, limit: int = 3, rest_s: float = 30) -> None:
        self._limit, self._rest_s = limit, rest_s
        self._failures, self._until = 0, 0.0

    def check(self, *, now: float) -> None:
        """Raise `ModelError("resting")` while the model rests."""
        if now < self._until:
            raise ModelError("resting", f"{self._failures} failures in a row")

    def record(self, *, ok: bool, now: float) -> None:
        """Count an outcome; a success ends a rest (the call was under way when it began)."""
        self._failures = 0 if ok else self._failures + 1
        if ok:
            self._until = now
        if self._failures >= self._limit:
            self._until = now + self._rest_s


Used = Callable[[int, int], None]
"""Told how many tokens a call took: of the prompt, and of the answer."""


def _told_nobody(_prompt: int, _completion: int) -> None:
    return


class OpenAIModel:
    """Chat completions of any compatible server through the official client, streamed, within one deadline."""

    def __init__(
        self,
        *,
        api_key: str,
        model: str,
        base_url: str | None = None,
        deadline_s: float = 20,
        transport: Any = None,
        breaker: Breaker | None = None,
        tell: Used = _told_nobody,
    ) -> None:
        from openai import AsyncOpenAI, DefaultAsyncHttpxClient

        http = DefaultAsyncHttpxClient(transport=transport) if transport else None
        self._client = AsyncOpenAI(
            api_key=api_key, base_url=base_url, max_retries=1, timeout=deadline_s, http_client=http
        )
        self._breaker = breaker or Breaker()
        self._deadline_s = deadline_s
        self._plain = False  # the server refused `response_format` once; instructions alone must do
        self._counts: bool | None = None  # whether the server takes `stream_options`; not known at first
        self._tell = tell
        self.name = model

    async def complete(self, messages: Messages, *, prompt: Prompt, schema: Json) -> Json:
        """One JSON object for the messages; the whole call takes at most the deadline."""
        self._breaker.check(now=time.monotonic())
        try:
            async with asyncio.timeout(self._deadline_s):
                text = await self._stream(messages, prompt=prompt, schema=schema)
            answer = _object(text)
        except Exception as error:
            fault = _fault(error)
            if fault.kind == "malformed" and not isinstance(error, ModelError | ValueError):
                log.exception("model answer not understood")  # an oddity of the server, or a mistake of ours
            self._breaker.record(ok=fault.kind == "refused", now=time.monotonic())
            raise fault from error
        self._breaker.record(ok=True, now=time.monotonic())
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _stream(self, messages: Messages, *, prompt: Prompt, schema: Json) -> str:
        from openai import BadRequestError

        if not self._plain:
            try:
                return await self._read(messages, prompt, {"response_format": _format(prompt, schema)})
            except BadRequestError as error:
                if "response_format" not in str(error) and "schema" not in str(error):
                    raise
                self._plain = True
        return await self._read(messages, prompt, {})

    async def _read(self, messages: Messages, prompt: Prompt, extra: Mapping[str, Any]) -> str:
        """The text; a server that does not know how to count tokens is asked without it."""
        from openai import BadRequestError, UnprocessableEntityError

        if self._counts is not False:
            try:
                text = await self._receive(messages, prompt, {**extra, "stream_options": {"include_usage": True}})
            except (BadRequestError, UnprocessableEntityError) as error:
                if self._counts or not _STRANGE.search(str(error)):
                    raise
            else:
                self._counts = True
                return text
        text = await self._receive(messages, prompt, extra)
        self._counts = False
        return text

    async def _receive(self, messages: Messages, prompt: Prompt, extra: Mapping[str, Any]) -> str:
        create: Any = self._client.chat.completions.create  # its types want one class a role
        stream = await create(
            model=self.name,
            messages=messages,
            stream=True,
            temperature=prompt.temperature,
            max_tokens=prompt.max_tokens,
            **extra,
        )
        parts: list[str] = []
        finish: str | None = None
        async with stream:
            async for chunk in stream:
                if (used := getattr(chunk, "usage", None)) is not None:
                    self._tell(used.prompt_tokens or 0, used.completion_tokens or 0)
                if not getattr(chunk, "choices", None):
                    continue
                choice = chunk.choices[0]
                parts.append(choice.delta.content or "")
                finish = choice.finish_reason or finish
        return _whole("".join(parts), finish)


def _format(prompt: Prompt, schema: Json) -> Json:
    return {"type": "json_schema", "json_schema": {"name": prompt.name, "schema": schema, "strict": True}}


def _whole(text: str, finish: str | None) -> str:
    if not text.strip():
        raise ModelError("empty", f"finish reason {finish}")
    if finish is None or finish == "length":
        raise ModelError("cut", f"finish reason {finish} after {len(text)} characters")
    return text


def _object(text: str) -> Json:
    """The JSON object in a model's text; small models like to wrap it in a code fence or a sentence."""
    start, end = text.find("{"), text.rfind("}")
    try:
        answer = json.loads(text[start : end + 1], strict=False)
    except ValueError as error:
        raise ModelError("malformed", f"no JSON object in {len(text)} characters") from error
    if not isinstance(answer, dict):
        raise ModelError("malformed", "JSON, but no object")
    return answer


def _fault(error: Exception) -> ModelError:
    """Any exception of the client, its transport or the parsing, as the one error of this port."""
    import openai

    if isinstance(error, ModelError):
        return error
    table: Iterable[tuple[type[Exception] | tuple[type[Exception], ...], str]] = (
        ((TimeoutError, openai.APITimeoutError), "timeout"),
        (openai.APIConnectionError, "unreachable"),
        (openai.RateLimitError, "rate_limited"),
        (openai.InternalServerError, "server"),
        (openai.APIStatusError, "refused"),
        (openai.APIError, "server"),
        (OSError, "unreachable"),
    )
    kind = next((kind for types, kind in table if isinstance(error, types)), None)
    if kind is None and type(error).__module__.startswith("httpx"):
        kind = "cut"
    return ModelError(kind or "malformed", type(error).__name__)  # type: ignore[arg-type]
