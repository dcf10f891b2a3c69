"""A ticket's card: what it says, and what may be pressed as the ticket stands."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot import cards, staff_presses
from bot.arrived import button_data, read_staff_press
from bot.cards import Dossier
from bot.shipped import load_texts
from bot.staff_words import StaffWords, plain
from console.texts import Texts
from handoff.errors import AlreadyClaimed, EmptyText, NotAllowed, NotReplied
from handoff.kinds import (
    Audience,
    Author,
    ClockKind,
    ClockState,
    EventKind,
    Level,
    PersonKind,
    Role,
    TicketState,
    Tier,
)
from handoff.model import Button, ClockView, Message, Person, Ticket, TicketEvent

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
WORDS = StaffWords(texts=load_texts(), desk=Texts.shipped())
LIN = Person(id=7, kind=PersonKind.STAFF, name="Lin", role=Role.AGENT)
TICKET = Ticket(
    id=1,
    number="T-1001",
    client_id=1,
    conversation_id=1,
    requester_id=1,
    level=Level.BUG,
    title="*首页* [坏了](http://x.test)",
    summary="第一行\n# 第二行",
    reason="not_in_manual",
    tier=Tier.GOLD,
    state=TicketState.NEW,
    since=NOW,
    opened_at=NOW,
    policy="1",
)
CLOCK = ClockView(
    kind=ClockKind.FR,
    state=ClockState.RUNNING,
    started_at=NOW,
    due_at=NOW + timedelta(hours=1),
    target="1 h on G",
    elapsed_s=0,
    remaining_s=3600,
    breached=False,
)


def dossier(**facts: object) -> Dossier:
    known = Dossier(
        ticket=TICKET, client="青禾", assignee=None, asked=None, clocks=(CLOCK,), events=(), names={7: "Lin"}, now=NOW
    )
    return replace(known, **facts)


@pytest.mark.parametrize(
    ("state", "assignee", "level", "expected"),
    [
        (TicketState.NEW, None, Level.QUESTION, "claim assign snooze resolve raise return"),
        (TicketState.NEW, None, Level.EMERGENCY, "claim assign snooze resolve return"),
        (TicketState.OPEN, 7, Level.BUG, "assign snooze wait resolve raise return"),
        (TicketState.WAITING, 7, Level.BUG, "assign snooze resolve raise return"),
        (TicketState.RETURNED, None, Level.BUG, "claim"),
        (TicketState.RESOLVED, 7, Level.BUG, "reopen"),
        (TicketState.MERGED, 7, Level.BUG, ""),
    ],
)
def test_the_buttons_follow_the_state(state, assignee, level, expected) -> None:
    """Only what the state allows is offered, and a menu is open only where people have the ticket."""
    ticket = replace(TICKET, state=state, assignee_id=assignee, level=level)
    assert " ".join(button.id for button in cards.buttons(dossier(ticket=ticket), WORDS)) == expected
    if state in {TicketState.RESOLVED, TicketState.MERGED, TicketState.RETURNED}:
        opened = cards.buttons(dossier(ticket=ticket), WORDS, menu="snooze")
        assert " ".join(button.id for button in opened) == expected


@pytest.mark.parametrize(
    ("menu", "expected"),
    [
        ("assign", ["assign:7", "back"]),
        ("snooze", ["snooze:1h", "snooze:4h", "snooze:morning", "back"]),
        ("raise", ["level:emergency", "back"]),
    ],
)
def test_the_second_keyboards(menu: str, expected: list[str]) -> None:
    """Colleagues, times, or the levels above."""
    assert [button.id for button in cards.buttons(dossier(colleagues=(LIN,)), WORDS, menu=menu)] == expected


def test_a_change_request_may_become_anything_above() -> None:
    """The next level comes first."""
    assert cards.higher(Level.CHANGE) == (Level.QUESTION, Level.BUG, Level.EMERGENCY)


def test_a_card_says_absolute_times_and_what_is_typed_as_it_is() -> None:
    """A card stays true unread for days; a client's words are no markup."""
    text = cards.face(dossier(asked="Lin", link="https://desk.example/desk/t/T-1001"), WORDS).text
    assert "⏱ 首次响应：11月24日(周二)11:00前" in text
    assert r"\*首页\* \[坏了\]\(http://x\.test\)" in text
    assert r"\# 第二行" in text
    assert "已请：Lin" in text
    assert text.endswith("https://desk.example/desk/t/T-1001")
    later = cards.face(
        dossier(asked="Lin", link="https://desk.example/desk/t/T-1001", now=NOW + timedelta(days=2)), WORDS
    )
    assert later.text == text


