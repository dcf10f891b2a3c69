"""Pages: sign in, sign out, choose a password."""

import math
import secrets
from typing import Annotated, Final

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from console import auth
from console.errors import Forbidden, SignInRefused, TooManyAttempts, WeakPassword
from console.guard import FORM, SESSION_COOKIE, VISITOR_COOKIE, AnyViewerDep, check_form
from console.pages import Pages, PagesDep
from console.sessions import agent_of

router = APIRouter(prefix="/desk")
_HOME: Final = "/desk"
_MINUTE: Final = 60


@router.get("/sign-in")
async def sign_in_page(request: Request, *, pages: PagesDep, next: str = _HOME, out: str = "") -> Response:  # noqa: A002 - the query's name
    """The form."""
    done = pages.say(request, "sign_in.out") if out else None
    return _form(request, pages, onward=next, done=done)


@router.post("/sign-in")
async def sign_in(
    request: Request,
    *,
    pages: PagesDep,
    login: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    csrf: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = _HOME,  # noqa: A002 - the field's name
) -> Response:
    """Check and open a session; any refusal says the same."""
    deps = pages.deps
    try:
        check_form(request, pages, bound_to=request.cookies.get(VISITOR_COOKIE, ""), given=csrf)
        place, old = place_of(request), request.cookies.get(SESSION_COOKIE, "")
        token = await auth.sign_in(
            deps.db, login=login, password=password, address=place.address, agent=place.agent, old=old, now=deps.clock()
        )
    except Forbidden:
        return _form(request, pages, onward=next, login=login, problem="sign_in.stale", status=403)
    except TooManyAttempts as slow:
        minutes = math.ceil(slow.wait.total_seconds() / _MINUTE)
        return _form(request, pages, onward=next, login=login, problem="sign_in.too_many", minutes=minutes, status=429)
    except SignInRefused:
        return _form(request, pages, onward=next, login=login, problem="sign_in.refused", status=401)
    return _with_session(RedirectResponse(_within(next), 303), pages, token)


@router.post("/sign-out", dependencies=FORM)
async def sign_out(pages: PagesDep, viewer: AnyViewerDep) -> Response:
    """End this session."""
    await pages.deps.db.write(lambda conn: auth.end_session(conn, viewer.session))
    answer = RedirectResponse("/desk/sign-in?out=1", 303)
    answer.delete_cookie(SESSION_COOKIE, path="/")
    return answer


@router.get("/password")
async def password_page(request: Request, *, pages: PagesDep, viewer: AnyViewerDep) -> Response:
    """The form."""
    return pages.page(request, "password.html", viewer=viewer, problem=None)


@router.post("/password", dependencies=FORM)
async def change_password(
    request: Request,
    *,
    pages: PagesDep,
    viewer: AnyViewerDep,
    new: Annotated[str, Form()] = "",
    again: Annotated[str, Form()] = "",
    current: Annotated[str, Form()] = "",
) -> Response:
    """Set one's own password; other sessions end."""
    proof = None if viewer.must_change else current
    try:
        if new != again:
            return _refused(request, pages, viewer, "password.differ")
        now, place = pages.deps.clock(), place_of(request)
        token = await auth.change_password(pages.deps.db, viewer, current=proof, new=new, now=now, place=place)
    except WeakPassword as weak:
        return _refused(request, pages, viewer, f"password.weak.{weak.rule}")
    except SignInRefused:
        return _refused(request, pages, viewer, "password.wrong")
    return _with_session(RedirectResponse(_HOME, 303), pages, token)


def place_of(request: Request) -> auth.Place:
    """From where a request comes."""
    address = request.client.host if request.client else ""
    return auth.Place(address=address, agent=agent_of(request.headers.get("user-agent", "")))


def _form(
    request: Request, pages: Pages, *, onward: str, login: str = "", problem: str | None = None,
    done: str | None = None, status: int = 200, **values: object,
) -> Response:  # fmt: skip
    visitor = request.cookies.get(VISITOR_COOKIE) or secrets.token_urlsafe(18)
    request.state.csrf = auth.csrf_token(pages.deps.secret, visitor)
    said = pages.say(request, problem, **values) if problem else None
    shown = {"next": _within(onward), "login": login[:64], "problem": said, "done": done}
    answer = pages.page(request, "sign_in.html", status=status, **shown)
    secure = pages.deps.secure_cookies
    answer.set_cookie(VISITOR_COOKIE, visitor, httponly=True, samesite="strict", secure=secure, path=_HOME)
    return answer


def _refused(request: Request, pages: Pages, viewer: auth.Viewer, problem: str) -> Response:
    return pages.page(request, "password.html", status=422, viewer=viewer, problem=pages.say(request, problem))


def _with_session(answer: Response, pages: Pages, token: str) -> Response:
    age = int(auth.ABSOLUTE.total_seconds())
    secure = pages.deps.secure_cookies
    answer.set_cookie(SESSION_COOKIE, token, max_age=age, httponly=True, samesite="lax", secure=secure, path="/")
    return answer


def _within(onward: str) -> str:
    """Only a path of the desk: never another site, a protocol-relative address or a header trick."""
    plain = onward == _HOME or onward.startswith(("/desk/", "/desk?"))
    return onward if plain and onward.isascii() and onward.isprintable() and "\\" not in onward else _HOME
