"""What helps with a ticket: a suggested reply with its sources, a summary, similar tickets, reasoning, the trail."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

import pytest

from console import case_similar, case_summary
from console.app import create
from console.ports import SuggestedReply
from console.texts import Texts
from handoff import accounts, case_help, directory, messages, turn_records
from handoff.agreements import Draft, Entitlement
from handoff.kinds import Audience, Level, Outcome, Tier
from handoff.model import Citation, Ticket
from tests.unit.console.world import World, submit
from tests.unit.console.world import field as hidden

HOSTILE = "<img src=x onerror=alert(1)>\"'"
SOURCE = Citation(n=1, page="en/wordpress/reset", title="Reset", heading="Steps", anchor="steps", chunk="c1")


@dataclass
class Scripted:
    """A suggester that says what a test wants, and remembers what was sent."""

    says: SuggestedReply | str
    stale: bool = False
    kept: list[tuple[object, int]] = field(default_factory=list)

    async def suggest(self, ticket: Ticket) -> SuggestedReply | str:
        return self.says

    def holds(self, conn, grounds, *, ticket_id: int) -> bool:
        return not self.stale

    def sent(self, conn, grounds, *, message_id: int, now) -> None:
        self.kept.append((grounds, message_id))


@dataclass
class Summing:
    """A summariser that says what a test wants."""

    says: str | None
    heard: list[str] = field(default_factory=list)

    async def summarise(self, talk: str, *, title: str, state: str, language: str) -> str | None:
        self.heard.append(talk)
        return self.says


def with_ports(world: World, **ports) -> World:
    deps = replace(world.deps, **ports)
    return replace(world, deps=deps, app=create(deps))


REPLY = SuggestedReply(text="Open *Settings* [1]", citations=(SOURCE,), made_by="extract", grounds={"k": 1})


async def test_a_suggestion_is_shown_with_its_sources_and_sent_by_a_colleague(world: World) -> None:
    """On demand; it comes into the box by a press; sent with its marks, its sources go along and are kept."""
    scripted = Scripted(REPLY)
    world = with_ports(world, suggester=scripted)
    ticket = await world.ticket()
    at = f"/desk/t/{ticket.number}"
    lin = await world.signed_in()
    assert "Nothing is sent by itself" in (await lin.get(at)).text
    assert (await submit(lin, at, f"{at}/suggest")).status_code == 303
    html = (await lin.get(at)).text
    assert "Open *Settings* [1]" in html
    assert 'href="/desk/manual/en/wordpress/reset#steps"' in html
    assert "without a language model" in html
    assert len(await world.said(ticket)) == 1
    kept = await world.deps.db.read(lambda conn: case_help.suggested(conn, ticket.id))
    boxed = await submit(lin, at, f"{at}/insert", suggestion=str(kept.id))
    assert ">Open *Settings* [1]</textarea>" in boxed.text
    text = {"text": "Please open *Settings* [1]", "suggestion": str(kept.id)}
    assert (await submit(lin, at, f"{at}/reply", **text)).status_code == 303
    said = (await world.said(ticket))[-1]
    assert said.citations == (SOURCE,)
    assert scripted.kept == [({"k": 1}, said.id)]


async def test_rewritten_without_its_marks_it_rests_on_nothing(world: World) -> None:
    """A colleague's own words are theirs alone; another ticket's suggestion is none."""
    scripted = Scripted(REPLY)
    world = with_ports(world, suggester=scripted)
    ticket, other = await world.ticket(), await world.ticket(title="Other")
    lin = await world.signed_in()
    at = f"/desk/t/{ticket.number}"
    await submit(lin, at, f"{at}/suggest")
    kept = await world.deps.db.read(lambda conn: case_help.suggested(conn, ticket.id))
    await submit(lin, at, f"{at}/reply", text="My own words", suggestion=str(kept.id))
    far = f"/desk/t/{other.number}"
    await submit(lin, far, f"{far}/reply", text="See [1]", suggestion=str(kept.id))
    assert scripted.kept == []
    assert (await world.said(other))[-1].citations == ()


async def test_a_withdrawn_page_holds_the_reply_back(world: World) -> None:
    """The sentence says why; the text stays."""
    scripted = Scripted(REPLY)
    world = with_ports(world, suggester=scripted)
    ticket = await world.ticket()
    lin, at = await world.signed_in(), f"/desk/t/{ticket.number}"
    await submit(lin, at, f"{at}/suggest")
    kept = await world.deps.db.read(lambda conn: case_help.suggested(conn, ticket.id))
    scripted.stale = True
    answer = await submit(lin, at, f"{at}/reply", text="Open it [1]", suggestion=str(kept.id))
    assert answer.status_code == 409
    assert "A page that the suggestion rests on was withdrawn" in answer.text
    assert ">Open it [1]</textarea>" in answer.text
    assert hidden(answer.text, "suggestion") == str(kept.id)


@pytest.mark.parametrize("why", ["no_question", "nothing_found", "declined", "unavailable"])
async def test_no_suggestion_says_why(world: World, why: str) -> None:
    """Each reason is a sentence, and there is nothing to insert."""
    world = with_ports(world, suggester=Scripted(why))
    ticket = await world.ticket()
    lin, at = await world.signed_in(), f"/desk/t/{ticket.number}"
    await submit(lin, at, f"{at}/suggest")
    html = (await lin.get(at)).text
    assert Texts.shipped().say(f"case.suggest.none.{why}", "en").replace("'", "&#39;") in html
    assert "Insert into reply" not in html


async def test_help_is_asked_for_so_often(world: World) -> None:
    """A held-down key does not flood the model."""
    world = with_ports(world, suggester=Scripted("declined"))
    ticket = await world.ticket()
    lin, at = await world.signed_in(), f"/desk/t/{ticket.number}"
    answers = [await submit(lin, at, f"{at}/suggest") for _ in range(13)]
    assert [answer.status_code for answer in answers] == [303] * 12 + [409]
    assert "Please wait a minute" in answers[-1].text


async def test_a_summary_without_a_model_is_put_together(world: World) -> None:
    """Who, what, since when, what was tried, how it stands: labelled as such, with its moment."""
    ticket = await world.ticket()
    lin, at = await world.signed_in(), f"/desk/t/{ticket.number}"
    await submit(lin, at, f"{at}/reply", text="May we reset it?", then="wait")
    assert (await submit(lin, at, f"{at}/summary")).status_code == 303
    html = (await lin.get(at)).text
    for words in ("Who: Sarah, Northwind", "What: No mails since yesterday", "Since: 2026-11-16 10:00",
                  "Tried: 林薇: May we reset it?", "Now: Waiting for client, with 林薇", "Put together from the messages"):  # fmt: skip
        assert words in html


async def test_a_model_sums_up_and_may_fail(world: World) -> None:
    """Its words are labelled as its own; where it fails the extract stands in. Other tickets' talk is not shown to it."""
    summing = Summing("- Sarah has no mails")
    world = with_ports(world, summariser=summing)
    ticket = await world.ticket()
    lin, at = await world.signed_in(), f"/desk/t/{ticket.number}"
    await submit(lin, at, f"{at}/summary")
    html = (await lin.get(at)).text
    assert "- Sarah has no mails" in html
    assert "Written by the language model" in html
    assert "client Sarah: No mails since yesterday" in summing.heard[0]
    summing.says = None
    await submit(lin, at, f"{at}/summary")
    assert "Put together from the messages" in (await lin.get(at)).text