@pytest.mark.parametrize(
    ("clock", "line"),
    [
        (replace(CLOCK, breached=True, breached_at=NOW), "⚠️ 首次响应：自11月24日(周二)11:00起超时"),
        (replace(CLOCK, state=ClockState.PAUSED, due_at=None), "⏸ 首次响应：已暂停"),
    ],
)
def test_late_and_paused_clocks(clock: ClockView, line: str) -> None:
    """Since when it is late; that it is paused."""
    assert line in cards.face(dossier(clocks=(clock,)), WORDS).text.split("\n")


def test_a_met_clock_is_not_shown() -> None:
    """Only what still counts."""
    assert "首次响应" not in cards.face(dossier(clocks=(replace(CLOCK, state=ClockState.MET),)), WORDS).text


def test_what_happened_is_told_in_lines() -> None:
    """Each event once, those before are told already; a late one names whom it concerns."""
    events = tuple(
        TicketEvent(id=n, ticket_id=1, seq=n, at=NOW, recorded_at=NOW, kind=kind, actor_id=7, data=data)
        for n, (kind, data) in enumerate(
            [(EventKind.CLAIMED, {}), (EventKind.REPLIED, {}), (EventKind.BREACHED, {"clock": "RS"})], 1
        )
    )
    known = dossier(events=events, assignee="Lin")
    assert cards.news(known, WORDS, after=0) == "· Lin 认领了工单\n⚠️ 超时：解决 @Lin"
    assert cards.news(known, WORDS, after=1) == "⚠️ 超时：解决 @Lin"
    assert cards.news(known, WORDS, after=3) == ""


@pytest.mark.parametrize(("state", "sign"), [(TicketState.NEW, "🟠"), (TicketState.RESOLVED, "✅")])
def test_a_threads_name(state: TicketState, sign: str) -> None:
    """Number, client and title, cut to what fits; done tickets are seen to be done."""
    name = cards.thread_name(dossier(ticket=replace(TICKET, state=state, title="长" * 200)), WORDS)
    assert name.startswith(f"{sign} T-1001 青禾 · 长")
    assert len(name) == cards.LONGEST_NAME


def test_only_a_clients_tickets_with_people_are_similar() -> None:
    """The newest three, without the ticket itself."""
    others = [replace(TICKET, id=n, state=TicketState.OPEN) for n in range(1, 7)]
    others[2] = replace(others[2], state=TicketState.RESOLVED)
    assert [each.id for each in cards.listed(others, but=1)] == [2, 4, 5]


def test_what_a_button_carries() -> None:
    """A button for our own people carries what it does, under 64 bytes; a client's carries its place."""
    message = Message(
        id=10**17,
        conversation_id=1,
        chat_id=1,
        author=Author.SYSTEM,
        audience=Audience.STAFF,
        name="",
        text="",
        at=NOW,
        stored_at=NOW,
        buttons=(Button(id="assign:123456789012345678", label="x"),),
    )
    carried = button_data(message, 0)
    assert len(carried.encode()) <= 64
    assert read_staff_press(carried) == (10**17, "assign:123456789012345678")
    assert button_data(replace(message, audience=Audience.CLIENT), 0) == f"b:{10**17}:0"
    assert read_staff_press("s:1:x;drop") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("1h", NOW + timedelta(hours=1)),
        ("4h", NOW + timedelta(hours=4)),
        ("morning", datetime(2026, 11, 25, 1, tzinfo=UTC)),
    ],
)
def test_how_long_a_ticket_is_put_aside(name: str, expected: datetime) -> None:
    """Hours from now, or nine o'clock tomorrow on the chat's wall."""
    assert staff_presses.snoozed_until(name, zone="Asia/Shanghai", now=NOW) == expected


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (AlreadyClaimed(LIN), "Lin 已经接手了。"),
        (NotReplied(1), "请先回复客户"),
        (NotAllowed("claim", TicketState.RESOLVED), "已解决"),
        (EmptyText(), "操作未成功"),
    ],
)
def test_why_a_press_did_not_work(error, said: str) -> None:
    """One short sentence, as long as a press's answer may be."""
    told = staff_presses.sentence(error, WORDS)
    assert said in told
    assert len(told) <= 200


def test_every_offered_button_is_known_and_named() -> None:
    """No button does nothing."""
    ids = {"keep", "send", "retract", "drop", "send_draft", "edit_draft", "draft", "back", "level"}
    for state in TicketState:
        ids |= set(cards.offered(replace(TICKET, state=state)))
    assert ids <= set(staff_presses.VERBS)


def test_plain_words() -> None:
    """Nothing in them is markup."""
    assert plain("a_b *c* [d](e) `f` > #") == r"a\_b \*c\* \[d\]\(e\) \`f\` \> \#"
