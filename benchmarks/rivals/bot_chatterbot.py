"""ChatterBot on Telegram: it knows what it was trained on, here each page's own questions and the page as the answer.

It compares what is asked with what it knows letter by letter (its default, Levenshtein's distance); its tagger is the
one that needs no language model fetched from a hub. ``serve API TOKEN MANUAL MODEL KEPT`` polls, ``inside QUESTIONS
MANUAL MODEL KEPT`` asks a file of questions, as the other bot's script; the last two arguments are not used.
"""

import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles

import yaml
from chatterbot import ChatBot, languages
from chatterbot.tagging import LowercaseTagger
from chatterbot.trainers import ListTrainer
from telegram import Update
from telegram.ext import ApplicationBuilder, CallbackContext, MessageHandler, filters

from benchmarks.rivals.told import answer, memory

MOST = 4000


class Bot:
    """Trained on the manual."""

    def __init__(self, manual: Path) -> None:
        folder = tempfile.mkdtemp()
        self._bot = ChatBot(
            "manual", database_uri=f"sqlite:///{folder}/known.sqlite3", tagger=LowercaseTagger,
            tagger_language=languages.CHI, read_only=True,
        )  # fmt: skip
        self._page: dict[str, str] = {}
        trainer = ListTrainer(self._bot, show_training_progress=False)
        for path in sorted(manual.rglob("*.md")):
            head, body = path.read_text("utf-8").removeprefix("---\n").split("\n---\n", 1)
            facts = yaml.safe_load(head)
            if facts.get("audience", "client") == "client":
                said = body.strip()[:MOST]
                self._page["".join(said.split())] = path.relative_to(manual).with_suffix("").as_posix()
                for question in (facts["title"], *facts.get("questions", ())):
                    trainer.train([question, said])

    def says(self, text: str) -> str:
        return str(self._bot.get_response(text).text)

    def page(self, text: str) -> str:
        return self._page.get("".join(self.says(text).split()), "")


def serve(api: str, token: str, knowing: Bot) -> None:
    async def reply(update: Update, context: CallbackContext) -> None:
        assert update.message is not None
        text = (update.message.text or "").replace(f"@{context.bot.username}", "").strip()
        await update.message.reply_text(knowing.says(text))

    bot = ApplicationBuilder().token(token).base_url(f"{api}/bot").base_file_url(f"{api}/file/bot").build()
    bot.add_handler(MessageHandler(filters.TEXT & ~filters.COMMAND, reply))
    print(json.dumps("serves"), flush=True)
    bot.run_polling()


def inside(questions: list[str], knowing: Bot) -> dict[str, object]:
    knowing.page(questions[0])
    ms, pages = [], []
    for text in questions:
        began = time.perf_counter()
        pages.append(knowing.page(text))
        ms.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(ms, n=100, method="inclusive")
    return {
        "answers": [{"outcome": "answered", "pages": [page]} for page in pages],
        "ms": {"p50": cuts[49], "p95": cuts[94]}, "turns_per_s": len(ms) / sum(ms) * 1000, "memory_mb": memory(),
        "versions": {name: version(name) for name in ("ChatterBot", "python-telegram-bot")},
    }  # fmt: skip


def main() -> None:
    mode, *given = sys.argv[1:]
    knowing = Bot(Path(given[-3]))
    if mode == "serve":
        serve(given[0], given[1], knowing)
    else:
        answer(inside(json.loads(Path(given[0]).read_text("utf-8")), knowing))
        os._exit(0)


if __name__ == "__main__":
    main()
