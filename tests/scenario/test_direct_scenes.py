"""Whose matter it is, over Telegram: of which client, of a community, of a colleague who has another one."""

from datetime import timedelta

from sqlalchemy import Connection

from bot import belonging
from handoff import bindings, board, directory, modes
from handoff.kinds import Mode, Outcome, Tier
from tests.scenario.test_telegram_scenes import PATIENCE, Room, clock, room, telegram, transport

__all__ = ["clock", "room", "telegram", "transport"]


async def second_client(room: Room) -> None:
    """Mei writes in the group of another client too."""
    now = room.house.clock

    def body(conn: Connection) -> str:
        toys = directory.add_client(conn, slug="toys", name="小熊玩具", tier=Tier.STANDARD, now=now())
        return bindings.code_for_client(conn, toys.id, by=room.agent.id, now=now())

    code = await room.house.app.db.write(body)
    group = room.world.supergroup("小熊 · 网站", room.mei, room.wang)
    group.say(room.mei, f"/bind {code}")
    await group.bot_says("小熊玩具", within=PATIENCE)
    group.say(room.mei, "大家好")


async def test_a_contact_is_known_in_a_direct_message(room: Room) -> None:
    """Who writes in one client's group speaks for that client: the ticket is theirs, with their contract's promise."""
    room.group.say(room.wang, "大家早")
    private = room.world.private(room.wang)
    private.say(room.wang, "转人工")
    await private.bot_says("T-1001", within=PATIENCE)
    ticket = await room.house.open_ticket()
    client = await room.read(directory.client_by_slug, slug="demo")
    assert (ticket.client_id, ticket.tier) == (client.id, Tier.GOLD)


async def test_who_speaks_for_two_clients_is_asked_which_one(room: Room) -> None:
    """One press, then the question is taken up for that client; half a day later it is asked again."""
    room.group.say(room.mei, "大家早")
    await second_client(room)
    private = room.world.private(room.mei)
    private.say(room.mei, "我要退款")
    asked = await private.bot_says("哪一家", within=PATIENCE)
    assert set(asked.labels) == {"青禾茶业 Greenleaf Tea", "小熊玩具"}
    await room.world.press(room.mei, asked, "小熊玩具", within=PATIENCE)
    await private.bot_says("T-1001", within=PATIENCE)
    ticket = await room.house.open_ticket()
    toys = await room.read(directory.client_by_slug, slug="toys")
    assert (ticket.client_id, ticket.tier) == (toys.id, Tier.STANDARD)
    assert "退款" in ticket.title
    room.house.clock.jump(belonging.CHOICE_HOLDS + timedelta(minutes=1))
    private.say(room.mei, "域名怎么续费?")
    await room.world.until(
        lambda: True if sum("哪一家" in m.text for m in private.seen) > 1 else None, within=PATIENCE, what="asked again"
    )


async def test_a_community_gets_general_answers_and_no_ticket(room: Room) -> None:
    """The manual's answer without a button for a person; what needs one is for the client's own group."""
    chat = await room.read(directory.find_chat, platform="telegram", external_id=str(room.group.id))
    at = room.house.clock
    await room.house.app.db.write(lambda conn: modes.change(conn, chat.id, Mode.COMMUNITY, by=room.agent.id, now=at()))
    room.group.say(room.mei, f"{room.world.bot.mention} 后台密码忘了怎么办?")
    answer = await room.group.bot_says("忘记密码", within=PATIENCE)
    assert "转人工" not in answer.labels
    room.group.say(room.wang, f"{room.world.bot.mention} 网站打不开了!!!")
    await room.group.bot_says("多家客户", within=PATIENCE)
    assert (await room.turn("网站打不开了!!!")).outcome is Outcome.CLARIFY
    assert not await room.read(board.queue, view="open", viewer_id=0, now=at())


async def test_another_matter_is_answered_beside_a_colleagues_ticket(room: Room) -> None:
    """Lin has the mail's trouble; whoever asks the bot by name about something else is answered, and nobody else is."""
    room.group.say(room.mei, f"{room.world.bot.mention} 邮箱收不到邮件, 转人工")
    await room.group.bot_says("T-1001", within=PATIENCE)
    ticket = await room.house.open_ticket()
    at = room.house.clock
    claim = room.house.app.desk.claim
    await room.house.app.db.write(lambda conn: claim(conn, ticket_id=ticket.id, by=room.agent.id, now=at()))
    room.group.say(room.wang, "首页标题怎么改?")
    assert (await room.turn("首页标题怎么改?")).reason == "person_handles"
    room.group.say(room.wang, f"{room.world.bot.mention} 后台密码忘了怎么办?")
    answered = await room.turn("后台密码忘了怎么办?")
    assert (answered.outcome, answered.ticket_id) == (Outcome.ANSWERED, None)
    room.group.say(room.wang, f"{room.world.bot.mention} 邮箱怎么还是收不到邮件?")
    assert (await room.turn("邮箱怎么还是收不到邮件?")).ticket_id == ticket.id
