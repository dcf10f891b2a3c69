"""One person erased: nothing of them is left anywhere, everything of others is, and a crash changes nothing of it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, func, select, update

from console import privacy_document
from console.texts import Texts
from handoff import board, directory, messages
from handoff.errors import NotFound
from handoff.kinds import Audience, Tier
from handoff.tables import chat, person, ticket
from store.db import Database
from store.tables import job
from success import mail_contacts, mails, report_tables
from success.privacy import erasing, exporting, tombstones
from success.privacy.needles import MARK
from success.privacy.tombstones import Tombstone
from tests.contract.handoff.conftest import World
from tests.contract.success.life import ACCOUNT, MARKERS, NAME, PRAISE, VISITOR, WRITTEN_TO, Life, lived, traces


async def erased(world: World, life: Life, files: Path) -> int:
    """Ask, and do every step as the job does."""
    asked = await world.do(erasing.ask, person_id=life.who.id, by=world.lead.id)
    await finished(world, asked.id, files)
    return int(asked.id)


async def finished(world: World, erasure: int, files: Path, *, most: int = 10_000, batch: int = 500) -> bool:
    for _ in range(most):
        for name in await world.ask(erasing.next_files, erasure):
            (files / name).unlink(missing_ok=True)
        if not await world.do(erasing.step, erasure_id=erasure, batch=batch):
            return True
    return False


async def test_nothing_of_an_erased_person_is_left_anywhere(world: World, tmp_path: Path) -> None:
    """Every table and column, the search and the files: after a life that left traces in all of them."""
    life = await lived(world, tmp_path / "files")
    before = {each.partition(":")[2].strip() for each in await traces(world.db, tmp_path / "files")}
    assert set(MARKERS) <= before, "the life has everything"
    await erased(world, life, tmp_path / "files")
    assert await traces(world.db, tmp_path / "files") == []


async def test_no_letter_goes_to_an_erased_person(world: World, tmp_path: Path) -> None:
    """From the cut on: what waits fails, cannot be sent again, and no reminder knows the address any more."""
    life = await lived(world, tmp_path / "files")
    await world.do(erasing.ask, person_id=life.who.id, by=None)
    letters = await world.ask(mails.latest)
    assert {(each.state, each.address) for each in letters} == {(mails.SENT, MARK), (mails.FAILED, MARK)}
    waited = next(each for each in letters if each.state == mails.FAILED)
    assert not await world.do(mails.send_again, mail_id=waited.id)
    assert await world.ask(mail_contacts.of_person, life.who.id) is None


async def test_somebody_is_called_as_a_field_and_a_zone_are(world: World, tmp_path: Path) -> None:
    """Max, also called Asia and gold: reports and addresses of others can still be read and reached."""
    life = await lived(world, tmp_path / "files")
    client = world.clients[Tier.GOLD].id
    for n, name in enumerate(("Max", "Asia", "gold", "info")):
        odd = await world.do(
            directory.ensure_person, platform="telegram", external_id=f"99{n}887766", name=name, client_id=client
        )
        await world.do(
            mail_contacts.keep,
            client_id=client,
            address="info@tea.example",
            name="All",
            purposes=["reminders"],
            by=None,
        )
        asked = await world.do(erasing.ask, person_id=odd.id, by=None)
        assert await finished(world, asked.id, tmp_path / "files")
    report = await world.db.read(lambda conn: conn.execute(select(report_tables.report)).mappings().one())
    assert (report["zone"], report["facts"]["max"]) == ("Asia/Shanghai", 3)
    assert "info@tea.example" in {each.address for each in await world.ask(mail_contacts.every, client)}
    assert await world.db.read(
        lambda conn: conn.execute(select(chat.c.id).where(chat.c.external_id == f"gold:{VISITOR}")).first()
    )
    assert (await world.ask(directory.person, life.who.id)).name == NAME


async def test_what_is_others_stays(world: World, tmp_path: Path) -> None:
    """Bob's own words, his file and his account; the quotation in them alone is gone."""
    life = await lived(world, tmp_path / "files")
    await erased(world, life, tmp_path / "files")
    said = await world.ask(messages.transcript, life.group.id, audience=Audience.CLIENT)
    bobs = next(each for each in said if each.person_id == life.bob.id)
    assert bobs.text.endswith("I see that too, says Bob, and the lift is broken as well")
    assert MARK in bobs.text
    assert (tmp_path / "files" / "bobs").exists()
    assert next(each.text for each in said if each.text == "See page 3.")
    assert await world.ask(directory.find_person, platform="telegram", external_id="5550001")


