"""One message is followed by its number through the log of the real program; nobody's words and no secret are in it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

from tests.watched import MODEL_KEY, Watched, program

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(900)]
QUESTION = "后台密码忘了怎么办？"
PASSWORD = "password: hunter2-and-more"
WAY = ["message_stored", "turn_started", "retrieved", "model_called", "draft_checked", "turn", "delivered"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def watched(indexed: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    """A program that was asked on the web and on Telegram."""
    async with program(indexed, tmp_path_factory.mktemp("following")) as made:
        yield made


def way(log: list[dict[str, Any]], message: int) -> list[dict[str, Any]]:
    """What a colleague finds who searches the log for a message's number."""
    return [line for line in log if line.get("message") == message]


def is_told_step_by_step(lines: list[dict[str, Any]]) -> bool:
    """Every step is there in its order, in one conversation; each later step names its job."""
    events = [line["event"] for line in lines if line["event"] in WAY]
    assert list(dict.fromkeys(events)) == WAY, lines
    assert len({line["conversation"] for line in lines}) == 1
    assert all(isinstance(line["job"], int) for line in lines if line["event"] != "message_stored")
    assert len({line["job"] for line in lines if line.get("queue") == "turn"}) == 1
    turn = next(line for line in lines if line["event"] == "turn")
    delivered = next(line for line in lines if line["event"] == "delivered")
    return turn["turn"] == delivered["turn"] and turn["outcome"] == "answered"


async def test_a_message_of_the_web_chat_is_followed(watched: Watched) -> None:
    """Stored, searched, written, checked, said: seven lines with one number."""
    message = await watched.ask(QUESTION)
    await watched.logged("delivered", message=message)
    lines = way(watched.log(), message)
    assert is_told_step_by_step(lines)
    assert lines[0]["platform"] == "web"


async def test_a_message_of_telegram_is_followed(watched: Watched) -> None:
    """The same in a group; the platform's own numbers lead to ours and back."""
    await watched.ask_on_telegram(QUESTION)
    delivered = await watched.logged("delivered", platform="telegram", result="sent", queue="deliver")
    while "turn" not in delivered:  # other words of the bot's came before the answer
        delivered = await watched.logged("delivered", platform="telegram", turn=delivered.get("turn", 2))
    lines = way(watched.log(), delivered["message"])
    assert is_told_step_by_step(lines)
    arrived = [line for line in watched.log() if line["event"] == "update_arrived"]
    assert lines[0]["update"] in {line["update"] for line in arrived}
    assert lines[0]["external"]
    assert delivered["external"]


async def test_nobodys_words_and_no_secret_are_in_the_log(watched: Watched) -> None:
    """Not the question, not the answer, not the key of the model, not the bot's token, not a failure's address."""
    await watched.ask(f"{QUESTION} {PASSWORD}")
    printed = watched.server.printed()
    for said in (QUESTION, "hunter2", MODEL_KEY, watched.telegram.world.token, "重置"):
        assert said not in printed
    assert not [line for line in watched.log() if "text" in line or "question" in line]


async def test_every_meter_has_counted_the_turns(watched: Watched) -> None:
    """After real turns the stages, the answer's time, tokens, checks, deliveries and requests have been counted."""
    await watched.ask(QUESTION)
    families = {each.name: each for each in text_string_to_metric_families(await watched.metrics())}

    def counted(name: str, **labels: str) -> float:
        samples = [each for family in families.values() for each in family.samples if each.name == name]
        return sum(each.value for each in samples if labels.items() <= each.labels.items())

    for stage in ("burst", "queue", "retrieve", "model", "check", "commit", "deliver"):
        assert counted("aftercare_stage_seconds_count", stage=stage) >= 1, stage
    assert counted("aftercare_answer_seconds_count", channel="web") >= 1
    assert counted("aftercare_turns_total", outcome="answered") >= 1
    assert counted("aftercare_model_tokens_total", kind="prompt") >= 900
    assert counted("aftercare_checks_total", result="passed") >= 1
    assert counted("aftercare_deliveries_total", channel="web", result="sent") >= 1
    assert counted("aftercare_http_seconds_count", area="chat", status="2xx") >= 1
    assert counted("aftercare_job_wait_seconds_count", queue="turn") >= 1
    assert counted("aftercare_job_seconds_count", queue="turn", result="done") >= 1
    assert counted("aftercare_jobs", queue="telegram_poll", state="running") == counted("aftercare_telegram_polls") == 1
    assert counted("aftercare_database_up") == 1
    assert counted("aftercare_database_connections", state="limit") > 0
    assert counted("aftercare_index_version") >= 1
    assert counted("process_resident_memory_bytes") > 10_000_000
    assert {"emergency", "bug", "question", "change"} == {
        sample.labels["level"] for sample in families["aftercare_tickets"].samples
    }


async def test_few_series_and_no_names(watched: Watched) -> None:
    """Labels are closed: a process exposes some thousand series at most, and no client, person, chat or path."""
    page = await watched.metrics()
    series = [line for line in page.splitlines() if line and not line.startswith("#")]
    assert len(series) < 2_500
    assert "客户" not in page
    assert "demo" not in page
    assert '"/' not in page
