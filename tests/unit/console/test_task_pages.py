"""Tasks and visits on pages: whose they are, how they end, what a visit leaves behind; nothing of it twice."""

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

from handoff import directory
from handoff.kinds import Role
from success import tasks, visits
from success.tasks import TaskKind, TaskState
from tests.unit.console.world import ORIGIN, World, field, submit

EVIL = "<script>alert(1)</script>"


async def given(world: World, origin: str = "x:1", **facts: Any) -> tasks.Task:
    """A task of this client's."""
    now = world.clock()
    usual = {"kind": TaskKind.OTHER, "facts": {"what": "Send the plan"}, "due_at": now + timedelta(days=1)}
    made = await world.write(
        lambda conn: tasks.give(conn, origin=origin, client_id=world.client.id, now=now, **usual | facts)
    )
    assert made is not None
    return made


async def found(world: World, task_id: int) -> tasks.Task:
    return await world.deps.db.read(lambda conn: tasks.task(conn, task_id))


async def test_the_overdue_come_first_and_the_badge_counts(world: World) -> None:
    """A lead sees their own with nobody's; all open is one press away."""
    now, tom = world.clock(), world.people["tom"]
    await given(world, "soon", assignee_id=tom.id)
    await given(world, "late", assignee_id=tom.id, due_at=now - timedelta(days=1), facts={"what": "Call back"})
    await given(world, "other", assignee_id=world.people["mira"].id, facts={"what": "Not Tom's"})
    browser = await world.signed_in("tom")
    mine = (await browser.get("/desk/tasks")).text
    assert mine.index("Call back") < mine.index("Send the plan")
    assert "Not Tom&#39;s" not in mine
    assert 'class="count num bad">2' in mine
    assert "Not Tom&#39;s" in (await browser.get("/desk/tasks?view=open&client=nw")).text
    assert "Nothing was closed yet" in (await browser.get("/desk/tasks?view=closed")).text


async def test_a_task_is_closed_once_with_its_note(world: World) -> None:
    """Sent twice it is done once; another end later changes nothing."""
    task = await given(world, assignee_id=world.people["tom"].id)
    browser = await world.signed_in("tom")
    html = (await browser.get("/desk/tasks")).text
    typed = {"csrf": field(html, "csrf"), "once": field(html, "once"), "state": "done", "note": f"Sent {EVIL}"}
    for _ in range(2):
        answer = await browser.post(f"/desk/tasks/{task.id}/close", data=typed, headers={"Origin": ORIGIN})
        assert answer.status_code == 303
    await given(world, "y:1", assignee_id=world.people["tom"].id)
    await submit(browser, "/desk/tasks", f"/desk/tasks/{task.id}/close", state="drop", note="no")
    kept = await found(world, task.id)
    assert (kept.state, kept.note, kept.closed_by) == (TaskState.DONE, f"Sent {EVIL}", world.people["tom"].id)
    closed = (await browser.get("/desk/tasks?view=closed")).text
    assert EVIL not in closed
    assert "Sent &lt;script&gt;" in closed


async def test_a_task_is_handed_over_to_whoever_may_sign_in(world: World) -> None:
    """Nobody else; and the list says why not."""
    task = await given(world, assignee_id=world.people["tom"].id)
    browser = await world.signed_in("tom")
    refused = await submit(browser, "/desk/tasks", f"/desk/tasks/{task.id}/hand-over", to="999999")
    assert refused.status_code == 422
    assert "Choose a colleague" in refused.text
    lin = world.people["lin"].id
    await submit(browser, "/desk/tasks", f"/desk/tasks/{task.id}/hand-over", to=str(lin), view="open")
    assert (await found(world, task.id)).assignee_id == lin


async def test_an_agent_sees_and_closes_their_own_alone(world: World) -> None:
    """The nav shows tasks to an agent who has some."""
    theirs = await given(world, assignee_id=world.people["lin"].id)
    others = await given(world, "y:1", assignee_id=world.people["tom"].id, facts={"what": "Secret plan"})
    browser = await world.signed_in("lin")
    page = (await browser.get("/desk/tasks?view=open")).text
    assert "Send the plan" in page
    assert "Secret plan" not in page
    assert 'href="/desk/tasks"' in (await browser.get("/desk")).text
    refused = await submit(browser, "/desk/tasks", f"/desk/tasks/{others.id}/close", state="done")
    assert refused.status_code == 403
    await submit(browser, "/desk/tasks", f"/desk/tasks/{theirs.id}/close", state="drop")
    assert (await found(world, theirs.id)).state is TaskState.DROPPED
    assert 'href="/desk/tasks"' not in (await browser.get("/desk")).text


