"""What was said is found: in both scripts and in English, at once and after any accident, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, func, select, text

from handoff import board, messages, search_index
from handoff.kinds import Level, Tier
from handoff.model import Ticket
from handoff.search import Asked, Found, Results, search
from handoff.search_tables import search_entry, search_sweep
from handoff.tables import message as message_table
from store.worker import Running
from tests.contract.handoff.conftest import World

MIXED = "请问后台密码忘了怎么办？ERR-1042 at https://www.shop.example/login, mail sarah@shop.example, v2.3.1"


async def look(world: World, words: str, *, cursor: str = "", **filters: object) -> Results:
    asked = Asked(text=words, **filters)  # type: ignore[arg-type]
    return await world.ask(search, asked, cursor=cursor, now=world.clock())


async def numbers(world: World, words: str, **filters: object) -> list[str]:
    return [found.ticket.number for found in (await look(world, words, **filters)).found]


async def told(world: World, said: str, *, tier: Tier = Tier.GOLD) -> Ticket:
    """A client's message and the ticket it led to."""
    heard = await world.hear(said, tier=tier)
    ticket = await world.open(tier=tier)
    await world.db.write(lambda conn: messages.join_ticket(conn, [heard.id], ticket.id))
    return ticket


def marked(found: Found) -> list[str]:
    return [piece.text for each in found.excerpts for piece in each.pieces if piece.found]


WORDS = (
    ("密码", True),
    ("密碼", True),  # traditional finds simplified
    ("后台密码", True),
    ("後", True),
    ("密后", False),
    ("ERR-1042", True),
    ("err-1042", True),
    ("ＥＲＲ－１０４２", True),
    ("1042", True),
    ("ERR-104", False),  # a number is whole
    ("err-1043", False),
    ("www.shop.example", True),
    ("shop.example", True),
    ("hop.example", False),
    ("sarah@shop.example", True),
    ("sarah", True),
    ("other@shop.example", False),
    ("v2.3.1", True),
    ("v2.3", False),
    ("log", True),  # by its beginning
    ("logins", True),  # by its stem
    ("mailing", True),
    ("密码 ERR-1042", True),
    ("密码 ERR-9999", False),
    ("the 密码", True),
    ("the", False),
    ("？！", False),
    ("", False),
)


async def test_words_find_what_was_said(world: World) -> None:
    """Two characters are enough, either script does, codes and addresses are whole, English has endings."""
    ticket = await told(world, MIXED)
    await told(world, "别的事情 about nothing of it", tier=Tier.STANDARD)
    for words, finds in WORDS:
        assert await numbers(world, words) == ([ticket.number] if finds else []), words


async def test_either_side_of_the_strait_finds_the_other(world: World) -> None:
    """網路 is 网络; and a text that mixes the scripts is still found by its simplified words."""
    ticket = await told(world, "後台的小程序連不上網路，網絡的程式壞了")
    for words in ("网络", "網路", "网路", "小程序", "程式"):
        assert await numbers(world, words) == [ticket.number], words


async def test_hostile_words_are_only_words(world: World) -> None:
    """What looks like a query of a database's is cut like any other text."""
    ticket = await told(world, 'O\'Neil wrote "quotes" and a back\\slash NEAR(x y) a:*')
    for words in (
        "o'neil",
        'say "quotes"'.removeprefix("say "),
        "back\\slash",
        "NEAR",
        "words:*",
        "' OR 1=1 --",
        "a" * 5000,
    ):
        await look(world, words)
    assert await numbers(world, "o'neil") == [ticket.number]
    assert await numbers(world, "back\\slash") == [ticket.number]


async def test_a_ticket_is_found_by_title_and_in_all_its_messages_once(world: World) -> None:
    """Its messages are counted, the newest shown; an internal note is found and says so."""
    ticket = await told(world, "表单收不到邮件")
    await world.do(world.desk.reply, ticket_id=ticket.id, by=world.ann.id, text="表单的邮件改好了")
    await world.do(world.desk.note, ticket_id=ticket.id, by=world.ann.id, text="表单的 SMTP 密钥过期")
    (found,) = (await look(world, "表单")).found
    assert (found.ticket.number, found.hits) == (ticket.number, 3)
    assert [each.internal for each in found.excerpts] == [True, False, False]
    assert set(marked(found)) == {"表单"}
    (titled,) = (await look(world, "首页标题")).found
    assert [piece.text for piece in titled.title if piece.found] == ["首页标题"]
    assert titled.hits == 0


async def test_what_was_said_before_a_ticket_belongs_to_it(world: World) -> None:
    """A message that no ticket took is found in the ticket that its conversation led to."""
    await world.hear("我们的支付页面打不开")
    assert await numbers(world, "支付页面") == []
    world.clock.advance(timedelta(minutes=1))
    ticket = await world.open()
    assert await numbers(world, "支付页面") == [ticket.number]


async def test_an_edit_is_found_by_what_it_says_now(world: World) -> None:
    """The old words find nothing any more."""
    ticket = await told(world, "hello")
    said = await world.do(
        messages.say, conversation_id=ticket.conversation_id, text="请清除缓存", name="bot", ticket_id=ticket.id
    )
    assert await numbers(world, "缓存") == [ticket.number]
    await world.do(messages.amend, message_id=said.id, text="请联系同事")
    assert await numbers(world, "缓存") == []
    assert await numbers(world, "同事") == [ticket.number]


async def test_a_message_that_was_rolled_back_is_not_found(world: World) -> None:
    """The index is of the message's own transaction."""

    def fails(conn: Connection) -> None:
        messages.internal(conn, conversation_id=1, text="幽灵", name="x", now=world.clock())
        raise RuntimeError

    await world.open()
    with pytest.raises(RuntimeError):
        await world.db.write(fails)
    assert await numbers(world, "幽灵") == []


