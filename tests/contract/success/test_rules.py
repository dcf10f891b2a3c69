"""Rules at work on both databases: storms fold, loops stop, every step happens once, hooks are called once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, update

from bot.hook_sending import HookSending
from bot.rule_work import RuleWork
from bot.webhook_sending import Answer
from console.texts import Texts
from handoff import directory, sites, staff_chats
from handoff.casefile import HAPPENED, lock, record
from handoff.errors import NotFound
from handoff.kinds import ChatKind, ClockKind, EventKind, Level, Role, Tier
from handoff.tables import client as clients
from handoff.tables import message as messages_table
from store.tables import job
from store.worker import Worker
from success import alerts, hooks, incidents, rule_book, rule_causes, rule_engine, rules, task_lists, tasks
from success.addresses import PUBLIC
from success.alert_rules import Heard, Notification
from success.check_tables import site_check_state as states
from success.checks import asking
from success.hooks import CallState
from success.incident_log import incident, live
from success.incident_members import counts, of_incident
from success.incident_rules import IncidentState, Kind, Member
from success.incidents import Cause
from success.rule_actions import Acting
from success.rule_deciding import dry_run, with_causes
from success.rule_reading import read
from success.rule_tables import rule_firing
from success.rule_trying import endings
from tests.contract.handoff.conftest import World
from tests.contract.success.test_incidents import firm, outgoing

TEXTS = Texts.shipped()
TELL = """      - tell_clients: {zh-Hans: 服务器异常，正在处理。, en: A fault; we are on it.}
"""


def written(*steps: str, on: str = "alert_firing", head: str = "") -> str:
    lines = "".join(f"      - {step}\n" for step in steps)
    return f"rules:\n  - key: a\n    name: A\n    on: {on}\n{head}    then:\n{lines}"


async def in_force(world: World, source: str) -> None:
    def body(conn: Connection) -> None:
        now = world.clock()
        kept = rule_book.keep(conn, source, by=world.lead.id, now=now)
        rule_book.publish(conn, kept.id, by=world.lead.id, now=now)

    await world.db.write(body)


def heard(
    n: int, *, server: str = "web-01", name: str = "HostHighCpuLoad", severity: str = "critical", **more: Any
) -> Heard:
    at = datetime(2026, 3, 9, 1, 59, tzinfo=UTC)
    labels = {"alertname": name, "severity": severity, "instance": f"{server}:9100"}
    return Heard(
        fingerprint=f"{n:x}",
        firing=True,
        starts_at=at,
        ends_at=None,
        labels=labels,
        annotations={"summary": f"{name} on {server}"},
        **more,
    )


def over(each: Heard) -> Heard:
    return Heard(
        fingerprint=each.fingerprint, firing=False, starts_at=each.starts_at, ends_at=each.starts_at, labels=each.labels
    )


async def post(world: World, *found: Heard, group: str = "g") -> None:
    await world.do(rule_causes.alerts_came, posted=Notification(group_key=group, alerts=found))


@pytest.fixture
def work(world: World) -> World:
    """The world, its worker looking at rules."""
    ruling = RuleWork(world.db, desk=world.desk, texts=TEXTS, clock=world.clock)
    ruling.register(world.worker)
    return world


async def fired(world: World) -> Sequence[Any]:
    return [firing for firing, _ in await world.ask(rule_engine.of_rule, limit=5_000)]


async def test_a_thousand_alerts_of_a_group_are_one_incident_and_few_messages(work: World) -> None:
    """On four hundred servers, in one minute, with our clients on some: one incident, each group once, staff once."""
    for slug, server in (("ant", "web-001"), ("bee", "web-002"), ("cat", "other")):
        await firm(work, slug, server=server)

    def staff(conn: Connection) -> None:
        chat = directory.ensure_chat(
            conn, platform="telegram", external_id="staff", kind=ChatKind.GROUP, now=work.clock()
        )
        staff_chats.make(conn, chat.id, language=None, timezone=None, now=work.clock())

    await work.db.write(staff)
    source = written("open_incident: {title: '{says}', severity: critical}", "tell_staff: {text: '{title}'}") + TELL
    await in_force(work, source)
    storm = [heard(n, server=f"web-{n % 400:03}") for n in range(1_000)]
    await post(work, *storm)
    await work.worker.drain()
    await post(work, *storm)
    await work.worker.drain()
    [known] = await work.ask(live)
    assert (await work.ask(counts, [known.id]))[known.id][Kind.ALERT] == 1_000
    [firing] = await fired(work)
    assert firing.folded == 999
    texts = [each.text for each in await outgoing(work)]
    assert texts == ["服务器异常，正在处理。"] * 2
    to_staff = select(func.count()).select_from(messages_table).where(messages_table.c.audience == "staff")
    assert await work.db.read(lambda conn: conn.execute(to_staff).scalar_one()) == 1


async def test_alerts_of_a_hundred_groups_become_few_incidents(work: World) -> None:
    """Each in a notification of its own: five incidents of servers, the rest one storm."""
    await in_force(work, written("open_incident: {title: '{says}'}"))
    for n in range(100):
        await post(work, heard(n, server=f"s{n}"), group=f"g{n}")
    await work.worker.drain()
    found = await work.ask(live)
    assert len(found) == 6
    assert {known.key for known in found} >= {"storm"}
    numbers = await work.ask(counts, [known.id for known in found])
    assert sum(each[Kind.ALERT] for each in numbers.values()) == 100


async def test_the_alerts_end_and_the_incident_is_watched(work: World) -> None:
    """When the last one is over, not before; the rules that come with the program do it."""
    await post(work, heard(1), heard(2))
    await work.worker.drain()
    [known] = await work.ask(live)
    assert (known.state, known.key) == (IncidentState.OPEN, "server:web-01")
    await post(work, over(heard(1)))
    await work.worker.drain()
    assert (await work.ask(incident, known.id)).state is IncidentState.OPEN
    await post(work, over(heard(2)))
    await work.worker.drain()
    assert (await work.ask(incident, known.id)).state is IncidentState.MONITORING


async def test_a_hook_that_is_not_set_up_says_so_and_one_that_is_is_called_once(work: World) -> None:
    """On the incident; signed; tried again; once for each firing, whatever runs twice."""
    await post(work, heard(1))
    await work.worker.drain()
    [known] = await work.ask(live)
    [call] = await work.ask(hooks.latest)
    assert (call.state, call.incident_id) == (CallState.UNSET, known.id)
    facts = {"name": "scale-out", "url": "https://hooks.example.com/out", "policy": PUBLIC, "by": work.lead.id}
    await work.do(hooks.keep, **facts)
    poster = Poster([500, 200])
    sending = HookSending(work.db, clock=work.clock, poster=poster)  # type: ignore[arg-type]
    sending.register(work.worker)
    work.clock.set(work.clock() + timedelta(hours=1))
    await post(work, heard(2, server="web-02"))
    await work.worker.drain()
    await work.pass_time(minutes=5)
    [call, _] = await work.ask(hooks.latest)
    assert (call.state, call.tries, call.status) == (CallState.TAKEN, 2, 200)
    assert len({headers["webhook-id"] for headers in poster.seen}) == 1
    assert poster.seen[0]["webhook-signature"].startswith("v1,")


class Poster:
    """Takes requests instead of the world; answers what it was given."""

    def __init__(self, statuses: list[int]) -> None:
        self.statuses, self.seen = statuses, list[dict[str, str]]()

    async def post(self, url: str, *, body: bytes, headers: dict[str, str]) -> Answer:
        assert url == "https://hooks.example.com/out"
        assert b"scale-out" in body
        self.seen.append(dict(headers))
        return Answer(ms=1, status=self.statuses[min(len(self.seen), len(self.statuses)) - 1], text="ok")


async def test_an_event_is_looked_at_once_by_however_many(work: World) -> None:
    """The job run again, and by another worker beside it: nothing happens twice."""
    await in_force(work, written("give_task: {text: x}", "open_incident: {title: x}", "call_hook: {hook: out}"))
    await post(work, heard(1))
    acting = Acting(desk=work.desk, name="x")
    for _ in range(3):
        await work.do(rule_engine.look, event_id=1, acting=acting)
    other = Worker(work.db, clock=work.clock, owner="other")
    RuleWork(work.db, desk=work.desk, texts=TEXTS, clock=work.clock).register(other)
    await other.drain()
    await work.worker.drain()
    assert len(await fired(work)) == 1
    assert len(await work.ask(tasks.open_of)) == 1
    assert len(await work.ask(hooks.latest)) == 1
    [firing] = await fired(work)
    for _ in range(2):
        await work.do(rule_engine.go_on, firing_id=firing.id, acting=acting)
    assert await fired(work) == [firing]


async def test_a_rule_that_feeds_itself_is_stopped(work: World) -> None:
    """A task that is late gives a task that is late …: at the third the rule is off and the admins have something to do."""

    def admin(conn: Connection) -> int:
        return directory.add_staff(conn, login="ada", name="Ada", role=Role.ADMIN, now=work.clock()).id

    ada = await work.db.write(admin)
    await in_force(work, written("give_task: {text: again, due_in: 1m}", on="task_overdue", head="    cooldown: 1s\n"))
    facts = {"kind": tasks.TaskKind.OTHER, "origin": "seed", "due_at": work.clock(), "client_id": None}
    await work.do(tasks.give, **facts)
    for _ in range(8):
        work.clock.set(work.clock() + timedelta(minutes=5))
        await work.do(rule_causes.tasks_late)
        await work.worker.drain()
    assert [each.outcome for each in reversed(await fired(work))] == ["fired", "fired", "fired", "stopped"]
    assert list(await work.ask(rule_book.stopped)) == ["a"]
    mine = [
        task
        for task in await work.ask(task_lists.listed, "mine", person_id=ada, own=False)
        if task.origin.startswith("rule-stopped:")
    ]
    assert len(mine) == 1
    await work.db.write(lambda conn: rule_book.resume(conn, "a"))
    with pytest.raises(NotFound):
        await work.db.write(lambda conn: rule_book.resume(conn, "a"))


async def test_a_rule_that_fires_too_often_is_stopped(work: World) -> None:
    """Its limit is its own; what is folded does not count."""
    await in_force(
        work, written("give_task: {text: x}", on="ticket_opened", head="    limit: {firings: 2, within: 1h}\n")
    )
    for _ in range(4):
        ticket = await work.open(Level.BUG)
        facts = {"ticket_id": ticket.id, "seq": 1, "kind": EventKind.OPENED, "causes": []}
        await work.do(rule_causes.ticket_changed, **facts)
    await work.worker.drain()
    assert [each.outcome for each in reversed(await fired(work))] == ["fired", "fired", "stopped"]


async def test_what_must_last_is_looked_at_again(work: World) -> None:
    """An alert that is over after a minute fires nothing; one that stands after two does."""
    await in_force(work, written("open_incident: {title: x}", head="    for: 2m\n"))
    await post(work, heard(1, server="a"))
    await post(work, heard(2, server="b"))
    await work.worker.drain()
    assert await work.ask(live) == ()
    await post(work, over(heard(1, server="a")))
    await work.pass_time(minutes=3)
    assert [known.key for known in await work.ask(live)] == ["server:b"]
    assert sorted(each.outcome for each in await fired(work)) == ["fired", "passed"]


async def test_rules_are_tried_with_what_ended(work: World) -> None:
    """Alerts and sites by what was told later, tickets and tasks as they stand: as the engine saw it then."""
    source = written("give_task: {text: x}", head="    for: 2m\n")
    await in_force(work, source)
    await post(work, heard(1, server="a"), heard(2, server="b"))
    await work.worker.drain()
    ticket, other = await work.open(Level.BUG), await work.open(Level.BUG)
    for each in (ticket, other):
        await work.do(rule_causes.ticket_changed, ticket_id=each.id, seq=1, kind=EventKind.OPENED, causes=[])
    work.clock.set(work.clock() + timedelta(minutes=1))
    await post(work, over(heard(1, server="a")))
    await work.do(work.desk.resolve, ticket_id=ticket.id, by=work.lead.id)
    await work.pass_time(minutes=6)
    events = with_causes(await work.ask(rules.since, datetime(2026, 3, 1, tzinfo=UTC)))
    ended = await work.ask(endings, events)
    would = dry_run(read(source), events, over=ended)
    assert [each.seen.facts["server"] for each in would] == ["b"]
    assert [firing.outcome for firing in reversed(await fired(work))] == ["passed", "fired"]
    opened = [each for each in events if each.kind == "ticket_opened"]
    assert [ended(each, each.at + timedelta(minutes=2)) for each in opened] == [True, False]


async def test_a_site_that_went_meanwhile_does_not_last(work: World) -> None:
    """Removed while it was looked at whether it stays down: nothing fires."""
    ant = await firm(work, "ant")
    await in_force(work, written("open_incident: {title: x}", on="site_down", head="    for: 5m\n"))
    [site] = await work.ask(sites.of_client, ant.id)
    await work.do(rule_causes.site_changed, site_id=site.id, state="down", run=1)
    await work.worker.drain()
    await work.do(sites.remove, client_id=ant.id, site_id=site.id, by=work.lead.id)
    await work.pass_time(minutes=6)
    assert [each.outcome for each in await fired(work)] == ["passed"]


async def test_quiet_hours_hold_what_people_hear_and_nothing_else(work: World) -> None:
    """The incident opens at night, the task comes in the morning, once; a wait goes on when it is over."""
    quiet = "    quiet: {from: '22:00', to: '08:00', zone: Asia/Shanghai}\n"
    await in_force(
        work,
        written("give_task: {text: x}", "open_incident: {title: x}", "wait: 10m", "call_hook: {hook: out}", head=quiet),
    )
    work.clock.set(datetime(2026, 3, 9, 15, 0, tzinfo=UTC))
    await post(work, heard(1))
    await work.worker.drain()
    assert len(await work.ask(live)) == 1
    assert [task.kind for task in await work.ask(tasks.open_of)] == []
    assert await work.ask(hooks.latest) == ()
    await work.pass_time(minutes=11)
    assert len(await work.ask(hooks.latest)) == 1
    await work.pass_time(hours=9)
    assert len(await work.ask(tasks.open_of)) == 1
    assert len(await work.ask(hooks.latest)) == 1


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=1), -timedelta(hours=3)], ids=str)
async def test_a_wait_is_over_once_whatever_the_clock_says(work: World, back: timedelta) -> None:
    """Set back, or ahead, while a step waits: what comes after is done, once."""
    await in_force(work, written("wait: 10m", "give_task: {text: x}", "wait: 10m", "call_hook: {hook: out}"))
    await post(work, heard(1))
    await work.worker.drain()
    work.clock.set(work.clock() - back)
    await work.pass_time(minutes=30)
    assert len(await work.ask(tasks.open_of)) == 1
    assert len(await work.ask(hooks.latest)) == 1
    await work.pass_time(hours=2)
    assert len(await work.ask(tasks.open_of)) == 1
    assert len(await work.ask(hooks.latest)) == 1


async def test_what_is_held_till_morning_is_said_though_the_clock_was_set_back(work: World) -> None:
    """It comes too early then, is held for the same morning again, and is said once."""
    ant = await firm(work, "ant")
    tell = "      - tell_clients: {zh-Hans: 请注意。, en: Mind this., at_night: critical}\n"
    await in_force(work, written("wait: 1m", on="rating_low") + tell)
    work.clock.set(datetime(2026, 3, 9, 22, 0, tzinfo=UTC))  # 06:00 in Shanghai
    await work.do(rules.happened, kind="rating_low", facts={"client_id": ant.id, "value": 2}, origin="r:1")
    await work.pass_time(minutes=5)
    assert await outgoing(work) == []
    work.clock.set(datetime(2026, 3, 9, 16, 0, tzinfo=UTC))
    await work.pass_time(hours=20)
    assert len(await outgoing(work)) == 1


async def test_two_sites_of_a_server_suggest_an_incident(work: World) -> None:
    """By the rules that come with the program; a third site joins it; a run that is told of twice counts once."""
    for slug in ("ant", "bee", "cat"):
        await firm(work, slug)
    every = [site.id for site, _ in await work.ask(sites.every)]
    for _ in range(3):
        await work.do(rule_causes.site_changed, site_id=every[0], state="down", run=7)
    await work.worker.drain()
    assert await work.ask(live) == ()
    for site in every[1:]:
        work.clock.set(work.clock() + timedelta(minutes=2))
        await work.do(rule_causes.site_changed, site_id=site, state="down", run=8)
        await work.worker.drain()
    [known] = await work.ask(live)
    assert (known.state, known.server) == (IncidentState.SUGGESTED, "web-01")
    assert {each.member.subject for each in await work.ask(of_incident, known.id, Kind.SITE)} >= set(every[1:])


async def test_a_dismissed_suggestion_of_sites_stays_so_until_they_were_well(work: World) -> None:
    """While one is down all along no further site brings it back, and the rule is not worn out; then it may."""
    slugs = [f"s{n}" for n in range(30)]
    for slug in slugs:
        await firm(work, slug)
    every = [site.id for site, _ in await work.ask(sites.every)]

    async def turns(site: int, state: str) -> None:
        work.clock.set(work.clock() + timedelta(seconds=10))

        def body(conn: Connection) -> None:
            now = work.clock()
            client = directory.client(conn, sites.find(conn, site).client_id)
            asking.enrol(conn, sites.find(conn, site), client, now=now)
            conn.execute(update(states).where(states.c.site_id == site).values(state=state, since=now))
            rule_causes.site_changed(conn, site_id=site, state=state, run=None, now=now)

        await work.db.write(body)
        await work.worker.drain()

    for site in every[:3]:
        await turns(site, "down")
    [known] = await work.ask(live)
    await work.do(incidents.dismiss, incident_id=known.id, by=work.lead.id)
    for site in every[3:]:
        await turns(site, "down")
    assert await work.ask(live) == ()
    assert await work.ask(rule_book.stopped) == {}
    joined = {each.member.subject for each in await work.ask(of_incident, known.id, Kind.SITE)}
    assert joined >= set(every[1:])
    work.clock.set(work.clock() + timedelta(hours=1))
    for site in every[1:]:
        await turns(site, "ok")
    assert await work.ask(live) == ()
    for site in every[4:6]:
        await turns(site, "down")
    [again] = await work.ask(live)
    assert again.id != known.id


async def test_a_late_ticket_of_a_platinum_client_gives_a_task(work: World) -> None:
    """By its tier, with its number; a gold client's does not."""
    found = [await work.open(Level.BUG, tier=tier) for tier in (Tier.PLATINUM, Tier.GOLD)]

    def breached(conn: Connection) -> None:
        for ticket in found:
            record(conn, lock(conn, ticket.id), EventKind.BREACHED, now=work.clock(), data={"clock": str(ClockKind.FR)})
        for body in conn.execute(select(job.c.body).where(job.c.queue == HAPPENED)).scalars():
            facts = {"ticket_id": body["ticket"], "seq": body["seq"], "kind": EventKind(body["kind"]), "causes": []}
            rule_causes.ticket_changed(conn, **facts, now=work.clock())

    await work.db.write(breached)
    await work.worker.drain()
    [task] = await work.ask(tasks.open_of)
    assert task.facts["what"].startswith(f"{found[0].number}: FR")