@pytest.mark.parametrize("form", [{"state": "perhaps"}, {}])
async def test_a_task_ends_one_way_or_the_other(world: World, form: dict[str, str]) -> None:
    """Anything else is refused; a task that is not there is not found."""
    task = await given(world, assignee_id=world.people["tom"].id)
    browser = await world.signed_in("tom")
    assert (await submit(browser, "/desk/tasks", f"/desk/tasks/{task.id}/close", **form)).status_code == 422
    assert (await submit(browser, "/desk/tasks", "/desk/tasks/77777/close", state="done")).status_code == 404


async def test_an_expiry_names_what_and_when_as_people_do(world: World) -> None:
    """Codes and dates of the facts are said in the reader's language."""
    facts = {"what": "tls", "title": "shop.example", "on": "2026-12-20"}
    await given(world, kind=TaskKind.EXPIRY, facts=facts, assignee_id=world.people["tom"].id)
    browser = await world.signed_in("tom")
    assert "shop.example: TLS certificate expires on 20 Dec 2026" in (await browser.get("/desk/tasks")).text
    assert "shop.example 的 TLS 证书 于 2026年12月20日 到期" in (await browser.get("/desk/tasks?lang=zh-Hans")).text


@pytest.mark.parametrize("kind", list(TaskKind))
@pytest.mark.parametrize("language", ["en", "zh-Hans", "zh-Hant"])
async def test_every_kind_is_said_whatever_its_facts(world: World, kind: TaskKind, language: str) -> None:
    """Missing, foreign or odd facts never break the list."""
    facts: dict[str, Any] = {"stage": "design", "on": "2026-12-01", "n": "many", "what": ["a", "b"], "text": "no.such"}
    for n, told in enumerate(({}, facts, {"what": None, "title": EVIL, "number": 7})):
        await given(world, f"{kind}:{n}", kind=kind, facts=told, assignee_id=world.people["tom"].id)
    browser = await world.signed_in("tom")
    page = await browser.get(f"/desk/tasks?lang={language}")
    assert page.status_code == 200
    assert EVIL not in page.text


async def test_a_visit_is_written_up_from_the_clients_page(world: World) -> None:
    """Its task is done, its points are tasks; sent twice, it was held once."""
    await world.write(lambda conn: visits.plan(conn, now=world.clock()))
    browser = await world.signed_in("tom")
    at = "/desk/clients/nw/feedback"
    html = (await browser.get(at)).text
    assert "Visit Northwind for 2026-Q4" in html
    typed = {
        "held_on": "2026-11-16",
        "way": "video",
        "met": f"Sarah {EVIL}",
        "summary": "All well",
        "agreed": "New menu",
    }
    tokens = {"csrf": field(html, "csrf"), "once": field(html, "once")}
    for _ in range(2):
        answer = await browser.post("/desk/clients/nw/visits", data=tokens | typed, headers={"Origin": ORIGIN})
        assert answer.headers["location"] == f"{at}#visits"
    page = (await browser.get(at)).text
    assert page.count("All well") == 1
    assert "Agreed at the visit: New menu" in page
    assert EVIL not in page
    table = await browser.get("/desk/care/visits")
    assert "100 %" in table.text
    file = await browser.get("/desk/care/visits/export.csv?quarter=2026-Q4")
    lines = list(csv.reader(StringIO(file.text.lstrip("\ufeff"))))
    assert lines[1][:2] == ["Northwind", "Visited"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"held_on": "2027-01-01"}, "cannot lie ahead"),
        ({"held_on": "yesterday"}, "Give the day"),
        ({"way": "pigeon"}, "Choose how"),
        ({"met": ""}, "Say who was there"),
        ({"summary": "x" * 5_001}, "in a few words"),
    ],
)
async def test_a_visit_that_cannot_be_kept_says_why(world: World, changes: dict[str, str], said: str) -> None:
    """What was typed stays in the form."""
    browser = await world.signed_in("tom")
    typed = {"held_on": "2026-11-16", "way": "call", "met": "Sarah", "summary": "All well"} | changes
    answer = await submit(browser, "/desk/clients/nw/feedback", "/desk/clients/nw/visits", **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert "<details open>" in answer.text


async def test_past_quarters_are_one_choice_away(world: World) -> None:
    """A name that is none shows the quarter that it is."""
    await world.write(lambda conn: visits.plan(conn, now=world.clock()))
    await world.write(
        lambda conn: directory.add_staff(conn, login="rosa", name="Rosa", role=Role.SUCCESS, now=world.clock())
    )
    browser = await world.signed_in("tom")
    assert "No visits are planned" in (await browser.get("/desk/care/visits?quarter=2026-Q1")).text
    assert "Northwind" in (await browser.get("/desk/care/visits?quarter=zzz")).text
