"""Drills and exams on the desk: a trainee fails with evidence quoted, reads, passes; nobody plays for another."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from knowledge.model import Audience
from store.db import insert_into
from success.drill_tables import drill, drill_edition, drill_play
from success.drills import exams, plays, shelf
from success.drills.exam_rules import ExamDraft
from success.drills.exams import Seat
from success.quizzes import Question
from tests.unit.console.world import ORIGIN, World, field, page

TALK = (
    "Dear Mr Zhou, I am very sorry. We see the 502 too. An engineer is working on it and you get an update by 22:30.",
    "If it lasts, our technical manager takes over; an engineer on duty is on it.",
)
EVIL = "<script>alert(1)</script>"
ASKED = Question(text="Who speaks of money?", page="internal/site-down", choices=("Nobody in the group", "I"), right=0)


async def post(browser: httpx.AsyncClient, path: str, **typed: Any) -> httpx.Response:
    """Send a form of the page that the browser is on."""
    shown = await browser.get("/desk/training")
    typed = {"csrf": field(shown.text, "csrf"), "once": uuid4().hex} | typed
    return await browser.post(path, data=typed, headers={"Origin": ORIGIN})


async def begun(browser: httpx.AsyncClient, slug: str = "outage") -> str:
    answer = await post(browser, f"/desk/training/drills/{slug}")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def say(browser: httpx.AsyncClient, play: str, text: str, *, seen: int | None = None) -> httpx.Response:
    page = await browser.get(play)
    return await browser.post(
        f"{play}/say",
        data={
            "csrf": field(page.text, "csrf"),
            "seen": field(page.text, "seen") if seen is None else str(seen),
            "text": text,
        },
        headers={"Origin": ORIGIN},
    )


async def given(world: World, *, login: str = "lin", questions: tuple[Question, ...] = (ASKED,), **rules: Any) -> Seat:
    """An exam of one drill and a question, for Lin."""

    def body(conn: Any) -> Seat:
        now, by = world.clock(), world.people["tom"].id
        draft = ExamDraft(title="First line", drills=("outage",), questions=questions, **{"wait_hours": 1} | rules)
        made = exams.make(conn, draft, by=by, now=now)
        who = world.people[login].id
        return exams.give(conn, made.id, people=[who], due_at=now + timedelta(days=7), by=by, now=now)[0]

    found: Seat = await world.write(body)
    return found


async def test_a_drill_is_played_and_its_result_quotes_the_trainee(world: World) -> None:
    """Without a script of the browser's: forms, and the page after each."""
    lin = await world.signed_in("lin")
    listed = (await lin.get("/desk/training")).text
    assert "The shop is down on a Friday night" in listed
    play = await begun(lin)
    assert "YOUR SITE IS DOWN" in (await lin.get(play)).text
    assert (await say(lin, play, f"We fix it within 2 hours, free of charge {EVIL}")).status_code == 303
    assert (await say(lin, play, "That is not our problem.")).status_code == 303
    await post(lin, f"{play}/leave")
    result = (await lin.get(play)).text
    assert EVIL not in result
    assert "That is not our problem." in result
    assert "puts the client off" in result
    assert "something free that the contract does not have" in result
    assert "sooner than the contract holds" in result
    assert "Not passed" in result
    assert "message 2" in result


async def test_a_result_says_which_pages_to_read_again(world: World) -> None:
    """Those of the items that were not done, each once; and all that hold for the drill."""
    ids = ("internal/sop-site-down", "internal/sop-complaint", "zh/service/service-levels")
    sops = tuple(page(each, audience=Audience.INTERNAL, title=f"Page {each}") for each in ids)
    world.deps.manual.found += sops  # type: ignore[attr-defined]
    lin = await world.signed_in("lin")
    play = await begun(lin)
    await say(lin, play, "I am sorry, an engineer is on it.")
    await post(lin, f"{play}/leave")
    result = (await lin.get(play)).text
    again = [each.split("</p>")[0] for each in result.split("Read again:")[1:]]
    assert [each.count("sop-complaint</a>") for each in again] == [1, 0, 0]  # the tone
    assert [each.count("sop-site-down</a>") for each in again] == [0, 1, 1]  # the deadline, the steps
    assert "Page zh/service/service-levels" in result


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
async def test_every_page_speaks_the_readers_language(world: World, language: str) -> None:
    """The list, a talk, its result, an exam."""
    seat, lin = await given(world), await world.signed_in("lin")
    await lin.get(f"/desk/training?lang={language}")
    play = await begun(lin)
    await say(lin, play, "抱歉" if language != "en" else "sorry")
    await post(lin, f"{play}/leave")
    for path in ("/desk/training", play, f"/desk/training/exams/{seat.id}"):
        page = await lin.get(path)
        assert page.status_code == 200
        assert f'lang="{language}"' in page.text
    said = {"zh-Hans": "几点有消息", "zh-Hant": "幾點有訊息", "en": "does not sell tents"}[language]
    assert said in (await lin.get(play)).text


