"""Macros: kept strictly, filled for a ticket, sent with what is to follow."""

import pytest
from sqlalchemy import Connection

from handoff import board, directory, macro_store, messages
from handoff.kinds import Audience, Level, TicketState
from handoff.macros import Draft, Macro, MacroError, fill, read_draft, unfilled, wording
from tests.unit.console.world import ORIGIN, World, field, submit

AT = "/desk/settings/macros"
HOSTILE = "<img src=x onerror=alert(1)>\"'"


async def kept(world: World, login: str = "lin") -> tuple[Macro, ...]:
    return await world.deps.db.read(lambda conn: macro_store.visible(conn, world.people[login].id))


async def make(world: World, *, by: str = "tom", **facts) -> Macro:
    draft = Draft(**{"name": "Hello", "texts": {"en": "Dear {requester}"}} | facts)
    who, now = world.people[by], world.clock()
    return await world.write(lambda conn: macro_store.create(conn, draft, by=who, now=now))


def test_a_text_is_filled_once() -> None:
    """What is not known stays to be seen, and what a client is called is not read again."""
    values = {"requester": "{agent}", "agent": "Lin", "site": None}
    assert fill("{requester}, { agent } · {site} · {other}", values) == "{agent}, Lin · {site} · {other}"
    assert unfilled("{site} {other} {client}") == ("{site}", "{client}")


