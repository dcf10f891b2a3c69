"""The pages of reminders, letters, broadcasts and referrals: what they show, do once, and refuse."""

import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from console.broadcast_words import leave_path
from console.reminder_pages import SHOWN
from handoff import archive, directory, sites
from handoff.kinds import ChatKind, Mode, Tier
from handoff.model import Chat, Client
from handoff.site_rules import read_site
from handoff.sites import Site
from store.tables import job
from success import (
    broadcasts,
    mail_contacts,
    mails,
    referrals,
    reminder_choices,
    reminder_ground,
    reminders,
    tasks,
)
from success.broadcast_rules import Wanted
from success.reminder_tables import reminder_notice
from success.reminders import REMIND
from tests.unit.console.world import ORIGIN, World, field, submit

XSS = '<script>alert(1)</script>"&'


async def site(world: World, *, name: str = "shop", **dates: str) -> Site:
    draft = read_site({"name": name, "address": ""} | dates)
    ago = world.clock() - timedelta(days=40)
    return await world.write(lambda conn: sites.add(conn, client_id=world.client.id, draft=draft, now=ago))


async def group(
    world: World, client: Client | None = None, *, title: str = "Northwind", mode: Mode = Mode.MENTION
) -> Chat:
    def body(conn: Connection) -> Chat:
        owner = client or world.client
        return directory.ensure_chat(
            conn, platform="telegram", external_id=f"g-{title}", kind=ChatKind.GROUP, client_id=owner.id, mode=mode,
            now=world.clock(),
        )  # fmt: skip

    return await world.write(body)


async def steps(world: World) -> list[str]:
    grounds = await world.write(lambda conn: reminder_ground.every(conn, now=world.clock(), ahead=timedelta(days=91)))
    until = world.clock().date() + timedelta(days=91)
    return [f"{each.lapse.what} {each.step}" for ground in grounds for each in ground.coming(until=until)]


async def queued(world: World, queue: str) -> list[Any]:
    return await world.write(lambda c: c.execute(select(job.c.body).where(job.c.queue == queue)).scalars().all())


async def test_what_is_to_come(world: World) -> None:
    """With its day and its 10:00; what a site is called is text."""
    await site(world, name=XSS, icp_on="2026-12-20")
    browser = await world.signed_in("tom")
    html = (await browser.get("/desk/reminders")).text
    assert "ICP filing" in html
    assert "2026-12-20" in html
    assert "<script>alert" not in html
    assert "&lt;script&gt;" in html
    assert (await browser.get("/desk/reminders?client=nw")).status_code == 200
    assert (await browser.get("/desk/reminders?client=nobody%00")).status_code == 200
    assert "/desk/reminders" in (await browser.get("/desk/care")).text


async def test_a_reminder_is_skipped_once(world: World) -> None:
    """It goes from the list; the same again says that it is gone; a step that is none is not found."""
    made = await site(world, icp_on="2026-12-20")
    browser = await world.signed_in("tom")
    form = {"client": str(world.client.id), "subject": f"site:{made.id}:icp", "day": "2026-12-20", "step": "14"}
    answer = await submit(browser, "/desk/reminders", "/desk/reminders/skip", **form)
    assert answer.status_code == 303
    assert "icp 14" not in await steps(world)
    assert "icp 7" in await steps(world)
    again = await submit(browser, "/desk/reminders", "/desk/reminders/skip", **form)
    assert again.status_code == 422
    assert "sent or skipped already" in again.text
    for wrong in ({"step": "x"}, {"day": "2026-13-01"}, {"client": "abc"}, {"client": "99999"}):
        bad = await submit(browser, "/desk/reminders", "/desk/reminders/skip", **form | wrong)
        assert bad.status_code == 404, wrong


async def test_sent_early_by_day_alone(world: World) -> None:
    """A press asks for it once, however often the form comes; at night it is refused."""
    made = await site(world, icp_on="2026-12-20")
    browser = await world.signed_in("tom")
    form = {"client": str(world.client.id), "subject": f"site:{made.id}:icp", "day": "2026-12-20", "step": "14"}
    html = (await browser.get("/desk/reminders")).text
    told = form | {"csrf": field(html, "csrf"), "once": field(html, "once")}
    for _ in range(2):
        answer = await browser.post("/desk/reminders/send", data=told, headers={"Origin": ORIGIN})
        assert answer.status_code == 303
    step = [f"site:{made.id}:icp", "2026-12-20", 14]
    assert await queued(world, REMIND) == [{"client": world.client.id, "step": step, "by": world.people["tom"].id}]
    world.clock.advance(timedelta(hours=12))
    browser = await world.signed_in("tom")
    night = await submit(browser, "/desk/reminders", "/desk/reminders/send", **form)
    assert (night.status_code, "night" in night.text) == (422, True)
    assert len(await queued(world, REMIND)) == 1


