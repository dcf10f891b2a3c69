"""The console's application: desk, manual pages, static files, health. `bot` adds the chat's routes to the same one."""

from dataclasses import replace
from urllib.parse import quote

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from console import (
    account_pages,
    across_pages,
    agreement_pages,
    alert_pages,
    assets,
    audit_pages,
    bench_pages,
    binding_pages,
    brief_client_pages,
    brief_form_pages,
    brief_pages,
    broadcast_pages,
    bulk_pages,
    campaign_pages,
    care_pages,
    case_help_pages,
    case_pages,
    change_pages,
    channel_pages,
    chat_pages,
    check_pages,
    client_pages,
    client_training_pages,
    complaint_pages,
    contact_pages,
    desk_pages,
    drill_pages,
    exam_pages,
    feedback_pages,
    figure_pages,
    gap_pages,
    health,
    holiday_pages,
    incident_pages,
    incident_report_pages,
    leave_pages,
    live,
    macro_pages,
    mail_pages,
    manual_editing,
    manual_golden,
    manual_pages,
    manual_review_pages,
    manual_runs,
    manual_uploads,
    manual_versions,
    number_exports,
    number_pages,
    opinion_pages,
    people_pages,
    price_pages,
    privacy_pages,
    progress_guard,
    progress_pages,
    progress_stream,
    project_pages,
    project_private_pages,
    prompt_pages,
    proposal_deciding_pages,
    proposal_pages,
    public_pages,
    rating_pages,
    recall_pages,
    referral_pages,
    reminder_pages,
    report_deciding_pages,
    report_pages,
    report_private_pages,
    report_settings_pages,
    role_pages,
    rule_pages,
    search_pages,
    service_pages,
    settings_pages,
    sharing_pages,
    sign_in_pages,
    site_pages,
    staff_chat_pages,
    survey_pages,
    task_pages,
    team_pages,
    ticket_pages,
    token_pages,
    traffic_pages,
    training_calendar,
    training_team_pages,
    visit_pages,
    webhook_pages,
    widget_pages,
)  # fmt: skip
from console.api import app as api
from console.api.problems import missing
from console.assets import Assets
from console.auditing import Audited, Auditing
from console.errors import Forbidden, LinkRefused
from console.guard import NotSignedIn, PasswordDue
from console.pages import ConsoleDeps, Pages, environment, pages_of
from console.texts import Texts
from console.web import UPLOAD_LIMIT, BodyLimit, PageLanguage, SecurityHeaders, names_nothing
from handoff.errors import NotFound
from store.errors import DiskFull, OutOfRange, StoreError

__all__ = ["ConsoleDeps", "create"]
_UPLOADS = {
    "/desk/t/": UPLOAD_LIMIT,
    "/desk/clients/": UPLOAD_LIMIT,
    "/desk/traffic": UPLOAD_LIMIT,
    "/chat/": UPLOAD_LIMIT,
    "/desk/manual/_upload": manual_uploads.BODY_LIMIT,
    "/desk/manual/_edit": manual_editing.BODY_LIMIT,
    alert_pages.PATH: alert_pages.BODY_LIMIT,
}
_PAGES = (403, 404, 405, 410, 422)