def test_the_nearest_language_is_taken() -> None:
    """The other script before English, anything before nothing."""
    assert wording(Draft(name="x", texts={"zh-Hans": "简", "en": "e"}), "zh-Hant") == "简"
    assert wording(Draft(name="x", texts={"zh-Hans": "简", "en": "e"}), "en") == "e"
    assert wording(Draft(name="x", texts={"zh-Hant": "繁"}), "en") == "繁"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": "", "text-en": "x"}, "A name and a text"),
        ({"name": "x"}, "A name and a text"),
        ({"name": "x" * 61, "text-en": "x"}, "too long"),
        ({"name": "x", "text-en": "y" * 4001}, "too long"),
        ({"name": "x", "text-en": "Dear {clinet}"}, "There is no placeholder {clinet}"),
        ({"name": "x", "text-zh-Hans": "{}"}, "There is no placeholder {}"),
        ({"name": "x", "text-en": "{client.name}"}, "There is no placeholder {client.name}"),
        ({"name": "x", "text-en": f"{{{HOSTILE}}}"}, "There is no placeholder {&lt;img"),
    ],
)
async def test_what_cannot_be_kept_is_named(world: World, typed: dict[str, str], said: str) -> None:
    """The typed text stays in the form; nothing is kept."""
    answer = await submit(await world.signed_in(), AT, AT, **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert await kept(world) == ()


async def test_make_preview_change_order_delete(world: World) -> None:
    """The life of a macro by forms alone."""
    lin = await world.signed_in()
    shown = await submit(lin, AT, AT, name="Hi", **{"text-en": "Hello {client}", "preview": "1"})
    assert "Hello Northwind" in shown.text
    assert await kept(world) == ()
    for name in ("One", "Two"):
        assert (
            await submit(lin, AT, AT, name=name, **{"text-en": "x", "then": "resolve", "level": "bug"})
        ).status_code == 303
    one, two = await kept(world)
    assert (one.then, one.level, one.shared, one.owner_id) == ("resolve", Level.BUG, False, world.people["lin"].id)
    assert (await submit(lin, AT, f"{AT}/{two.id}/up")).status_code == 303
    assert [each.name for each in await kept(world)] == ["Two", "One"]
    at = f"{AT}/{one.id}"
    values = {"name": "Won", "text-zh-Hans": "您好", "version": "1"}
    assert (await submit(lin, at, at, **values)).status_code == 303
    stale = await submit(lin, at, at, **values | {"name": "Later"})
    assert stale.status_code == 409
    assert "has changed this macro meanwhile" in stale.text
    assert 'value="Later"' in stale.text
    assert (await submit(lin, at, at, **{"name": "Two", "text-en": "x", "version": "2"})).status_code == 422
    assert (await submit(lin, AT, f"{at}/delete")).status_code == 303
    assert [each.name for each in await kept(world)] == ["Two"]


async def test_only_leads_keep_those_of_everybody(world: World) -> None:
    """An agent's wish to share is not heard; a lead's is seen by all, and changed by no agent."""
    lin, tom = await world.signed_in("lin"), await world.signed_in("tom")
    await submit(lin, AT, AT, name="Mine", shared="1", **{"text-en": "x"})
    await submit(tom, AT, AT, name="Ours", shared="1", **{"text-en": "x"})
    await submit(tom, AT, AT, name="Tom's", **{"text-en": "x"})
    assert [(each.name, each.shared) for each in await kept(world)] == [("Ours", True), ("Mine", False)]
    ours, mine = await kept(world)
    for path in (f"{AT}/{ours.id}", f"{AT}/9999", f"{AT}/x"):
        assert (await lin.get(path)).status_code == 404
    for verb in ("", "/up", "/delete"):
        assert (await submit(lin, AT, f"{AT}/{ours.id}{verb}", name="x", **{"text-en": "x"})).status_code == 404
        assert (await submit(tom, AT, f"{AT}/{mine.id}{verb}", name="x", **{"text-en": "x"})).status_code == 404
    assert len(await kept(world)) == 2


async def test_a_macro_is_filled_for_the_ticket(world: World) -> None:
    """In the client's language, with the ticket's facts; without a script it comes into the box by a form."""
    ticket = await world.ticket(name="王芳")
    texts = {"en": "{requester} {client} {ticket} {agent}", "zh-Hans": "您好{requester}，{site}"}
    macro = await make(world, texts=texts, shared=True)
    at = f"/desk/t/{ticket.number}"
    lin = await world.signed_in()
    found = (await lin.get(f"{at}/macros")).json()
    assert [(each["name"], each["text"]) for each in found] == [("Hello", f"王芳 Northwind {ticket.number} 林薇")]
    inserted = await submit(lin, at, f"{at}/macro", text="Before.", macro_pick=str(macro.id))
    assert f">Before.\n王芳 Northwind {ticket.number} 林薇</textarea>" in inserted.text
    assert field(inserted.text, "macro") == str(macro.id)
    await world.write(lambda conn: directory.update_client(conn, world.client.id, language="zh-Hant"))
    assert (await lin.get(f"{at}/macros")).json()[0]["text"] == "您好王芳，{site}"
    assert "Before." in (await submit(lin, at, f"{at}/macro", text="Before.", macro_pick="999")).text
    assert (await lin.get("/desk/t/T-9/macros")).status_code == 404


async def test_sending_does_what_the_macro_says_and_counts(world: World) -> None:
    """Level and resolving come with it; taken off, or with another button, they do not."""
    macro = await make(world, then="resolve", level=Level.CHANGE, shared=True)
    lin = await world.signed_in()
    wanted = {"applied": ({"apply": "1"}, "resolved", "change"), "not": ({}, "open", "bug")}
    wanted |= {"other": ({"apply": "1", "then": "wait"}, "waiting", "change")}
    for title, (values, state, level) in wanted.items():
        ticket = await world.ticket(title=title)
        at = f"/desk/t/{ticket.number}"
        done = await submit(lin, at, f"{at}/reply", text="We mended it", macro=str(macro.id), **values)
        assert done.status_code == 303, title
        now = await world.deps.db.read(lambda conn, which=ticket.id: board.ticket(conn, which))
        assert (now.state, now.level) == (TicketState(state), Level(level)), title
    assert [each.uses for each in await kept(world)] == [3]


async def test_a_placeholder_left_over_is_not_sent(world: World) -> None:
    """It is named, the text stays; a text that was begun without a macro may hold what it likes."""
    ticket, macro = await world.ticket(), await make(world, shared=True)
    at = f"/desk/t/{ticket.number}"
    lin = await world.signed_in()
    answer = await submit(lin, at, f"{at}/reply", text="See {site}", macro=str(macro.id))
    assert answer.status_code == 409
    assert "The text still holds {site}" in answer.text
    assert ">See {site}</textarea>" in answer.text
    assert field(answer.text, "macro") == str(macro.id)
    assert (await submit(lin, at, f"{at}/reply", text="Write {client} there")).status_code == 303
    assert (await submit(lin, at, f"{at}/reply", text="x", macro="999999")).status_code == 303


async def test_names_and_texts_are_only_text(world: World) -> None:
    """A colleague's macro runs nowhere, and a client's name in it neither."""
    ticket = await world.ticket(name=HOSTILE)
    macro = await make(world, name=f"M{HOSTILE}"[:60], texts={"en": f"{HOSTILE} {{requester}}"}, shared=True)
    at = f"/desk/t/{ticket.number}"
    tom = await world.signed_in("tom")
    pages = [await tom.get(path) for path in (AT, f"{AT}/{macro.id}", at)]
    pages.append(await submit(tom, at, f"{at}/macro", macro_pick=str(macro.id)))
    for page in pages:
        assert page.status_code == 200
        assert "<img src=x" not in page.text


async def test_a_form_twice_makes_one(world: World) -> None:
    """A doubled press keeps one macro; a form without its token keeps none."""
    lin = await world.signed_in()
    html = (await lin.get(AT)).text
    form = {"csrf": field(html, "csrf"), "once": field(html, "once"), "name": "A", "text-en": "x"}
    for _ in range(2):
        assert (await lin.post(AT, data=form, headers={"Origin": ORIGIN})).status_code == 303
    assert (await lin.post(AT, data=form | {"csrf": "no"}, headers={"Origin": ORIGIN})).status_code == 403
    assert [each.name for each in await kept(world)] == ["A"]


def test_a_draft_is_read_without_trust(world: World) -> None:
    """What is no action and no level is none."""
    typed = {"name": " A  b ", "text-en": "x\r\ny", "then": "explode", "level": "panic", "shared": "1"}
    draft = read_draft(typed, by=world.people["lin"])
    assert (draft.name, draft.texts, draft.then, draft.level, draft.shared) == (
        "A b",
        {"en": "x\ny"},
        None,
        None,
        False,
    )
    with pytest.raises(MacroError):
        read_draft({"name": "x", "text-en": "{x}"}, by=world.people["tom"])


async def test_what_was_sent_is_what_was_typed(world: World) -> None:
    """A macro changes nothing of the text at sending."""
    ticket, macro = await world.ticket(), await make(world, shared=True)
    at = f"/desk/t/{ticket.number}"
    await submit(await world.signed_in(), at, f"{at}/reply", text="My own words", macro=str(macro.id))

    def said(conn: Connection):
        return messages.transcript(conn, ticket.conversation_id, audience=Audience.CLIENT)

    assert (await world.deps.db.read(said))[-1].text == "My own words"