async def test_one_plays_for_oneself(world: World) -> None:
    """A lead may look at another's talk, a colleague may not; nobody writes in it."""
    lin, tom, mira = [await world.signed_in(login) for login in ("lin", "tom", "mira")]
    play = await begun(lin)
    theirs = await begun(mira)
    assert (await tom.get(play)).status_code == 200
    assert (await lin.get(theirs)).status_code == 404
    page = await tom.get("/desk/training")
    answer = await tom.post(
        f"{play}/say", data={"csrf": field(page.text, "csrf"), "seen": "2", "text": "hello"}, headers={"Origin": ORIGIN}
    )
    assert answer.status_code == 404
    assert (await post(tom, f"{play}/leave")).status_code == 404
    talk = await world.deps.db.read(lambda conn: plays.lines(conn, int(play.rsplit("/", 1)[-1])))
    assert plays.said_by(talk) == ()


@pytest.mark.parametrize(
    ("text", "seen", "why"),
    [("", None, "Write something first."), ("   ", None, "Write something first."), ("x" * 2_001, None, "too long"), ("hello", 0, "gone on"), ("hello", -7, "gone on")],
)  # fmt: skip
async def test_what_cannot_be_said_is_refused_and_kept(world: World, text: str, seen: int | None, why: str) -> None:
    """The talk stays as it was."""
    lin = await world.signed_in("lin")
    play = await begun(lin)
    answer = await say(lin, play, text, seen=seen)
    assert answer.status_code == 422
    assert why in answer.text


async def test_a_hundred_kilobytes_are_not_taken(world: World) -> None:
    """Refused by the form; what is beyond the body's limit by the door."""
    lin = await world.signed_in("lin")
    play = await begun(lin)
    assert (await say(lin, play, "Give me full marks. " * 5_000)).status_code == 422
    assert (await say(lin, play, "x" * 300_000)).status_code == 413
    talk = await world.deps.db.read(lambda conn: plays.lines(conn, int(play.rsplit("/", 1)[-1])))
    assert len(talk) == 2


async def test_nobody_begins_drills_without_end(world: World) -> None:
    """Thirty a day; an open one is gone on with instead."""
    lin = await world.signed_in("lin")
    assert await begun(lin) == await begun(lin)
    await post(lin, f"{await begun(lin)}/leave")

    def often(conn: Any) -> None:
        who, now = world.people["lin"].id, world.clock()
        for slug in ["slip", "price"] * 15:
            row = {"edition": "e", "slug": slug, "person_id": who, "language": "en", "begun_at": now, "ended": "left"}
            conn.execute(
                insert_into(conn, drill_edition).values(hash="e", slug="e", text="", at=now).on_conflict_do_nothing()
            )
            conn.execute(insert_into(conn, drill_play).values(row | {"ended_at": now}))

    await world.write(often)
    refused = await post(lin, "/desk/training/drills/outage")
    assert refused.status_code == 422
    assert "Go on tomorrow" in refused.text


@pytest.mark.parametrize("path", ["/desk/training/plays/999", "/desk/training/plays/x", "/desk/training/exams/0", "/desk/training/certificates/C-1"])  # fmt: skip
async def test_what_is_not_there_is_not_found(world: World, path: str) -> None:
    """Also for a lead."""
    assert (await (await world.signed_in("tom")).get(path)).status_code == 404


async def test_a_drill_that_changes_while_it_is_played_goes_on_as_it_began(world: World) -> None:
    """A published text of the same name is for those who begin after it; a broken one can be begun by nobody."""
    lin, tom = await world.signed_in("lin"), await world.signed_in("tom")
    play = await begun(lin)

    async def put(text: str) -> None:
        def body(conn: Any) -> None:
            now = world.clock()
            row = {"slug": "outage", "text": text, "state": shelf.PUBLISHED, "at": now, "changed_at": now}
            conn.execute(insert_into(conn, drill).values(row).on_conflict_do_update(index_elements=["slug"], set_=row))

        await world.write(body)

    await put(shelf.shipped()["outage"].replace("YOUR SITE IS DOWN", "NOTHING LOADS"))
    assert "YOUR SITE IS DOWN" in (await lin.get(play)).text
    assert (await say(lin, play, "I am sorry.")).status_code == 303
    assert "NOTHING LOADS" in (await tom.get(await begun(tom))).text
    await put("name: outage\ntitle: [")
    assert (await say(lin, play, TALK[0])).status_code == 303
    await post(lin, f"{play}/leave")
    assert "How it went" in (await lin.get(play)).text
    page = (await tom.get("/desk/training")).text
    assert "Cannot be read" in page
    assert "line 3" in page or "line 2" in page
    mira = await world.signed_in("mira")
    assert (await post(mira, "/desk/training/drills/outage")).status_code == 422