def create(deps: ConsoleDeps) -> FastAPI:
    """The web application; reads templates, texts and static files once."""
    app = FastAPI(title="Aftercare", docs_url=None, redoc_url=None, openapi_url=None)
    texts = Texts.shipped()
    deps = replace(deps, db=Audited(deps.db, clock=deps.clock))
    app.state.pages = Pages(deps=deps, templates=environment(), texts=texts, assets=Assets.load())
    app.mount("/api/v1", api.create(app.state.pages))
    rooms = (
        token_pages,
        webhook_pages,
        service_pages,
        holiday_pages,
        agreement_pages,
        binding_pages,
        client_pages,
        team_pages,
        number_pages,
    )
    for room in (
        *rooms,
        number_exports,
        settings_pages,
        care_pages,
        drill_pages,
        exam_pages,
        training_calendar,
        training_team_pages,
        client_training_pages,
        alert_pages,
        incident_report_pages,
        incident_pages,
        reminder_pages,
        broadcast_pages,
        referral_pages,
        mail_pages,
        leave_pages,
        rule_pages,
        brief_form_pages,
        brief_client_pages,
        brief_pages,
        campaign_pages,
        price_pages,
        proposal_pages,
        proposal_deciding_pages,
        change_pages,
        project_pages,
        project_private_pages,
        search_pages,
        account_pages,
        audit_pages,
        role_pages,
        bulk_pages,
        channel_pages,
        prompt_pages,
        bench_pages,
        macro_pages,
        chat_pages,
        task_pages,
        visit_pages,
        feedback_pages,
        complaint_pages,
        figure_pages,
        opinion_pages,
        survey_pages,
        rating_pages,
        recall_pages,
        report_deciding_pages,
        report_pages,
        report_private_pages,
        report_settings_pages,
        staff_chat_pages,
        assets,
        sign_in_pages,
        live,
        people_pages,
        across_pages,
        case_pages,
        case_help_pages,
        ticket_pages,
        desk_pages,
        gap_pages,
        manual_review_pages,
        manual_runs,
        manual_editing,
        manual_uploads,
        manual_golden,
        manual_versions,
        manual_pages,
        public_pages,
        progress_stream,
        progress_pages,
        widget_pages,
        site_pages,
        check_pages,
        sharing_pages,
        contact_pages,
        privacy_pages,
        traffic_pages,
    ):
        app.include_router(room.router)
    app.include_router(health.routes(deps))
    app.add_exception_handler(NotSignedIn, _to_sign_in)
    app.add_exception_handler(PasswordDue, _to_password)
    app.add_exception_handler(Forbidden, _forbidden)
    app.add_exception_handler(LinkRefused, progress_guard.refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(NotFound, _not_found)
    app.add_exception_handler(StoreError, _not_stored)
    app.add_exception_handler(OutOfRange, _out_of_range)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_middleware(Auditing, db=deps.db, clock=deps.clock)
    app.add_middleware(PageLanguage)
    app.add_middleware(BodyLimit, larger=_UPLOADS)
    app.add_middleware(SecurityHeaders, https=deps.secure_cookies)
    return app


async def _to_sign_in(request: Request, _error: Exception) -> Response:
    if request.method != "GET":
        return RedirectResponse("/desk/sign-in", 303)
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/desk/sign-in?next={quote(here)}" if here != "/desk" else "/desk/sign-in", 303)


async def _to_password(_request: Request, _error: Exception) -> Response:
    return RedirectResponse("/desk/password", 303)


async def _forbidden(request: Request, _error: Exception) -> Response:
    return pages_of(request).page(request, "error.html", status=403, **_error_values(403))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if request.url.path.startswith("/api/"):  # a path that no mount can read, such as one with a line break
        return missing("resource").response()
    if error.status_code not in _PAGES or request.url.path.startswith("/chat/"):
        return JSONResponse({"error": error.detail}, status_code=error.status_code, headers=error.headers)
    answer = pages_of(request).page(request, "error.html", status=error.status_code, **_error_values(error.status_code))
    answer.headers.update(error.headers or {})
    return answer


async def _not_found(request: Request, _error: Exception) -> Response:
    """What a page is about is not there, or no more."""
    return await _http_error(request, HTTPException(404))


async def _out_of_range(request: Request, _error: Exception) -> Response:
    """A number that no row has: there is no such page; in a filter or a form, it cannot be meant."""
    return await _http_error(request, HTTPException(404 if names_nothing(request.path_params) else 422))


async def _not_understood(request: Request, error: Exception) -> Response:
    """What the routes declare and did not get. A path that names nothing is not found."""
    assert isinstance(error, RequestValidationError)
    in_path = any(each["loc"][0] == "path" for each in error.errors())
    return await _http_error(request, HTTPException(404 if in_path else 422))


async def _not_stored(request: Request, error: Exception) -> Response:
    """The database took nothing: whoever sent it is told, and keeps it."""
    path = getattr(request.scope.get("route"), "path", "")  # a private link's address is a secret
    structlog.get_logger().error("not_stored", path=path, error=f"{type(error).__name__}: {error}")
    status, pages = (507 if isinstance(error, DiskFull) else 503), pages_of(request)
    if request.url.path.startswith("/chat/"):
        return JSONResponse({"error": pages.say(request, "chat.not_stored")}, status_code=status)
    return pages.page(request, "error.html", status=status, **_error_values(status))


def _error_values(status: int) -> dict[str, object]:
    return {"code": status}