async def test_two_low_ratings_of_a_client_give_a_task(work: World) -> None:
    """By the rules that come with the program; those of two clients do not, and each is counted by its client."""
    ant, bee = await firm(work, "ant"), await firm(work, "bee")
    for n, client in enumerate((ant, bee, ant), 1):
        await work.do(rules.happened, kind="rating_low", facts={"client_id": client.id, "value": 2}, origin=f"r:{n}")
        await work.worker.drain()
        found = await work.ask(tasks.open_of)
        assert [task.client_id for task in found] == ([ant.id] if n == 3 else []), n


async def test_a_step_that_fails_undoes_no_other(work: World) -> None:
    """An unknown colleague: noted with the step, the rest is done."""
    await in_force(
        work, written("give_task: {text: x, person: nobody}", "set_level: emergency", "open_incident: {title: x}")
    )
    await post(work, heard(1))
    await work.worker.drain()
    [firing] = await fired(work)
    assert [firing.results[str(n)]["state"] for n in range(3)] == ["failed", "skipped", "done"]


async def test_an_archived_client_hears_nothing(work: World) -> None:
    """Though its site is on the server."""
    ant = await firm(work, "ant")
    await firm(work, "bee")
    await work.db.write(
        lambda conn: conn.execute(update(clients).where(clients.c.id == ant.id).values(archived_at=work.clock()))
    )
    await in_force(work, written("open_incident: {title: x, severity: critical}") + TELL)
    await post(work, heard(1))
    await work.worker.drain()
    assert len(await outgoing(work)) == 1


