"""Every column that names a person is one that a merge moves, or one that names our own people."""

import importlib
from pathlib import Path

import handoff
from handoff.people import MOVES
from store.tables import metadata
from success.people import NAMED

OURS = {
    "by_id", "revoked_by", "removed_by", "assignee_id", "asked_id", "success_id", "technical_id", "changed_by",
    "asked_by", "owner_id", "closed_by", "approved_by", "withdrawn_by", "accepted_by", "published_by",
    "started_by", "done_by", "attended_by", "holder_id", "business_id",
}  # fmt: skip
OF_OURS = {
    "notice", "binding_code", "team_member", "person_skill", "shift", "absence", "presence", "document_download",
    "authorised_contact", "skill", "api_token", "saved_view", "ticket_attendance", "ticket_sight",
    "person_language", "drill_play", "exam_seat", "certificate", "intake_note",
}  # fmt: skip


def test_no_column_that_names_a_person_is_forgotten() -> None:
    """A new one has to be put on one side or the other."""
    for tables in sorted(Path(str(handoff.__file__)).parent.glob("*tables.py")):
        importlib.import_module(f"handoff.{tables.stem}")
    named = {
        column
        for table in metadata.tables.values()
        for column in table.columns
        if any(key.column.table.name == "person" for key in column.foreign_keys)
        and table.name.split("_")[0] not in {"staff", "desk"}
    }
    left = {c for c in named if c not in {*MOVES, *NAMED} and c.name not in OURS and c.table.name not in OF_OURS}
    assert {f"{column.table.name}.{column.name}" for column in left} == set()