async def test_kinds_and_clients_are_switched_off(world: World) -> None:
    """By a lead: one kind of one client, all of a client, one kind for everybody; and on again."""
    await site(world, icp_on="2026-12-20", tls_on="2026-12-21")
    browser = await world.signed_in("tom")
    here, switch = "/desk/reminders", "/desk/reminders/off"
    await submit(browser, here, switch, client=str(world.client.id), what="icp", active="")
    assert {each.split()[0] for each in await steps(world)} == {"tls"}
    await submit(browser, here, switch, client="", what="tls", active="")
    assert await steps(world) == []
    await submit(browser, here, switch, client="", what="tls", active="1")
    await submit(browser, here, switch, client=str(world.client.id), what="all", active="")
    assert await steps(world) == []
    assert (await submit(browser, here, switch, client="", what="all", active="")).status_code == 422
    assert (await submit(browser, here, switch, client="", what="<b>", active="")).status_code == 422
    agent = await world.signed_in("lin")
    token = field((await agent.get("/desk")).text, "csrf")
    refused = await agent.post(switch, data={"csrf": token, "what": "icp"}, headers={"Origin": ORIGIN})
    assert refused.status_code == 403


async def test_addresses_of_a_client(world: World) -> None:
    """Kept with what for, changed by keeping again, removed; another client's stay where they are."""
    browser = await world.signed_in("tom")
    page, action = "/desk/clients/nw/people", "/desk/clients/nw/mail"
    answer = await submit(browser, page, action, address="Li@Shop.example", name=XSS, purposes="reminders")
    assert answer.headers["location"] == f"{page}#mail"
    html = (await browser.get(page)).text
    assert "li@shop.example" in html
    assert "<script>alert" not in html
    await submit(browser, page, action, address="li@shop.example", purposes="reports", language="en")
    (kept,) = await world.write(lambda conn: mail_contacts.every(conn, world.client.id))
    assert (kept.purposes, kept.language, kept.name) == (("reports",), "en", "")
    for wrong in ("no address", "a@b.example\r\nBcc: c@d.example", "x" * 300):
        bad = await submit(browser, page, action, address=wrong)
        assert bad.headers["location"] == f"{page}?mail=address#mail"
    assert "no e-mail address" in (await browser.get(f"{page}?mail=address")).text
    assert (await browser.get(f"{page}?mail=<x>")).status_code == 200
    other = await world.write(
        lambda c: directory.add_client(c, slug="ot", name="Other", tier=Tier.GOLD, now=world.clock())
    )
    theirs = f"/desk/clients/{other.slug}/mail/{kept.id}/remove"
    assert (await submit(browser, page, theirs)).status_code == 404
    await submit(browser, page, f"{action}/{kept.id}/remove")
    assert await world.write(lambda conn: mail_contacts.every(conn, world.client.id)) == ()


async def test_letters_and_what_became_of_them(world: World) -> None:
    """The server's words are shown as text; a failed letter is sent again, once; no server is said."""

    def fail(conn: Connection) -> int:
        posted = mails.post(
            conn, "li@shop.example", origin="o", subject=XSS, text="t", language="en", client_id=world.client.id,
            now=world.clock(),
        )  # fmt: skip
        assert posted is not None
        mails.settle(conn, posted.id, state="failed", why=f"550 {XSS}", now=world.clock())
        return posted.id

    number = await world.write(fail)
    browser = await world.signed_in("tom")
    html = (await browser.get("/desk/settings/mail")).text
    assert "550 &lt;script&gt;" in html
    assert "<script>alert" not in html
    assert "SMTP_URL" in html
    assert (await browser.get("/desk/settings/mail?state=sent")).text.count("send-row") == 0
    for _ in range(2):
        await submit(browser, "/desk/settings/mail", f"/desk/settings/mail/{number}/again")
    assert len(await queued(world, mails.SEND)) == 2, "the first and one more"
    assert (await submit(browser, "/desk/settings/mail", "/desk/settings/mail/x/again")).status_code == 404
    assert (await browser.post("/desk/settings/mail/test", data={}, headers={"Origin": ORIGIN})).status_code == 403
    admin = await world.signed_in("mira")
    assert (await submit(admin, "/desk/settings/mail", "/desk/settings/mail/test", address="x")).status_code == 422
    sent = await submit(admin, "/desk/settings/mail", "/desk/settings/mail/test", address="me@agency.example")
    assert sent.status_code == 303
    assert (await world.write(mails.latest))[0].address == "me@agency.example"


