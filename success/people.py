"""Where this floor names clients' people: what moves along when two records become one person's."""

from typing import Final

from sqlalchemy import Column

from success.broadcast_tables import chat_refusal, referral
from success.drill_tables import training_answer, training_message, training_seat
from success.feedback_tables import asked_message, survey
from success.gap_tables import gap_question
from success.intake.tables import answer as intake_answer
from success.intake.tables import interview
from success.mail_tables import mail_contact
from success.privacy.tables import consent_seen, export
from success.projects.tables import change_request, project, proposal, proposal_acceptance
from success.rating_tables import rating
from success.reminder_tables import reminder_notice

NAMED: Final[tuple[Column[int], ...]] = (
    rating.c.person_id, gap_question.c.person_id, consent_seen.c.person_id, export.c.person_id,
    survey.c.person_id, asked_message.c.person_id, mail_contact.c.person_id, reminder_notice.c.person_id,
    chat_refusal.c.person_id, referral.c.person_id, interview.c.person_id, intake_answer.c.person_id,
    proposal.c.closed_by, proposal_acceptance.c.person_id, change_request.c.person_id, project.c.person_id,
    training_seat.c.person_id, training_message.c.person_id, training_answer.c.person_id,
)  # fmt: skip
