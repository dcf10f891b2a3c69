"""A model on loopback that answers as it is told, over the wire: it can do worse by another prompt, and go away."""

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse

from bot.llm import OpenAIModel
from tests.platforms.telegram.server import loopback

_PASSAGE = re.compile(r"-----\n(.*?)\n-----", re.DOTALL)
Says = Callable[[list[dict[str, str]]], dict[str, Any]]


def quotes(messages: list[dict[str, str]]) -> dict[str, Any]:
    """A model that says what stands first in the first passage; where there are no passages, nothing of use."""
    passage = _PASSAGE.search(messages[-1]["content"])
    if passage is None:
        return {}
    lines = [line for line in passage[1].splitlines() if line.strip() and not line.startswith("#")]
    return {"outcome": "answer", "text": f"{lines[0]} [1]", "level": "question", "reason": "it stands there"}


@dataclass
class ModelServer:
    """What it says to the messages it is sent; after `stays` calls it is gone until told otherwise."""

    says: Says
    stays: int = 1_000_000
    asked: list[list[dict[str, str]]] = field(default_factory=list)

    def app(self) -> FastAPI:
        """The OpenAI-compatible door."""
        app = FastAPI()

        @app.post("/chat/completions")
        async def complete(request: Request) -> Response:
            body = await request.json()
            messages, counts = body["messages"], bool(body.get("stream_options"))
            if len(self.asked) >= self.stays:
                return Response("gone", status_code=503)
            self.asked.append(messages)
            return StreamingResponse(
                _chunks(json.dumps(self.says(messages)), counts=counts), media_type="text/event-stream"
            )

        return app


async def _chunks(text: str, *, counts: bool) -> AsyncIterator[str]:
    for delta, finish in (({"content": text}, None), ({}, "stop")):
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        row = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
        yield f"data: {json.dumps(row)}\n\n"
    if counts:
        used = {"prompt_tokens": 900, "completion_tokens": len(text), "total_tokens": 900 + len(text)}
        row = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [], "usage": used}
        yield f"data: {json.dumps(row)}\n\n"
    yield "data: [DONE]\n\n"


@asynccontextmanager
async def serving(server: ModelServer) -> AsyncIterator[OpenAIModel]:
    """The client of a served model."""
    async with loopback(server.app()) as port:
        model = OpenAIModel(api_key="none", model="small-model", base_url=f"http://127.0.0.1:{port}")
        try:
            yield model
        finally:
            await model.close()
