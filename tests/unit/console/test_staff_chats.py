"""Staff chats in the desk, and answers that were taken back."""

import re

from handoff import bindings, directory, messages, retraction, staff_chats
from handoff.kinds import ChatKind
from handoff.model import Citation
from tests.unit.console.world import World, submit

PAGE = "/desk/staff-chats"


async def test_a_lead_makes_a_code_for_a_staff_chat_and_releases_it(world: World) -> None:
    """It is shown once; the chat is then listed, and no longer once it is released."""
    tom, now = await world.signed_in("tom"), world.deps.clock()
    code = re.search(r"/bind ([a-z0-9-]{17})<", (await submit(tom, PAGE, f"{PAGE}/code")).text)[1]
    assert code not in (await tom.get(PAGE)).text

    def bind(conn):
        room = directory.ensure_chat(conn, platform="telegram", external_id="-77", kind=ChatKind.GROUP, now=now)
        assert bindings.bind_staff_chat(conn, code, chat_id=room.id, now=now)
        return room.id

    chat_id = await world.deps.db.write(bind)
    assert "-77" in (await tom.get(PAGE)).text
    assert (await submit(tom, PAGE, f"{PAGE}/{chat_id}/release")).status_code in {200, 303}
    assert "-77" not in (await tom.get(PAGE)).text
    assert await world.deps.db.read(staff_chats.every) == ()


async def test_an_agent_makes_no_staff_chat(world: World) -> None:
    """Neither the page nor the code."""
    lin = await world.signed_in("lin")
    assert (await lin.get(PAGE)).status_code == 403
    assert PAGE not in (await lin.get("/desk")).text


async def test_an_answer_is_taken_back_from_the_tickets_page(world: World) -> None:
    """One press; the manual's page then lists where the answer came from."""
    lin, now = await world.signed_in("lin"), world.deps.clock()
    ticket = await world.ticket()

    def answer(conn):
        cited = Citation(n=1, page="zh/password", title="重置 <密码>", heading="", anchor="", chunk="c")
        talk = ticket.conversation_id
        return messages.say(conn, conversation_id=talk, text="答案 [1]", name="Bot", citations=(cited,), now=now)

    said = await world.deps.db.write(answer)
    page = f"/desk/t/{ticket.number}"
    assert f'value="{said.id}"' in (await lin.get(page)).text
    await submit(lin, page, f"{page}/retract", message=str(said.id))
    assert "retracted an answer" in (await lin.get(page)).text
    assert "重置 &lt;密码&gt;" in (await lin.get("/desk/manual")).text
    assert len(await world.deps.db.read(retraction.flagged)) == 1
    refused = await submit(lin, page, f"{page}/retract", message="999999")
    assert refused.status_code in {200, 404, 409, 422}
    assert len(await world.deps.db.read(retraction.flagged)) == 1
