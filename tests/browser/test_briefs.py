"""Briefs as people see them: the list, one brief with everything in it, the form's editor with what is wrong in it."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Connection

from console.attachments import keep
from handoff import directory, messages
from handoff.kinds import ChatKind
from success.intake import interview as rules
from success.intake import notes, store
from success.intake.store import Told
from success.intake.understanding import understand
from tests.browser.conftest import Served
from tests.browser.test_accessible import complaints
from tests.browser.test_first_light import PICTURES

pytestmark = pytest.mark.browser
SHAPES: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 820}, "color_scheme": "light", "locale": "en-GB"},
    "desktop-dark": {"viewport": {"width": 1280, "height": 820}, "color_scheme": "dark", "locale": "zh-TW"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "zh-CN", "has_touch": True},
    "phone-light": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light", "locale": "en-GB"},
}
SAID = (
    (0, "我们是做瓷砖的，卖给经销商，也卖给个人，要能展示和在线预约", 0),
    (
        0,
        "风格简洁大气，最好像 https://example.com/a-very-long-address/that-goes-on/and-on/until-it-must-be-broken/somewhere.html",
        2,
    ),
    (0, "同行里 A 做得好，" + "图片清楚、说明写得细、一眼就找到电话，" * 12, 0),
    (1, "预算5-8万，春节前上线", 0),
    (0, "预算改成5元", 0),
    (0, "就是5元", 0),
)


def _picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (320, 200), (40, 120, 90)).save(made, "PNG")
    return made.getvalue()


@pytest.fixture
def brief(served: Served) -> int:
    """A brief of two people, with pictures, a doubt, a former answer, notes, and things that are missing."""
    world = served.world

    async def made() -> int:
        return int(await world.write(lambda conn: _fill(conn, world)))

    return int(served.run(made()))


def _fill(conn: Connection, world: Any) -> int:
    now = world.clock()
    chat = directory.ensure_chat(
        conn, platform="telegram", external_id="-9", kind=ChatKind.GROUP, client_id=None, now=now
    )
    talk = directory.ensure_conversation(conn, chat_id=chat.id, now=now)
    people = [
        directory.ensure_person(conn, platform="telegram", external_id=name, name=name, client_id=None, now=now)
        for name in ("陈梅", "王强 <b>")
    ]
    made = store.open_one(conn, conversation_id=talk.id, language="zh-Hans", person_id=people[0].id, now=now)
    form = store.form_of(conn, made)
    store.apply(conn, made.id, rules.begin(form, made.standing), told=None, now=now)
    for number, (who, text, pictures) in enumerate(SAID):
        sent = keep(world.deps.files, [(f"{n}.png", _picture()) for n in range(pictures)])
        message = messages.accept(
            conn, conversation=talk, person=people[who], external_id=str(number), text=text, attachments=sent, at=now,
            now=now,
        )  # fmt: skip
        assert message is not None
        standing, today = store.one(conn, made.id).standing, now.date()
        heard = understand(text, form, asked=standing.asked, today=today, held=standing.answers)
        step = rules.hear(form, standing, heard, assent=False, today=today)
        told = Told(person_id=people[who].id, pieces=((message.id, text, tuple(each.id for each in sent)),))
        store.apply(conn, made.id, step, told=told, now=now)
    notes.write_note(conn, made.id, "先打电话\n再报价", by=world.people["tom"].id, now=now)
    return made.id


@pytest.mark.parametrize("shape", SHAPES)
def test_briefs_as_they_are_seen(served: Served, brief: int, shape: str) -> None:
    """No page breaks WCAG 2.2 AA as far as a program can tell, none is wider than the screen; pictures are kept."""
    PICTURES.mkdir(exist_ok=True)
    page = served.page("/desk/briefs", login="mira", **SHAPES[shape])
    wrong = {}
    for name, path in (("list", ""), ("one", f"/{brief}"), ("over", "?over=yes")):
        page.goto(f"{served.url}/desk/briefs{path}")
        wrong[name] = complaints(page)
        page.screenshot(path=PICTURES / f"briefs-{name}-{shape}.png", full_page=True)
    assert page.goto(f"{served.url}/desk/briefs/{brief}") is not None
    loaded = (
        "[...document.querySelectorAll('.brief-files img')].every(each => (each.loading = 'eager', each.naturalWidth))"
    )
    page.wait_for_function(loaded)
    assert page.locator(".brief-files img").count() == 2
    page.goto(f"{served.url}/desk/brief-settings/form")
    wrong["form"] = complaints(page)
    page.screenshot(path=PICTURES / f"briefs-form-{shape}.png", full_page=True)
    page.fill("#source", "form: website\nname: {en: A}\n")
    page.locator("main form button.primary").click()
    page.locator('[role="alert"]').wait_for()
    wrong["broken"] = complaints(page)
    page.screenshot(path=PICTURES / f"briefs-broken-{shape}.png", full_page=True)
    assert {name: said for name, said in wrong.items() if said} == {}
