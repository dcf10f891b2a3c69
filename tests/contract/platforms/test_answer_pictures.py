"""The pictures of an answer on both platforms: after the text, once, and never at its cost."""

from pathlib import Path
from typing import Any

import pytest

from handoff import messages
from handoff.kinds import Delivery
from handoff.model import Attachment
from store.clock import utc_now
from tests.contract.platforms import test_slack_channel as on_slack
from tests.contract.platforms import test_telegram_channel as on_telegram
from tests.contract.platforms.test_slack_channel import post as slack_post
from tests.contract.platforms.test_telegram_channel import group
from tests.contract.platforms.test_telegram_channel import post as telegram_post
from tests.platforms.slack import Refuse
from tests.platforms.telegram import Chat as Place
from tests.platforms.telegram import Cut, TooMany
from tests.screenshots import screenshot

__all__ = ["group", "slack_post", "telegram_post"]


def pictures(folder: Path, count: int, *, media_type: str = "image/png") -> tuple[Attachment, ...]:
    """Pictures as an answer has them, kept by content."""
    made = []
    for number in range(count):
        content = screenshot(f"picture {number}")
        kept = Attachment(id=f"manual-{number:040}", name=f"第{number}步.png", media_type=media_type, size=len(content))
        (folder / kept.id).write_bytes(content)
        made.append(kept)
    return tuple(made)


async def say(db: Any, talk: int, text: str, files: tuple[Attachment, ...] = ()) -> int:
    said = await db.write(
        lambda conn: messages.say(conn, conversation_id=talk, text=text, name="Bot", attachments=files, now=utc_now())
    )
    return said.id


@pytest.mark.parametrize("fault", [None, TooMany(1)])
async def test_telegram_shows_several_as_an_album(
    telegram_post: on_telegram.Post, group: Place, tmp_path: Path, fault: Any
) -> None:
    """The answer first, then its pictures together, byte for byte, once."""
    if fault is not None:
        telegram_post.world.faults.order("sendMediaGroup", fault)
    _, talk = await telegram_post.chat(group.id)
    files = pictures(tmp_path / "files", 3)
    await say(telegram_post.db, talk, "the answer")
    shown = await say(telegram_post.db, talk, "", files)
    sent = await telegram_post.becomes(shown, Delivery.SENT)
    assert [m.text for m in group.seen] == ["the answer", "", "", ""]
    albums = {m.body.get("media_group_id") for m in group.seen[1:]}
    assert len(albums) == 1
    assert None not in albums
    assert sent.sent == tuple(f"{group.id}/{m.id}" for m in group.seen[1:])


async def test_telegram_shows_one_as_a_photo_and_a_moving_one_as_a_file(
    telegram_post: on_telegram.Post, group: Place, tmp_path: Path
) -> None:
    """Telegram's photos do not move."""
    _, talk = await telegram_post.chat(group.id)
    still = await say(telegram_post.db, talk, "", pictures(tmp_path / "files", 1))
    await telegram_post.becomes(still, Delivery.SENT)
    moving = await say(telegram_post.db, talk, "", pictures(tmp_path / "files", 1, media_type="image/gif"))
    await telegram_post.becomes(moving, Delivery.SENT)
    assert ["photo" in m.body for m in group.seen] == [True, False]


async def test_telegram_keeps_the_answer_whatever_comes_of_the_picture(
    telegram_post: on_telegram.Post, group: Place, tmp_path: Path
) -> None:
    """A picture whose file is lost fails by itself; what was said stands, and what comes next is sent."""
    _, talk = await telegram_post.chat(group.id)
    files = pictures(tmp_path / "files", 1)
    (tmp_path / "files" / files[0].id).write_bytes(b"")
    first = await say(telegram_post.db, talk, "the answer")
    lost = await say(telegram_post.db, talk, "", files)
    after = await say(telegram_post.db, talk, "and more")
    await telegram_post.becomes(first, Delivery.SENT)
    await telegram_post.becomes(lost, Delivery.FAILED)
    await telegram_post.becomes(after, Delivery.SENT)
    assert [m.text for m in group.seen] == ["the answer", "and more"]


async def test_telegram_sends_an_album_again_only_without_a_word(
    telegram_post: on_telegram.Post, group: Place, tmp_path: Path
) -> None:
    """A cut line is followed by one more attempt, as nobody can look up whether it arrived."""
    telegram_post.world.faults.order("sendMediaGroup", Cut())
    _, talk = await telegram_post.chat(group.id)
    shown = await say(telegram_post.db, talk, "", pictures(tmp_path / "files", 2))
    sent = await telegram_post.becomes(shown, Delivery.SENT)
    assert len(sent.sent) == 2
    assert len(group.seen) in (2, 4)


async def test_slack_uploads_them_after_the_text(slack_post: on_slack.Post) -> None:
    """Each picture is shared in the channel once, byte for byte, below the answer."""
    _, talk = await slack_post.chat()
    files = pictures(slack_post.files, 2)
    await say(slack_post.db, talk, "the answer")
    shown = await say(slack_post.db, talk, "", files)
    await slack_post.becomes(shown, Delivery.SENT)
    seen = slack_post.place.seen
    assert seen[0].text == "the answer"
    shared = [file for m in seen for file in m.files]
    assert [(file.name, file.content) for file in shared] == [
        (file.name, (slack_post.files / file.id).read_bytes()) for file in files
    ]


async def test_slack_keeps_the_answer_where_files_are_not_allowed(slack_post: on_slack.Post) -> None:
    """Without the right to upload the pictures fail by themselves."""
    slack_post.slack.faults.call("files.getUploadURLExternal", Refuse("missing_scope"), times=20)
    _, talk = await slack_post.chat()
    first = await say(slack_post.db, talk, "the answer")
    lost = await say(slack_post.db, talk, "", pictures(slack_post.files, 1))
    after = await say(slack_post.db, talk, "and more")
    await slack_post.becomes(first, Delivery.SENT)
    await slack_post.becomes(lost, Delivery.FAILED)
    await slack_post.becomes(after, Delivery.SENT)
    assert slack_post.shown == ["the answer", "and more"]
