"""A page written by a model says what colleagues said, or is not taken."""

from pathlib import Path

import pytest

import bot
from bot import prompts
from bot.errors import ModelError
from bot.gap_writing import ModelPageWriter
from bot.llm import Json, ScriptedModel

PROMPT = prompts.load(Path(bot.__file__).parents[1] / "prompts")["gap_page"]
REPLY = "登录后台，打开「我的合同」→「开票信息」，改好抬头后 3 个工作日生效。"


async def written(answer: Json | ModelError) -> tuple[str | None, ScriptedModel]:
    model = ScriptedModel.of(answer)
    writer = ModelPageWriter(model=model, prompt=PROMPT)
    found = await writer.write(title="发票抬头", questions=["发票抬头怎么改"], replies=[REPLY], language="zh-Hans")
    return found, model


async def test_what_the_replies_say_is_taken() -> None:
    """Menu names, numbers, and a mark where they leave something open."""
    body = "## 怎么改\n1. 打开「我的合同」→「开票信息」。\n2. 3 个工作日生效。\n\n【待补：需要什么权限】"
    found, model = await written({"body": body})
    assert found == body
    assert REPLY in model.asked[0][1]["content"]


@pytest.mark.parametrize(
    "answer",
    [
        {"body": "## 怎么改\n1. 打开「我的合同」→「开票信息」。\n2. 7 个工作日生效，见 https://other.example/x。"},
        {"body": "---\ntitle: x\naudience: client\n---\n打开「我的合同」→「开票信息」，改好抬头。"},
        {"body": "短"},
        {"text": "no body"},
        ModelError("timeout"),
    ],
)
async def test_what_no_colleague_said_is_not(answer: Json | ModelError) -> None:
    """Another number, a link, front matter of its own, nothing, a failure: the outline stands."""
    assert (await written(answer))[0] is None