async def test_the_contract_is_seen_without_its_fee(world: World) -> None:
    """Scope, entitlements used, who looks after the client: by an agent too; the fee is not there."""
    draft = Draft(
        tier=Tier.GOLD, starts_on=date(2026, 1, 1), fee=123456, scope=f"Care of the site {HOSTILE}",
        entitlements=(Entitlement(name="On-site visits", amount=4, unit="visits"),),
    )  # fmt: skip

    def body(conn):
        now = world.clock()
        accounts.agree(conn, client_id=world.client.id, draft=draft, by=world.people["mira"].id, now=now)
        directory.update_client(conn, world.client.id, success_id=world.people["tom"].id, site=HOSTILE)

    await world.write(body)
    ticket = await world.ticket()
    html = (await (await world.signed_in("lin")).get(f"/desk/t/{ticket.number}")).text
    assert "On-site visits" in html
    assert "0 of 4 visits" in html
    assert "Tom Baker" in html
    assert "Care of the site" in html
    assert "123456" not in html
    assert "123,456" not in html
    assert "<img src=x" not in html


def stub(number: int, title: str, *, client: int | None = 1, summary: str = "") -> Ticket:
    facts = {"conversation_id": 1, "requester_id": 1, "level": Level.BUG, "reason": "", "tier": Tier.GOLD}
    at = {"since": AT, "opened_at": AT}
    return Ticket(
        id=number, number=f"T-{1000 + number}", client_id=client, title=title, summary=summary, state="open",
        policy="p", **facts, **at,
    )  # fmt: skip