async def test_versions_are_kept_and_the_published_one_counts(work: World) -> None:
    """A version that is only kept changes nothing; an older one can be published again."""
    first = await work.do(rule_book.keep, source=written("give_task: {text: one}"), by=work.lead.id)
    second = await work.do(rule_book.keep, source=written("give_task: {text: two}"), by=work.lead.id)
    assert (await work.ask(rule_book.in_force))[0].id == 0
    for each in (second, first):
        work.clock.set(work.clock() + timedelta(seconds=1))
        await work.do(rule_book.publish, version_id=each.id, by=work.lead.id)
        assert (await work.ask(rule_book.in_force))[0].id == each.id
    with pytest.raises(NotFound):
        await work.do(rule_book.publish, version_id=99, by=work.lead.id)


async def test_old_events_are_forgotten_but_for_those_that_led_to_something(work: World) -> None:
    """After ninety days."""
    await in_force(work, written("give_task: {text: x}", head="    when: [{field: server, op: ==, value: web-01}]\n"))
    await post(work, heard(1), heard(2, server="web-09"))
    await work.worker.drain()
    work.clock.set(work.clock() + timedelta(days=91))
    assert await work.do(rules.sweep) == 1
    assert len(await work.ask(rules.since, work.clock() - timedelta(days=200))) == 1
    rows = await work.db.read(lambda conn: conn.execute(select(func.count()).select_from(rule_firing)).scalar_one())
    assert rows == 1
    assert len(await work.ask(alerts.latest)) == 2