async def test_what_lay_there_before_is_swept_in_batches(world: World) -> None:
    """An older database: nothing is indexed; jobs bring it in, newest first, though one of them is done twice."""
    tickets = [await told(world, f"旧事 number{n}", tier=tier) for n in range(3) for tier in Tier]
    await forget(world)
    await told(world, "旧事 new")
    world.worker.register(search_index.SWEEP, sweeper(world))
    await world.do(search_index.begin)
    assert (await look(world, "旧事")).building
    await world.worker.drain()
    results = await look(world, "旧事")
    assert (results.total, results.building) == (len(tickets) + 1, False)
    await world.do(search_index.begin)
    await world.worker.drain()
    assert (await look(world, "首页标题")).total == len(tickets) + 1
    entries = await world.ask(lambda conn: conn.execute(select(func.count()).select_from(search_entry)).scalar_one())
    assert entries == 2 * (len(tickets) + 1)


async def test_terms_cut_anew_are_swept_anew(world: World) -> None:
    """A newer version of the terms indexes everything again, without a message being found twice."""
    ticket = await told(world, "旧事")
    await world.do(search_index.begin)
    await world.db.write(lambda conn: conn.execute(search_sweep.update().values(version=0)).close())
    world.worker.register(search_index.SWEEP, sweeper(world))
    await world.do(search_index.begin)
    await world.worker.drain()
    (found,) = (await look(world, "旧事")).found
    assert (found.ticket.number, found.hits) == (ticket.number, 1)


async def test_filters_keep_what_is_wanted(world: World) -> None:
    """Of one client, in one state, since a day."""
    gold, standard = await told(world, "相同的话"), await told(world, "相同的话", tier=Tier.STANDARD)
    await world.do(world.desk.resolve, ticket_id=standard.id, by=world.ann.id)
    assert await numbers(world, "相同", client_id=gold.client_id) == [gold.number]
    assert await numbers(world, "相同", state="resolved") == [standard.number]
    assert await numbers(world, "相同", state="unsolved") == [gold.number]
    since = world.clock() + timedelta(days=1)
    world.clock.advance(timedelta(days=2))
    late = await told(world, "相同的话", tier=Tier.PLATINUM)
    assert await numbers(world, "相同", since=since) == [late.number]


async def test_pages_hold_every_ticket_once(world: World) -> None:
    """In either order, also while more is said meanwhile."""
    for n in range(7):
        world.clock.advance(timedelta(minutes=1))
        await told(world, f"分页 {n}", tier=list(Tier)[n % 3])
    for order in ("newest", "best"):
        asked, seen, cursor = Asked(text="分页", order=order), [], ""  # type: ignore[arg-type]
        while cursor is not None:
            page = await world.ask(search, asked, cursor=cursor, now=world.clock(), limit=3)
            seen += [found.ticket.id for found in page.found]
            cursor = page.cursor
            world.clock.advance(timedelta(minutes=1))
            await world.hear("分页 once more")
        assert len(seen) == len(set(seen))
        assert len(seen) == 7
        if order == "newest":
            assert seen == sorted(seen, reverse=True)


async def test_a_cursor_that_cannot_be_read_is_the_first_page(world: World) -> None:
    """A forged address is no error."""
    ticket = await told(world, "分页")
    for cursor in ("x", "1_2", "9" * 90, "1_2_3_4", "_".join(["9" * 30] * 3), "\0"):
        assert [found.ticket.id for found in (await look(world, "分页", cursor=cursor)).found] == [ticket.id], cursor


async def test_the_best_comes_before_the_newest(world: World) -> None:
    """A ticket that is about it, by its title, before one where it was mentioned last."""
    about = await world.open(Level.BUG)
    world.clock.advance(timedelta(days=1))
    mentioned = await told(world, "顺便问首页标题", tier=Tier.STANDARD)
    await world.db.write(
        lambda conn: conn.execute(text("UPDATE ticket SET title = '别的' WHERE id = :id"), {"id": mentioned.id}).close()
    )
    await world.db.write(lambda conn: search_index.add_ticket(conn, replace(mentioned, title="别的")))
    assert await numbers(world, "首页标题") == [mentioned.number, about.number]
    assert await numbers(world, "首页标题", order="best") == [about.number, mentioned.number]


async def test_words_of_merged_tickets_are_found_where_they_live_on(world: World) -> None:
    """The messages of a merged ticket lead to the one that goes on."""
    away, into = await told(world, "合并的事情"), await told(world, "另一件")
    await world.do(world.desk.merge, ticket_id=away.id, into=into.id, by=world.ann.id)
    assert await numbers(world, "合并") == [into.number]
    assert (await world.ask(board.ticket, away.id)).merged_into == into.id


def sweeper(world: World):  # type: ignore[no-untyped-def]
    async def sweep(running: Running) -> None:
        await world.db.write(
            lambda conn: search_index.sweep(
                conn, {"kind": "nothing"} | dict(running.job.body), now=world.clock(), batch=2
            )
        )
        await running.finish(lambda conn: search_index.sweep(conn, running.job.body, now=world.clock(), batch=2))

    return sweep


async def forget(world: World) -> None:
    """The database as it was before there was a search."""

    def body(conn: Connection) -> None:
        if conn.dialect.name == "sqlite":
            conn.execute(text("INSERT INTO search_words (search_words) VALUES ('delete-all')"))
        conn.execute(delete(search_entry))
        conn.execute(delete(search_sweep))
        assert conn.execute(select(func.count()).select_from(message_table)).scalar_one()

    await world.db.write(body)