async def test_a_reader_leaves_the_news(world: World) -> None:
    """By the link in a letter: looking changes nothing, a press or a mail program's request does; forged, nothing."""
    keep = partial(mail_contacts.keep, client_id=world.client.id, address="li@shop.example", by=None)
    both = [mail_contacts.BROADCASTS, mail_contacts.REMINDERS]
    contact = await world.write(lambda conn: keep(conn, purposes=both, now=world.clock()))
    path = leave_path(contact.id, secret=world.deps.secret)
    stranger = world.browser()
    looked = await stranger.get(path)
    assert "li@shop.example" in looked.text
    assert (await world.write(lambda c: mail_contacts.contact(c, contact.id))).purposes == tuple(reversed(both))
    one_click = await stranger.post(path, data={"List-Unsubscribe": "One-Click"})
    assert one_click.status_code == 204
    left = await world.write(lambda c: mail_contacts.contact(c, contact.id))
    assert (left.purposes, left.left_at) == ((mail_contacts.REMINDERS,), world.clock())
    assert "No more news" in (await stranger.post(path)).text
    for forged in (
        f"/leave/{contact.id}.xxxx",
        f"/leave/{contact.id}",
        "/leave/x.y",
        f"/leave/{'9' * 40}.a",
        path + "x",
    ):
        assert (await stranger.get(forged)).status_code == 404, forged


async def draft(world: World, **facts: Any) -> broadcasts.Broadcast:
    told = {"title": "国庆安排", "texts": {"zh-Hans": "国庆期间照常值班。"}, "wanted": Wanted(), "by_mail": False}
    told |= {"local_at": ""} | facts
    write = partial(broadcasts.keep, broadcast_id=None, by=world.people["tom"].id, **told)
    return await world.write(lambda conn: write(conn, now=world.clock()))


async def test_a_broadcast_from_draft_to_approval(world: World) -> None:
    """Written by the desk, seen with who is left out and why, approved by a lead as it was seen, once."""
    await group(world, title=XSS)
    await group(world, title="quiet", mode=Mode.OFF)
    browser = await world.signed_in("tom")
    narrowing = (await browser.get("/desk/broadcasts/new")).text
    assert re.findall(r'name="platforms" value="(\w+)"', narrowing) == ["telegram"], "where there are groups"
    form = {"title": "News", "text_zh-Hans": "系统今晚升级 <b>x</b>", "text_en": "", "text_zh-Hant": "", "when": "now"}
    made = await submit(browser, "/desk/broadcasts/new", "/desk/broadcasts", **form)
    path = made.headers["location"]
    html = (await browser.get(path)).text
    assert "Goes to 1 place" in html
    assert "1 group is left out" in html
    assert "The bot is off there" in html
    assert "系统今晚升级 &lt;b&gt;" in html
    assert "<script>alert" not in html
    version = field(html, "seen")
    changed = await submit(browser, f"{path}/edit", path, **form | {"text_zh-Hans": "改了"})
    assert changed.status_code == 303
    stale = await submit(browser, path, f"{path}/approve", seen="2020-01-01T00:00:00+00:00")
    assert (stale.status_code, "changed it since you looked" in stale.text) == (409, True)
    assert version
    fresh = field((await browser.get(path)).text, "seen")
    assert (await submit(browser, path, f"{path}/approve", seen=fresh)).status_code == 303
    assert len(await queued(world, broadcasts.SPREAD)) == 1
    twice = await submit(browser, path, f"{path}/approve", seen=fresh)
    assert twice.status_code == 409
    assert len(await queued(world, broadcasts.SPREAD)) == 1
    assert "waiting" in (await browser.get(path)).text
    assert (await submit(browser, path, f"{path}/stop")).status_code == 303
    assert "stopped" in (await browser.get(path)).text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"title": " "}, "needs a title"),
        ({"text_zh-Hans": ""}, "simplified Chinese"),
        ({"text_zh-Hans": "字" * 3001}, "simplified Chinese"),
        ({"when": "later", "local_at": ""}, "a day and a time"),
        ({"when": "later", "local_at": "2026-13-40T99:99"}, "a day and a time"),
    ],
)
async def test_a_broadcast_that_is_none(world: World, wrong: dict[str, str], words: str) -> None:
    """What is missing is said, and what was typed stays."""
    browser = await world.signed_in("tom")
    form = {"title": "News", "text_zh-Hans": "今晚升级", "text_en": "Kept words", "when": "now"} | wrong
    answer = await submit(browser, "/desk/broadcasts/new", "/desk/broadcasts", **form)
    assert answer.status_code == 422
    assert words in answer.text
    assert "Kept words" in answer.text