async def test_what_rules_did_and_alerts_that_are_over_go_with_time(work: World) -> None:
    """Firings after 400 days, with their events; alerts three months after they are over, unless they fire or hold up."""
    ruling = RuleWork(work.db, desk=work.desk, texts=TEXTS, clock=work.clock)
    ruling.register(work.worker)
    await ruling.begin()
    await in_force(work, written("give_task: {text: x}"))
    every = [heard(n, server=f"web-{n}") for n in range(4)]
    for n, each in enumerate(every):
        await post(work, each, group=f"g{n}")
    await work.worker.drain()
    await post(work, *(over(each) for each in every[1:]))
    await work.worker.drain()
    known = {each.server: each.id for each in await work.ask(alerts.latest)}
    cause = Cause(key="server:web-1", title="x", started_at=work.clock())
    for name in ("web-1", "web-2"):
        member = Member(kind=Kind.ALERT, subject=known[name])
        raised = await work.do(incidents.begin, cause=replace(cause, key=f"server:{name}"), members=[member])
    await work.do(incidents.resolve, incident_id=raised.incident.id, by=work.lead.id)

    async def nights(days: int) -> tuple[int, set[str]]:
        work.clock.set(work.clock() + timedelta(days=days))
        await work.worker.drain()
        firings = await work.db.read(
            lambda conn: conn.execute(select(func.count()).select_from(rule_firing)).scalar_one()
        )
        return firings, {each.server for each in await work.ask(alerts.latest)}

    async def heard_of() -> int:
        return sum("alert_id" in each.facts for each in await work.ask(rules.since, datetime(2026, 1, 1, tzinfo=UTC)))

    assert await nights(89) == (4, {"web-0", "web-1", "web-2", "web-3"})
    assert await nights(6) == (4, {"web-0", "web-1"})
    assert await heard_of() == 4
    assert await nights(304) == (4, {"web-0", "web-1"})
    assert await nights(3) == (0, {"web-0", "web-1"})
    assert await heard_of() == 0


async def test_old_rows_go_a_few_at_a_time(work: World) -> None:
    """However many there are, a transaction takes only so many."""
    await in_force(work, written("give_task: {text: x}"))
    every = [heard(n, server=f"web-{n}") for n in range(5)]
    for n, each in enumerate(every):
        await post(work, each, group=f"g{n}")
    await work.worker.drain()
    await post(work, *(over(each) for each in every))
    await work.worker.drain()
    work.clock.set(work.clock() + timedelta(days=500))
    assert [await work.do(alerts.sweep, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    gone = [await work.do(rules.sweep, limit=4) for _ in range(5)]
    assert (sum(gone), gone[-1], max(gone) <= 8) == (15, 0, True)
