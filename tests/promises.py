"""Who may do what: every way into the program, and whom we promise it to. Written by hand, the guards not consulted."""

from collections.abc import Mapping
from dataclasses import dataclass

from handoff.kinds import Role

STAFF = frozenset(Role)
READERS = frozenset({Role.LEAD, Role.SUCCESS, Role.ADMIN})
LEADS = frozenset({Role.LEAD, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})
WHO = {"staff": STAFF, "readers": READERS, "leads": LEADS, "admins": ADMINS}
PROMISED = """
open      GET    /                                  POST /desk/sign-in   GET /desk/sign-in
open      GET    /healthz                           GET /readyz          GET /metrics
open      GET    /static/{version}/{name}           GET /numbers
link      GET    /m/{page_id:path}                  GET /manual-picture/{name}
link      GET    /trainings/{training_id}.ics
link      GET    /p/{token}                         GET /p/{token}/events
link      GET    /p/{token}/files/{file_id}         GET /p/{token}/t/{number}
link      GET    /p/{token}/t/{number}/files/{file_id}
link      GET    /rate/{number}                     POST /rate/{number}
link      GET    /leave/{token}                     POST /leave/{token}
link      GET    /survey/{survey_id}                POST /survey/{survey_id}
open      GET    /widget.js                         GET /api/v1/openapi.json
open      GET    /api/v1/docs
visitor   GET    /c/{key}                           GET  /c/{key}/requests
visitor   GET    /embed/{key}                       POST /chat/api/{key}/identify
visitor   POST   /chat/api/{key}/anew               POST /chat/api/{key}/rating
visitor   POST   /chat/api/{key}/typing
visitor   GET    /chat/api/{key}/messages           POST /chat/api/{key}/messages
visitor   GET    /chat/api/{key}/stream             POST /chat/api/{key}/press
visitor   GET    /chat/api/{key}/files/{file}

staff     GET    /desk                              GET  /desk/events
staff     GET    /desk/account                      POST /desk/account
staff     GET    /desk/password                     POST /desk/password
staff     POST   /desk/sign-out                     POST /desk/presence
staff     POST   /desk/account/sessions/end         POST /desk/account/sign-out-everywhere
staff     GET    /desk/search                       POST /desk/bulk
staff     POST   /desk/views                        POST /desk/views/{view_id}/delete
staff     GET    /desk/settings                     GET  /desk/settings/macros
staff     POST   /desk/settings/macros              GET  /desk/settings/macros/{macro_id}
staff     POST   /desk/settings/macros/{macro_id}   POST /desk/settings/macros/{macro_id}/{verb}
staff     GET    /desk/numbers                      GET  /desk/numbers/{name}
staff     GET    /desk/numbers.csv                  GET  /desk/numbers.xlsx
staff     GET    /desk/notices                      POST /desk/notices/read
staff     GET    /desk/t/{number}                   GET  /desk/t/{number}/files/{file_id}
staff     POST   /desk/t/{number}/claim             POST /desk/t/{number}/level
staff     POST   /desk/t/{number}/merge             POST /desk/t/{number}/note
staff     POST   /desk/t/{number}/reply             POST /desk/t/{number}/retract
staff     POST   /desk/t/{number}/transfer          POST /desk/t/{number}/{name}
staff     GET    /desk/t/{number}/attending         POST /desk/t/{number}/attending
staff     GET    /desk/t/{number}/m/{message_id}    POST /desk/t/{number}/mine
staff     POST   /desk/t/{number}/snooze            GET  /desk/t/{number}/about/{part}
staff     GET    /desk/t/{number}/macros            POST /desk/t/{number}/macro
staff     POST   /desk/t/{number}/insert            POST /desk/t/{number}/suggest
staff     POST   /desk/t/{number}/summary
staff     POST   /desk/t/{number}/translate         POST /desk/t/{number}/translated
staff     POST   /desk/t/{number}/translate-again
staff     POST   /desk/account/languages
staff     POST   /desk/recall/{number}/dismiss      POST /desk/recall/{number}/send

staff     GET    /desk/training                     GET  /desk/training/plays/{play_id}
staff     POST   /desk/training/drills/{slug}       POST /desk/training/plays/{play_id}/say
staff     POST   /desk/training/plays/{play_id}/leave
staff     GET    /desk/training/exams/{seat_id}     POST /desk/training/exams/{seat_id}/begin
staff     POST   /desk/training/exams/{seat_id}/drills/{slug}
staff     POST   /desk/training/exams/{seat_id}/answers
staff     GET    /desk/training/certificates/{number}
leads     GET    /desk/training/team                POST /desk/training/team/exams
leads     POST   /desk/training/team/exams/{exam_id}/give
leads     POST   /desk/training/team/exams/{exam_id}/retire
leads     POST   /desk/training/team/seats/{seat_id}/withdraw
leads     POST   /desk/training/team/certificates/{number}/revoke
leads     POST   /desk/training/team/drills         GET  /desk/training/team/drills/{drill_id}
leads     POST   /desk/training/team/drills/{drill_id}

staff     GET    /desk/manual                       GET  /desk/manual/{page_id:path}
staff     GET    /desk/manual/_golden               GET  /desk/manual/_log
staff     GET    /desk/manual/_versions             GET  /desk/manual/_runs/{number}
leads     POST   /desk/manual/_withdraw
admins    GET    /desk/manual/_edit                 POST /desk/manual/_edit
admins    GET    /desk/manual/_new                  POST /desk/manual/_new
admins    GET    /desk/manual/_upload               POST /desk/manual/_upload
admins    POST   /desk/manual/_edit/check           POST /desk/manual/_golden
admins    POST   /desk/manual/_preview              POST /desk/manual/_publish
admins    POST   /desk/manual/_rollback
readers   GET    /desk/manual-review                GET  /desk/manual-review/document
readers   GET    /desk/manual-review/document.md
readers   GET    /desk/gaps                         POST /desk/gaps/recompute
readers   GET    /desk/gaps/{number}                POST /desk/gaps/{number}/dismiss
readers   POST   /desk/gaps/{number}/draft          POST /desk/gaps/{number}/edit
readers   POST   /desk/gaps/{number}/reopen
admins    POST   /desk/gaps/{number}/approve
readers   GET    /desk/recall
readers   GET    /desk/care
readers   GET    /desk/care/visits                  GET  /desk/care/visits/export.csv
readers   GET    /desk/care/nps                     GET  /desk/care/stages
readers   GET    /desk/care/complaints              POST /desk/care/complaints/{complaint_id}
readers   GET    /desk/care/figures
readers   GET    /desk/care/trainings               POST /desk/care/trainings
readers   GET    /desk/care/trainings/{training_id} POST /desk/care/trainings/{training_id}
admins    POST   /desk/care/nps/switch              POST /desk/care/figures/revenue
admins    POST   /desk/care/figures/training        POST /desk/care/figures/training/{training_id}/remove
readers   POST   /desk/clients/{slug}/complaints    POST /desk/clients/{slug}/stages
readers   GET    /desk/clients/{slug}/feedback      POST /desk/clients/{slug}/visits
staff     GET    /desk/tasks                        POST /desk/tasks/{task_id}/close
staff     POST   /desk/tasks/{task_id}/hand-over
readers   GET    /desk/reminders                    POST /desk/reminders/send
readers   POST   /desk/reminders/skip
leads     POST   /desk/reminders/off
readers   GET    /desk/broadcasts                   POST /desk/broadcasts
readers   GET    /desk/broadcasts/new               GET  /desk/broadcasts/{broadcast_id}
readers   GET    /desk/broadcasts/{broadcast_id}/edit
readers   POST   /desk/broadcasts/{broadcast_id}    POST /desk/broadcasts/{broadcast_id}/discard
readers   POST   /desk/broadcasts/readmit
leads     POST   /desk/broadcasts/{broadcast_id}/approve
leads     POST   /desk/broadcasts/{broadcast_id}/stop
readers   GET    /desk/referrals                    POST /desk/referrals
readers   POST   /desk/referrals/{referral_id}
readers   GET    /desk/settings/mail                POST /desk/settings/mail/{mail_id}/again
admins    POST   /desk/settings/mail/test
readers   POST   /desk/clients/{slug}/mail          POST /desk/clients/{slug}/mail/{contact_id}/remove
readers   GET    /desk/reports                      POST /desk/reports
readers   GET    /desk/reports/{report_id}          GET  /desk/reports/{report_id}/document
readers   GET    /desk/reports/{report_id}/pdf      GET  /desk/reports/{report_id}/rows
readers   POST   /desk/reports/{report_id}/words    POST /desk/reports/{report_id}/approve
readers   POST   /desk/reports/{report_id}/withdraw POST /desk/reports/{report_id}/again
readers   POST   /desk/reports/{report_id}/send     GET  /desk/report-settings
readers   POST   /desk/report-settings/clients
leads     POST   /desk/report-settings
readers   GET    /desk/traffic                      POST /desk/traffic
link      GET    /p/{token}/reports/{report_id}     GET  /p/{token}/reports/{report_id}/pdf

readers   GET    /desk/clients                      GET  /desk/clients/{slug}
readers   GET    /desk/clients/{slug}/agreement     POST /desk/clients/{slug}/use
admins    POST   /desk/clients                      POST /desk/clients/{slug}/agreement
admins    POST   /desk/clients/{slug}/agreement/withdraw
admins    POST   /desk/clients/{slug}/closure       POST /desk/clients/{slug}/code
admins    POST   /desk/clients/{slug}/contact       POST /desk/clients/{slug}/record
admins    POST   /desk/clients/{slug}/archive       POST /desk/clients/{slug}/restore
readers   GET    /desk/clients/{slug}/people        GET  /desk/clients/{slug}/history
readers   POST   /desk/clients/{slug}/people/merge  POST /desk/clients/{slug}/people/name
readers   GET    /desk/clients/{slug}/sites         POST /desk/clients/{slug}/sites
readers   POST   /desk/clients/{slug}/sites/remove  GET  /desk/sites
readers   GET    /desk/clients/{slug}/sites/{site_id}
readers   POST   /desk/clients/{slug}/sites/{site_id}/check
readers   POST   /desk/clients/{slug}/sites/{site_id}/accept
readers   POST   /desk/clients/{slug}/sites/{site_id}/settings
readers   GET    /desk/clients/{slug}/sharing       POST /desk/clients/{slug}/sharing/documents
readers   GET    /desk/clients/{slug}/sharing/documents/{file_id}
readers   POST   /desk/clients/{slug}/sharing/documents/{document_id}/remove
readers   POST   /desk/clients/{slug}/sharing/links
readers   POST   /desk/clients/{slug}/sharing/links/{link_id}/renew
readers   POST   /desk/clients/{slug}/sharing/links/{link_id}/revoke
readers   GET    /desk/chats                        POST /desk/chats/{chat_id}/mode
admins    POST   /desk/chats/bound

readers   GET    /desk/service
readers   GET    /desk/service/history              GET  /desk/service/holidays
readers   GET    /desk/service/holidays/{country}/{year}
admins    POST   /desk/service/adopt                POST /desk/service/preview
admins    POST   /desk/service/holidays/apply       POST /desk/service/holidays/preview
leads     GET    /desk/team                         POST /desk/team
leads     GET    /desk/team/{person_id}             POST /desk/team/{person_id}/absence
leads     POST   /desk/team/{person_id}/profile     POST /desk/team/{person_id}/shift
leads     POST   /desk/team/{person_id}/{what}/{row_id}/remove
leads     GET    /desk/staff-chats                  POST /desk/staff-chats/code
leads     POST   /desk/staff-chats/{chat_id}/release
leads     GET    /desk/settings/channels            GET  /desk/settings/widget
leads     GET    /desk/settings/widget/{slug}       POST /desk/settings/widget/{slug}
leads     POST   /desk/settings/widget/{slug}/secret
admins    POST   /desk/settings/channels/check      POST /desk/settings/bench
admins    GET    /desk/settings/bench/{run}         POST /desk/settings/bench/{run}/cancel
admins    POST   /desk/settings/bench/{run}/resume
admins    GET    /desk/settings/prompts             GET  /desk/settings/prompts/{name}
admins    POST   /desk/settings/prompts/{name}/publish
admins    POST   /desk/settings/prompts/{name}/versions
admins    GET    /desk/settings/tokens              POST /desk/settings/tokens
admins    POST   /desk/settings/tokens/{token_id}/revoke
admins    GET    /desk/settings/webhooks            POST /desk/settings/webhooks
admins    GET    /desk/settings/webhooks/{endpoint_id}
admins    POST   /desk/settings/webhooks/{endpoint_id}
admins    POST   /desk/settings/webhooks/{endpoint_id}/{verb}
readers   GET    /desk/settings/roles
admins    GET    /desk/settings/audit               GET  /desk/settings/audit/export.csv
admins    GET    /desk/people                       POST /desk/people
admins    POST   /desk/people/{person_id}/role
admins    POST   /desk/people/{person_id}/active    POST /desk/people/{person_id}/password
admins    GET    /desk/settings/privacy             GET  /desk/settings/privacy/exports/{export_id}
admins    POST   /desk/clients/{slug}/people/{person_id}/export
admins    POST   /desk/settings/privacy/keep        POST /desk/settings/privacy/notice
admins    GET    /desk/clients/{slug}/people/{person_id}/erase
admins    POST   /desk/clients/{slug}/people/{person_id}/erase
admins    GET    /desk/settings/alerts              POST /desk/settings/alerts/tokens
admins    POST   /desk/settings/alerts/tokens/{token_id}/revoke
admins    POST   /desk/settings/alerts/hooks        POST /desk/settings/alerts/hooks/{hook_id}/remove
staff     GET    /desk/incidents                    POST /desk/incidents
staff     GET    /desk/incidents/{n}                POST /desk/incidents/{n}/members
staff     POST   /desk/incidents/{n}/note           POST /desk/t/{number}/incident
staff     GET    /desk/incidents/{n}/report         POST /desk/incidents/{n}/report
leads     POST   /desk/incidents/{n}/state          POST /desk/incidents/{n}/tell
leads     POST   /desk/incidents/{n}/report/finish
readers   GET    /desk/rules                        GET  /desk/campaigns
admins    POST   /desk/briefs/{brief_id}/client
readers   GET    /desk/briefs                       POST /desk/briefs
readers   GET    /desk/briefs/{brief_id}            GET  /desk/briefs/{brief_id}/files/{file_id}
readers   POST   /desk/briefs/{brief_id}/hold       POST /desk/briefs/{brief_id}/give-back
readers   POST   /desk/briefs/{brief_id}/ask        POST /desk/briefs/{brief_id}/assign
readers   POST   /desk/briefs/{brief_id}/note       POST /desk/briefs/{brief_id}/close
admins    POST   /desk/brief-settings               GET  /desk/brief-settings/form
admins    POST   /desk/brief-settings/form
readers   POST   /desk/campaigns                    GET  /desk/campaigns/{campaign_id}
readers   POST   /desk/campaigns/{campaign_id}
leads     POST   /desk/campaigns/{campaign_id}/standby
readers   GET    /desk/proposals                    POST /desk/proposals
readers   GET    /desk/proposals/new                GET  /desk/proposals/{proposal_id}
readers   GET    /desk/proposals/{proposal_id}/v/{n}/document
readers   GET    /desk/proposals/{proposal_id}/v/{n}/docx
readers   GET    /desk/proposals/{proposal_id}/v/{n}/pdf
readers   POST   /desk/proposals/{proposal_id}/edit POST /desk/proposals/{proposal_id}/words
readers   POST   /desk/proposals/{proposal_id}/approve
readers   POST   /desk/proposals/{proposal_id}/send POST /desk/proposals/{proposal_id}/bind
readers   POST   /desk/proposals/{proposal_id}/withdraw
readers   GET    /desk/prices
admins    POST   /desk/prices
readers   GET    /desk/projects                     GET  /desk/projects/{project_id}
readers   POST   /desk/projects/{project_id}/people POST /desk/projects/{project_id}/tasks
readers   POST   /desk/projects/{project_id}/tasks/{task_id}
readers   POST   /desk/projects/{project_id}/stages/{stage}
readers   POST   /desk/projects/{project_id}/briefs/{brief_id}
readers   GET    /desk/changes                      POST /desk/changes
readers   GET    /desk/changes/new                  GET  /desk/changes/{change_id}
readers   POST   /desk/changes/{change_id}/{verb}
readers   GET    /desk/changes/{change_id}/edit     POST /desk/changes/{change_id}/edit
link      GET    /p/{token}/proposals/{proposal_id} POST /p/{token}/proposals/{proposal_id}
link      GET    /p/{token}/proposals/{proposal_id}/document
link      GET    /p/{token}/proposals/{proposal_id}/docx
link      GET    /p/{token}/projects/{project_id}
admins    GET    /desk/rules/edit                   POST /desk/rules/edit
admins    POST   /desk/rules/try                    POST /desk/rules/{key}/resume
admins    POST   /desk/rules/versions/{version}/publish
token     POST   /hooks/alertmanager
token     GET    /api/v1/clients                    GET  /api/v1/clients/{client}
token     GET    /api/v1/clients/{client}/chats     GET  /api/v1/clients/{client}/people
token     GET    /api/v1/manual/pages               GET  /api/v1/manual/pages/{page:path}
token     GET    /api/v1/manual/search              GET  /api/v1/numbers
token     GET    /api/v1/people                     GET  /api/v1/queue
token     GET    /api/v1/tickets                    POST /api/v1/tickets
token     GET    /api/v1/tickets/{ticket}           POST /api/v1/tickets/{ticket}/assign
token     POST   /api/v1/tickets/{ticket}/claim     GET  /api/v1/tickets/{ticket}/clocks
token     GET    /api/v1/tickets/{ticket}/events    POST /api/v1/tickets/{ticket}/level
token     POST   /api/v1/tickets/{ticket}/merge     GET  /api/v1/tickets/{ticket}/messages
token     POST   /api/v1/tickets/{ticket}/notes     POST /api/v1/tickets/{ticket}/reopen
token     POST   /api/v1/tickets/{ticket}/replies   POST /api/v1/tickets/{ticket}/resolve
token     POST   /api/v1/tickets/{ticket}/snooze    POST /api/v1/tickets/{ticket}/transfer
token     POST   /api/v1/tickets/{ticket}/wait      GET  /api/v1/webhooks
token     POST   /api/v1/webhooks                   DELETE /api/v1/webhooks/{webhook}
token     GET    /api/v1/webhooks/{webhook}         GET  /api/v1/webhooks/{webhook}/deliveries
token     POST   /api/v1/webhooks/{webhook}/deliveries/{delivery}/resend
"""
UNKNOWN = {"number": "T-9999999", "slug": "nobody", "year": "2026", "country": "china", "version": "0"}


@dataclass(frozen=True, order=True)
class Door:
    """One way in: a method and a path with its parameters unfilled."""

    method: str
    path: str

    def address(self) -> str:
        """The path with the names of things that are not there: guards come before the search for them."""
        return self.path.replace(":path", "").format_map(_Unknown(UNKNOWN))

    def with_number(self, number: str) -> str:
        """The path with this number for whatever may be one."""
        words = {name: value for name, value in UNKNOWN.items() if not any(sign.isdecimal() for sign in value)}
        return self.path.replace(":path", "").format_map(_Unknown(words, missing=number))


class _Unknown(dict[str, str]):
    def __init__(self, known: Mapping[str, str], missing: str = "999999") -> None:
        super().__init__(known)
        self._missing = missing

    def __missing__(self, _name: str) -> str:
        return self._missing


def promised() -> dict[Door, str]:
    """The table above, by door."""
    found: dict[Door, str] = {}
    for line in PROMISED.split("\n"):
        words = line.split()
        for method, path in zip(words[1::2], words[2::2], strict=True):
            assert Door(method, path) not in found, line
            found[Door(method, path)] = words[0]
    return found


TABLE = promised()