async def test_figures_and_clocks_stay(world: World, tmp_path: Path) -> None:
    """As many messages, tickets and events as before, at the same instants; the title says what happened."""
    life = await lived(world, tmp_path / "files")
    counted = (messages.messages, ticket, person)

    async def count() -> list[int]:
        return [
            await world.db.read(lambda conn, t=table: conn.execute(select(func.count()).select_from(t)).scalar_one())
            for table in counted
        ]

    before, clocks = await count(), await world.clocks(life.ticket)
    kinds = await world.kinds(life.ticket)
    await erased(world, life, tmp_path / "files")
    assert (await count(), await world.clocks(life.ticket), await world.kinds(life.ticket)) == (before, clocks, kinds)
    kept = await world.ask(board.ticket, life.ticket.id)
    assert (kept.title, kept.summary, kept.requester_id) == (MARK, MARK, life.who.id)


async def test_who_writes_next_is_somebody_new(world: World, tmp_path: Path) -> None:
    """The same account makes another person, who has nothing to do with the erased one."""
    life = await lived(world, tmp_path / "files")
    await world.do(erasing.ask, person_id=life.who.id, by=None)
    new = await world.do(directory.ensure_person, platform="telegram", external_id=ACCOUNT, name=NAME)
    assert new.id != life.who.id
    assert (await world.ask(directory.person, life.who.id)).client_id is None


@pytest.mark.parametrize("steps", [0, 1, 2, 4])
async def test_a_crash_at_any_step_is_made_up_for(world: World, tmp_path: Path, steps: int) -> None:
    """Stopped after so many steps and begun again, it ends as if nothing had happened; done once more, nothing does."""
    life = await lived(world, tmp_path / "files")
    asked = await world.do(erasing.ask, person_id=life.who.id, by=world.lead.id)
    await finished(world, asked.id, tmp_path / "files", most=steps)
    assert await finished(world, asked.id, tmp_path / "files")
    assert await traces(world.db, tmp_path / "files") == []
    assert not await world.do(erasing.step, erasure_id=asked.id)


async def test_rows_are_taken_in_small_batches(world: World, tmp_path: Path) -> None:
    """With three rows at a time the end is the same: no row lies between two batches."""
    life = await lived(world, tmp_path / "files")
    asked = await world.do(erasing.ask, person_id=life.who.id, by=None)
    assert await finished(world, asked.id, tmp_path / "files", batch=3)
    assert await traces(world.db, tmp_path / "files") == []


async def test_the_record_of_it_names_nobody(world: World, tmp_path: Path) -> None:
    """The tombstone has a number, instants and counts."""
    life = await lived(world, tmp_path / "files")
    preview = await world.ask(erasing.preview, life.who.id)
    assert (preview["messages"], preview["files"], preview["accounts"], preview["tickets"]) == (3, 2, 2, 1)
    which = await erased(world, life, tmp_path / "files")
    kept = await world.ask(erasing.find, which)
    assert kept is not None
    assert (kept.state, kept.counts, kept.by_id) == ("done", preview, world.lead.id)
    tombstones.write(tmp_path / "erasures.jsonl", [Tombstone.of(kept)])
    assert not any(each in (tmp_path / "erasures.jsonl").read_text() for each in MARKERS)


async def test_a_restored_copy_is_erased_again(world: World, tmp_path: Path) -> None:
    """The file beside the database knows; somebody else who got the number later is left alone."""
    life = await lived(world, tmp_path / "files")
    row = await world.ask(erasing.contact, life.who.id)
    one = Tombstone(person_id=life.who.id, since=row["created_at"], at=world.clock(), by_id=None, counts={})
    stones = tmp_path / "erasures.jsonl"
    for each in (one, Tombstone(**(vars(one) | {"person_id": life.bob.id, "since": world.clock().replace(year=2020)}))):
        tombstones.write(stones, [each])
        tombstones.write(stones, [each])
    stones.write_text(stones.read_text() + '{"person": 7, "si')
    lines = tombstones.read(stones)
    assert len(lines) == 2
    assert await world.db.write(lambda conn: tombstones.replay(conn, lines, now=world.clock())) == 1
    assert await world.db.write(lambda conn: tombstones.replay(conn, lines, now=world.clock())) == 0
    again = await world.ask(erasing.of_person, life.who.id)
    assert again is not None
    assert await finished(world, again.id, tmp_path / "files")
    assert await traces(world.db, tmp_path / "files") == []
    assert (await world.ask(directory.person, life.bob.id)).name == "Bob Hill"