AT = datetime(2026, 11, 16, tzinfo=UTC)


def test_likeness_is_by_rare_words_and_both_scripts() -> None:
    """The same matter in the other script is found; what is common to all says little; the own client comes first."""
    asked = stub(1, "联系表单收不到邮件")
    others = [
        stub(2, "聯絡表單收不到郵件", client=2),
        stub(3, "首页标题怎么改"),
        stub(4, "表单收不到邮件了", client=1),
        stub(5, "Contact form sends no mail", client=2),
    ]
    found = case_similar.alike(asked, others)
    assert [one.ticket.id for one in found] == [4, 2]
    assert [one.ours for one in found] == [True, False]
    assert all(0 < one.score <= 1 for one in found)
    assert case_similar.alike(stub(9, "？！"), others) == ()
    assert case_similar.alike(asked, []) == ()


async def test_similar_tickets_say_how_they_were_solved(world: World) -> None:
    """With the last thing that a colleague told the client; nothing of it runs."""
    solved = await world.ticket(title="Contact form sends no mail at all", text="contact form mail")
    lin = await world.signed_in()
    far = f"/desk/t/{solved.number}"
    await submit(lin, far, f"{far}/reply", text=f"The SMTP password had expired {HOSTILE}", then="resolve")
    ticket = await world.ticket(title="Contact form sends no mail", text="contact form mail", name=HOSTILE)
    html = (await lin.get(f"/desk/t/{ticket.number}/about/similar")).text
    assert solved.number in html
    assert "same client" in html
    assert "The SMTP password had expired" in html
    assert "<img src=x" not in html


async def test_the_bots_reasoning_is_in_words(world: World) -> None:
    """Outcome, reason, evidence, passages with links, and the whole record, folded; nothing of it runs."""
    ticket = await world.ticket()

    def body(conn):
        said = messages.transcript(conn, ticket.conversation_id, audience=Audience.CLIENT)[0]
        turn_records.record_turn(
            conn, conversation_id=ticket.conversation_id, person_id=said.person_id, message_ids=[said.id],
            outcome=Outcome.ESCALATE, reason="thin_evidence", level=Level.BUG, language="en", question=HOSTILE,
            ticket_id=ticket.id, evidence=0.42, at=world.clock(), ms=12,
            trace={"found": [{"page": "en/wordpress/reset", "heading": "Steps", "score": 0.5}], "prompt": HOSTILE},
        )  # fmt: skip

    await world.write(body)
    html = (await (await world.signed_in()).get(f"/desk/t/{ticket.number}/about/reasoning")).text
    for words in (
        "Handed over",
        "The evidence was too thin",
        "evidence 42 %",
        "/desk/manual/en/wordpress/reset",
        "0.500",
    ):
        assert words in html
    assert "<img src=x" not in html


async def test_the_trail_names_everything_that_happened(world: World) -> None:
    """Each event in words, with who and when, the newest first; an unknown part and ticket are not found."""
    ticket = await world.ticket()
    lin, at = await world.signed_in(), f"/desk/t/{ticket.number}"
    await submit(lin, at, f"{at}/claim")
    await submit(lin, at, f"{at}/level", level="emergency")
    await submit(lin, at, f"{at}/reply", text="hello")
    html = (await lin.get(f"{at}/about/audit")).text
    order = ["林薇 answered the client", "changed the level to Emergency", "林薇 claimed the ticket", "Ticket opened"]
    assert [html.index(words) for words in order] == sorted(html.index(words) for words in order)
    assert "by web" in html
    assert (await lin.get(f"{at}/about/nothing")).status_code == 404
    assert (await lin.get("/desk/t/T-77/about/audit")).status_code == 404


def test_a_summary_in_chinese_is_in_chinese(world: World) -> None:
    """The same lines in the reader's language; an empty talk has no line of what was tried."""
    person = world.people["lin"]
    material = case_summary.Material(ticket=stub(1, "首页"), client=None, requester=person, assignee=None, said=())
    text = case_summary.extract(material, Texts.shipped(), "zh-Hans", zone=UTC)
    assert text == "- 提问人：林薇\n- 问题：首页\n- 开始时间：2026-11-16 00:00\n- 现状：处理中"