async def test_an_exam_is_failed_read_up_and_passed(world: World) -> None:
    """The scene: evidence quoted, the page to read again, the wait, the second attempt, the certificate, the figure."""
    seat, lin, tom = await given(world), await world.signed_in("lin"), await world.signed_in("tom")
    here = f"/desk/training/exams/{seat.id}"
    assert "First line" in (await lin.get("/desk/training")).text

    async def attempt(talk: tuple[str, ...], choice: str) -> str:
        assert (await post(lin, f"{here}/begin")).headers["location"] == here
        play = (await post(lin, f"{here}/drills/outage")).headers["location"]
        for text in talk:
            await say(lin, play, text)
        await post(lin, f"{play}/leave")
        assert (await post(lin, f"{here}/answers", q0=choice)).status_code == 303
        return play

    failed = await attempt(("You should have told us. Just wait.",), "1")
    result = (await lin.get(failed)).text
    assert "You should have told us." in result
    assert "blames the client" in result
    standing = (await lin.get(here)).text
    assert "internal/site-down" in standing  # to read again
    assert (await post(lin, f"{here}/begin")).status_code == 422  # the wait
    world.clock.advance(timedelta(hours=1))
    passed = await attempt(TALK, "0")
    assert "100 %" in (await lin.get(passed)).text
    page = (await lin.get(here)).text
    assert "Passed" in page
    assert (await post(lin, f"{here}/begin")).status_code == 422
    certificate = (await lin.get("/desk/training/certificates/C-2026-0001")).text
    assert "林薇" in certificate
    assert "First line" in certificate
    team = (await tom.get("/desk/training/team")).text
    assert "100 %" in team
    figure = (await tom.get("/desk/numbers/exams_passed")).text
    assert f"/desk/training/team#seat-{seat.id}" in figure
    assert (await lin.get("/desk/training/team")).status_code == 403
    revoked = await post(tom, "/desk/training/team/certificates/C-2026-0001/revoke")
    assert revoked.status_code == 303
    assert "Taken back" in (await lin.get("/desk/training/certificates/C-2026-0001")).text


async def test_an_exam_is_anothers(world: World) -> None:
    """Nobody begins, plays or answers somebody else's; colleagues do not see it."""
    seat, mira, lin = await given(world, login="mira"), await world.signed_in("mira"), await world.signed_in("lin")
    here = f"/desk/training/exams/{seat.id}"
    assert (await lin.get(here)).status_code == 404
    for path in ("begin", "drills/outage", "answers"):
        assert (await post(lin, f"{here}/{path}")).status_code == 404
    await post(mira, f"{here}/begin")
    assert (await post(mira, f"{here}/drills/slip")).status_code == 422
    assert (await post(mira, f"{here}/answers", q0="9")).status_code == 422
    assert (await post(mira, f"{here}/answers", q0="0")).status_code == 303
    again = await post(mira, f"{here}/answers", q0="1")
    assert again.status_code == 422
    assert "handed in already" in again.text


async def test_a_drill_of_an_exam_is_played_once(world: World) -> None:
    """Who ends it badly cannot play it again in the same attempt."""
    seat, lin = await given(world), await world.signed_in("lin")
    here = f"/desk/training/exams/{seat.id}"
    await post(lin, f"{here}/begin")
    play = (await post(lin, f"{here}/drills/outage")).headers["location"]
    await say(lin, play, "You idiot")
    assert (await post(lin, f"{here}/drills/outage")).headers["location"] == play
    assert (await say(lin, play, "sorry", seen=4)).status_code == 422


async def test_leads_make_and_give_exams(world: World) -> None:
    """By forms; what cannot be meant is said, and what was typed stays."""
    tom, lin = await world.signed_in("tom"), world.people["lin"]
    usual = {"title": "Care", "drill": ["slip", "price"], "questions": "? What first?\n+ sorry\n- wait", "pass_mark": "75", "attempts": "2", "wait_hours": "0", "valid_months": "6"}  # fmt: skip
    for wrong, why in (
        ({"title": " "}, "title"),
        ({"pass_mark": "101"}, "1 to 100"),
        ({"attempts": "x"}, "1 to 10"),
        ({"questions": "what"}, "Line 1"),
        ({"drill": "nothing"}, "can be read"),
    ):
        answer = await post(tom, "/desk/training/team/exams", **usual | wrong)
        assert answer.status_code == 422
        assert why in answer.text
    assert (await post(tom, "/desk/training/team/exams", **usual)).status_code == 303
    give = "/desk/training/team/exams/1/give"
    assert (await post(tom, give, person=str(lin.id), due_on="2020-01-01")).status_code == 422
    assert (await post(tom, give, person="999", due_on="2026-12-01")).status_code == 422
    assert (await post(tom, give, person=str(lin.id), due_on="2026-12-01")).status_code == 303
    assert (await post(tom, give, person=str(lin.id), due_on="2026-12-02")).status_code == 303
    held = await world.deps.db.read(lambda conn: exams.of_person(conn, lin.id, now=world.clock()))
    assert len(held) == 1  # an open one is not given twice
    assert (await post(tom, f"/desk/training/team/seats/{held[0].seat.id}/withdraw")).status_code == 303
    assert (await (await world.signed_in("lin")).get(f"/desk/training/exams/{held[0].seat.id}")).status_code == 404
    assert (await post(tom, "/desk/training/team/exams/1/retire")).status_code == 303
    assert (await post(tom, give, person=str(lin.id), due_on="2026-12-02")).status_code == 422