async def test_only_leads_send(world: World) -> None:
    """An agent sees nothing of it; a broadcast that is not there is not found."""
    made = await draft(world)
    await group(world)
    agent = await world.signed_in("lin")
    token = field((await agent.get("/desk")).text, "csrf")
    for path in ("approve", "stop", "discard"):
        answer = await agent.post(
            f"/desk/broadcasts/{made.id}/{path}", data={"csrf": token}, headers={"Origin": ORIGIN}
        )
        assert answer.status_code == 403
    lead = await world.signed_in("tom")
    for path in ("/desk/broadcasts/999", "/desk/broadcasts/x", "/desk/broadcasts/999/edit"):
        assert (await lead.get(path)).status_code == 404
    assert (await submit(lead, "/desk/broadcasts", "/desk/broadcasts/999/approve", seen="x")).status_code == 404
    assert (await submit(lead, "/desk/broadcasts", f"/desk/broadcasts/{made.id}/discard")).status_code == 303
    assert await world.write(broadcasts.every) == ()


async def test_a_group_that_wants_none(world: World) -> None:
    """It is left out, staff see it, and can take it back."""
    chat = await group(world)
    made = await draft(world)
    await world.write(lambda conn: broadcasts.refuse(conn, chat.id, by=world.people["tom"].id, now=world.clock()))
    browser = await world.signed_in("tom")
    assert "It wants no broadcasts" in (await browser.get(f"/desk/broadcasts/{made.id}")).text
    assert "Northwind" in (await browser.get("/desk/broadcasts")).text
    await submit(browser, "/desk/broadcasts", "/desk/broadcasts/readmit", chat=str(chat.id))
    assert "Goes to 1 place" in (await browser.get(f"/desk/broadcasts/{made.id}")).text


async def test_referrals(world: World) -> None:
    """Recorded with a task; how far it has come and the reward are kept; the task is done with the first call."""
    browser = await world.signed_in("tom")
    here = "/desk/referrals"
    form = {"client": str(world.client.id), "company": XSS, "contact": "王总", "reach": "138", "note": "想做官网"}
    assert (await submit(browser, here, here, **form)).status_code == 303
    html = (await browser.get(here)).text
    assert "<script>alert" not in html
    assert "王总" in html
    (made,) = await world.write(referrals.every)
    (task,) = await world.write(tasks.open_of)
    assert (task.kind, task.facts["client"]) == ("referral", "Northwind")
    changed = await submit(browser, here, f"{here}/{made.id}", state="won", reward="一次免费巡检", note="签了")
    assert changed.status_code == 303
    (kept,) = await world.write(referrals.every)
    assert (kept.state, kept.reward, kept.rewarded_at) == ("won", "一次免费巡检", world.clock())
    assert await world.write(tasks.open_of) == ()
    for wrong, status in (({"company": " "}, 422), ({"client": "x"}, 422), ({"client": "999"}, 422)):
        assert (await submit(browser, here, here, **form | wrong)).status_code == status
    assert (await submit(browser, here, f"{here}/{made.id}", state="x")).status_code == 422
    assert (await submit(browser, here, f"{here}/999", state="won")).status_code == 404
    assert (await browser.get(f"{here}?client=nw")).status_code == 200
    assert reminders.SWEEP


async def test_a_client_that_was_put_away_stays_on_the_lists(world: World) -> None:
    """What was said to it and about it is still shown, with its name."""
    await group(world)
    made, keep = await draft(world), {"by": world.people["tom"].id, "now": world.clock()}

    def body(conn: Connection) -> None:
        mine = world.client.id
        broadcasts.approve(conn, made.id, seen=broadcasts.version(made), **keep)
        referrals.record(conn, client_id=mine, company="Harbour", **keep)
        reminder_choices.switch(conn, client_id=mine, what="icp", on=False, **keep)
        mails.post(
            conn, "li@shop.example", origin="o", subject="s", text="t", language="en", client_id=mine, now=world.clock()
        )
        archive.archive(conn, mine, **keep)

    await world.write(body)
    browser = await world.signed_in("tom")
    for path in ("/desk/settings/mail", "/desk/referrals", "/desk/reminders", f"/desk/broadcasts/{made.id}"):
        answer = await browser.get(path)
        assert answer.status_code == 200, path
        assert world.client.name in answer.text, path


async def test_what_was_said_to_one_client(world: World) -> None:
    """Chosen by its name, however much was said to others since."""
    other = await world.write(
        lambda conn: directory.add_client(conn, slug="other", name="Other", tier=Tier.GOLD, now=world.clock())
    )

    def body(conn: Connection) -> None:
        for owner in (world.client, *[other] * (SHOWN + 1)):
            row = {"client_id": owner.id, "ours": False, "letters": 1, "at": world.clock()}
            conn.execute(insert(reminder_notice).values(row))

    await world.write(body)
    browser = await world.signed_in("tom")
    assert (await browser.get("/desk/reminders?client=nw")).text.count('class="send-row"') == 1
