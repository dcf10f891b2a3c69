"""What colleagues do with the app's own things in Slack, by both ways in: pages, presses, forms, direct messages."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tests.contract.platforms.test_slack_channel import Post, listening, stage
from tests.platforms.slack import Refuse


@pytest.fixture(params=["socket", "http"])
async def heard(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Post]:
    """Both directions, by both ways in."""
    async with stage(tmp_path, socket_mode=request.param == "socket") as made, listening(made):
        yield made


async def test_a_guest_opens_the_page(heard: Post) -> None:
    """They find what the bot does, in the language of their account, and no ticket."""
    world = heard.slack.world
    heard.anna.locale = "en-US"
    heard.slack.open_home(heard.anna)
    view = await world.until(lambda: world.home(heard.anna), within=10, what="a page")
    assert "I answer questions about your website" in str(view.blocks)
    assert "/aftercare bind" in str(view.blocks)
    heard.slack.open_home(heard.ben, tab="messages")
    await heard.slack.settled(within=10)
    assert world.home(heard.ben) is None


async def test_a_home_that_is_switched_off_holds_nothing_up(heard: Post) -> None:
    """The event is acknowledged all the same; the log says what to switch on."""
    heard.slack.faults.call("views.publish", Refuse("not_enabled"))
    with capture_logs() as logs:
        heard.slack.open_home(heard.anna)
        await heard.slack.settled(within=10)
        await heard.slack.world.until(
            lambda: [line for line in logs if line["event"] == "slack_home_not_shown"], within=10, what="the log"
        )
    assert all(each.acknowledged for each in heard.slack.deliveries)
    assert "Home Tab" in str(logs)


async def test_direct_messages_are_opened(heard: Post) -> None:
    """Our id of them, the same each time; none where Slack opens none."""
    direct = heard.slack.world.direct(heard.anna)
    for _ in range(2):
        assert await heard.account.open_direct(f"T0HOME/{heard.anna.id}") == f"T0HOME/{direct.id}"
    heard.slack.faults.call("conversations.open", Refuse("user_disabled"))
    assert await heard.account.open_direct(f"T0HOME/{heard.ben.id}") is None
    assert await heard.account.open_direct("T0HOME/U404") is None


async def test_somebody_elses_form_is_acknowledged(heard: Post) -> None:
    """A form that is not ours, or whose draft is gone, changes nothing and leaves nobody waiting."""
    world = heard.slack.world
    field = {"type": "plain_text_input", "action_id": "written"}
    label = {"type": "plain_text", "text": "x"}
    block = {"type": "input", "block_id": "written", "label": label, "element": field}
    form = {"type": "modal", "title": label, "submit": label, "blocks": [block]}
    answers = []
    for carried in ({"callback_id": "other"}, {"callback_id": "reply", "private_metadata": "f:404:0"}):
        await heard.account.client.views_open(trigger_id=world.triggers.issue(heard.anna), view={**form, **carried})
        view = list(world.views.values())[-1]
        answers.append(await heard.slack.submit(view, {"written": {"written": {**field, "value": "hello"}}}))
    theirs, gone = answers
    assert (theirs.ok, theirs.errors) == (True, None)
    assert (gone.ok, set(gone.errors or {})) == (True, {"written"})
