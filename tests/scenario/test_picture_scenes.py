"""Screenshots in a client's Telegram group: read, looked up, and handed on as they are."""

from handoff import board
from handoff.kinds import Level, Outcome
from tests.scenario.test_telegram_scenes import PATIENCE, Room, clock, room, telegram, transport
from tests.screenshots import screenshot

__all__ = ["clock", "room", "telegram", "transport"]

TOO_LARGE = ("媒体库", "上传的文件超过了 php.ini 中", "upload_max_filesize 所定义的大小")
BROKEN = ("Error establishing", "a database connection", "建立数据库连接时出错")


async def test_what_stands_in_a_screenshot_is_looked_up(room: Room) -> None:
    """ "这个怎么办" alone is nothing; with its picture it is a question that the manual answers."""
    room.group.photo(room.mei, screenshot(*TOO_LARGE), caption=f"{room.world.bot.mention} 这个怎么办?")
    turn = await room.turn("这个怎么办?")
    assert turn.outcome is Outcome.ANSWERED
    assert "upload_max_filesize" in str(turn.trace["pictured"])
    assert "media-upload-failed" in turn.citations[0].page


async def test_a_picture_of_an_outage_without_a_word_makes_the_bot_ask(room: Room) -> None:
    """A picture wakes nobody by itself: one press does, and the ticket has the picture."""
    room.group.photo(room.wang, screenshot(*BROKEN), caption=room.world.bot.mention)
    asked = await room.group.bot_says("吗", within=PATIENCE)
    await room.world.press(room.wang, asked, "是，现在打不开", within=PATIENCE)
    told = await room.group.bot_says("T-", within=PATIENCE)
    assert "T-1001" in told.text
    ticket = (await room.read(board.open_tickets, conversation_id=(await room.stored())[0].conversation_id))[0]
    assert ticket.level is Level.EMERGENCY
    sent = [m for m in await room.stored() if m.attachments]
    assert [m.ticket_id for m in sent] == [ticket.id]