async def test_colleagues_and_strangers_are_not_erased(world: World, database: Database) -> None:
    """Only a client's contact is, and only once."""
    for each in (world.ann.id, 999_999):
        with pytest.raises(NotFound):
            await world.do(erasing.ask, person_id=each, by=None)


async def test_of_two_who_ask_at_once_one_is_told(world: World, tmp_path: Path) -> None:
    """One erasure, whoever was first; the other hears that it was asked for."""
    life = await lived(world, tmp_path / "files")
    asked = [world.do(erasing.ask, person_id=life.who.id, by=by) for by in (world.lead.id, world.ann.id)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert sorted(type(each).__name__ for each in outcomes) == ["Erasure", "ErasureRefused"]
    assert len(await world.ask(erasing.listed)) == 1


async def test_one_that_was_given_up_or_lost_is_taken_up_again(world: World, tmp_path: Path) -> None:
    """As a dead letter or without any job; what waits is left alone, and so is what is done."""
    life = await lived(world, tmp_path / "files")
    asked = await world.do(erasing.ask, person_id=life.who.id, by=None)
    assert await world.do(erasing.resume) == 0

    def given_up(conn: Connection) -> None:
        conn.execute(update(job).where(job.c.queue == erasing.ERASE).values(state="dead", due=None))

    await world.db.write(given_up)
    assert [await world.do(erasing.resume), await world.do(erasing.resume)] == [1, 0]
    await world.db.write(lambda conn: conn.execute(delete(job).where(job.c.queue == erasing.ERASE)))
    assert [await world.do(erasing.resume), await world.do(erasing.resume)] == [1, 0]
    await finished(world, asked.id, tmp_path / "files")
    await world.db.write(given_up)
    assert await world.do(erasing.resume) == 0


def test_tombstones_are_added_at_once_and_once_each(tmp_path: Path) -> None:
    """Many in one go, those that stand there or come twice are left out, and a cut-off line is closed first."""
    stones, now = tmp_path / "on" / "erasures.jsonl", datetime(2026, 11, 16, 2, tzinfo=UTC)
    some = [Tombstone(person_id=n, since=now, at=now, by_id=None, counts={}) for n in range(5)]
    tombstones.write(stones, some[:2])
    stones.write_text(stones.read_text() + '{"person": 7, "si')
    tombstones.write(stones, [*some, *some])
    assert tombstones.read(stones) == tuple(some)
    assert len(stones.read_text().splitlines()) == len(some) + 1
    tombstones.write(stones, [])
    tombstones.write(stones, some)
    assert len(stones.read_text().splitlines()) == len(some) + 1


async def test_a_copy_has_letters_and_answers_and_outlives_no_erasure(world: World, tmp_path: Path) -> None:
    """What was written to them and what they said of us is in it; one that is done after the cut is never good."""
    life = await lived(world, tmp_path / "files")
    facts = await world.ask(exporting.gather, life.who.id)
    assert [each["address"] for each in facts["addresses"]] == [WRITTEN_TO]
    assert len(facts["letters"]) == 2
    assert [each["comment"] for each in facts["surveys"]] == [PRAISE]
    shown = privacy_document.page(facts, texts=Texts.shipped(), now=world.clock())
    assert "marching band" in shown
    assert WRITTEN_TO in shown
    asked = await world.do(exporting.ask, person_id=life.who.id, by=world.lead.id)
    await world.do(erasing.ask, person_id=life.who.id, by=None)
    await world.do(exporting.done, export_id=asked.id, file="copy.zip", size=1)
    kept = await world.ask(exporting.find, asked.id)
    assert kept is not None
    assert not kept.good(world.clock())
    assert [each.id for each in await world.ask(exporting.expired, now=world.clock())] == [asked.id]
