"""`aftercare doctor`: what is wrong with this installation, and how to mend each finding."""

import shutil
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bot.aftercare import Aftercare
from bot.channels.slack.examining import examine as examine_slack
from bot.channels.telegram.examining import examine as examine_telegram
from bot.control import Emit
from bot.data_findings import examine as examine_data
from bot.engines import examine as examine_engines
from bot.errors import ModelError
from bot.findings import Finding
from bot.mail_server import Postman
from bot.prompts import Prompt
from console.report_pdf import NotPrinted, Printer
from handoff import coverage, directory
from store import jobs
from success import mails

_LOW_DISK = 500 * 1024 * 1024
_STALE_JOB_S = 60
_MAIL_S = 10.0
_FAR_PAST = datetime(2026, 1, 1, tzinfo=UTC)


async def examine(app: Aftercare, arguments: Mapping[str, Any], emit: Emit) -> Any:
    """Look at everything; the findings in the order of the house, from the ground up."""
    del arguments, emit
    return [asdict(finding) for finding in await findings(app)]


async def findings(app: Aftercare) -> list[Finding]:
    """The findings themselves, for the desk too."""
    found = [_disk(app), _clock(app)]
    found += await examine_data(app.db, data=app.settings.data, clock=app.clock)
    found += [await _jobs(app), _index(app)]
    found += [await _chroma(app), *await examine_engines(app.engines)]
    found += [await _holidays(app), _address(app), *_proxy(app), await _staff(app), _pager(app)]
    found += [await _mail(app), await _model(app), await _paper()]
    return [*found, *(await examine_telegram(app.telegram)), *(await examine_slack(app.slack))]


def _disk(app: Aftercare) -> Finding:
    free = shutil.disk_usage(app.settings.data).free
    found = f"{app.settings.data}: {free // 1024 // 1024:,} MB free"
    if free < _LOW_DISK:
        return Finding(what="data folder", state="bad", found=found, mend="free some space, or move AFTERCARE_DATA")
    return Finding(what="data folder", state="ok", found=found)


def _clock(app: Aftercare) -> Finding:
    now = app.clock()
    if now < _FAR_PAST:
        return Finding(
            what="clock",
            state="bad",
            found=f"{now:%Y-%m-%d %H:%M} UTC",
            mend="set the machine's clock (NTP): every deadline depends on it",
        )
    return Finding(what="clock", state="ok", found=f"{now:%Y-%m-%d %H:%M} UTC")


async def _jobs(app: Aftercare) -> Finding:
    now = app.clock()
    depths = await app.db.read(lambda conn: jobs.depths(conn, now=now))
    dead = sum(d.dead for d in depths)
    stale = sorted((d for d in depths if d.oldest_age_s > _STALE_JOB_S), key=lambda d: -d.oldest_age_s)
    found = f"{sum(d.waiting for d in depths)} ready, {sum(d.running for d in depths)} running, {dead} dead letters"
    idle = [d.queue for d in stale if not d.running]
    if idle:
        found += f"; nobody takes {', '.join(idle[:3])} (oldest {stale[0].oldest_age_s:.0f} s)"
        mend = (
            "see that a process of every role runs: `--role bot` for turns and deliveries, `--role worker` for the rest"
        )
        return Finding(what="jobs", state="bad", found=found, mend=mend)
    if stale:
        found += f"; {stale[0].queue} is {stale[0].oldest_age_s:.0f} s behind"
        return Finding(
            what="jobs", state="warning", found=found, mend="start one more process of the role that does it"
        )
    if dead:
        mend = "see `aftercare jobs`; retry or drop dead letters"
        return Finding(what="jobs", state="warning", found=found, mend=mend)
    return Finding(what="jobs", state="ok", found=found)


def _index(app: Aftercare) -> Finding:
    if app.manual.version is None:
        found = f"nothing is indexed with {app.embedder}"
        return Finding(what="index", state="bad", found=found, mend="run `aftercare index`")
    found = f"version {app.manual.version} is live, vectors by {app.embedder}"
    if app.manual.outdated:
        mend = "run `aftercare index` once: what is enough for an answer is then fitted to your manual again"
        return Finding(what="index", state="warning", found=f"{found}, made by an earlier Aftercare", mend=mend)
    return Finding(what="index", state="ok", found=found)


async def _chroma(app: Aftercare) -> Finding:
    where = app.settings.chroma_url or "in the data folder"
    trouble = await app.manual.chroma_trouble()
    if trouble is not None:
        return Finding(
            what="chroma",
            state="warning",
            found=f"{where}: {trouble}; questions are compared with every vector meanwhile",
            mend="start the server that CHROMA_URL names; what it lacks is written by itself"
            if app.settings.chroma_url
            else "see that the disk is not full, and restart; what is missing is written by itself",
        )
    if app.manual.exact:
        return Finding(what="chroma", state="ok", found=f"{where}: collections are being written")
    return Finding(what="chroma", state="ok", found=where)


async def _holidays(app: Aftercare) -> Finding:
    now = app.clock()
    known = await app.db.read(lambda conn: coverage.look(conn, now=now))
    if known.until is None:
        return Finding(what="holidays", state="ok", found="no calendar observes public holidays")
    if not known.short:
        return Finding(what="holidays", state="ok", found=f"known until {known.until}")
    ends = f", a deadline falls on {known.last_due:%Y-%m-%d}" if known.last_due else ""
    return Finding(
        what="holidays",
        state="warning",
        found=f"known until {known.until}{ends}",
        mend="later deadlines count holidays as working days: `aftercare holidays import FILE --country … --year …`",
    )


def _address(app: Aftercare) -> Finding:
    url = app.settings.public_url
    if url is None:
        return Finding(
            what="public address",
            state="warning",
            found="PUBLIC_URL is not set",
            mend="set PUBLIC_URL to where clients reach this desk; until then links lead nowhere outside this machine",
        )
    return Finding(what="public address", state="ok", found=url)


def _proxy(app: Aftercare) -> list[Finding]:
    """Whom we believe about clients' addresses; https is always spoken by somebody before us."""
    trusted = app.settings.proxies
    if trusted:
        return [Finding(what="proxies", state="ok", found=f"believed about addresses: {', '.join(trusted)}")]
    if not (app.settings.public_url or "").startswith("https://"):
        return []
    found = "none is trusted: all clients seem to come from the proxy's address, and share one limit of rates"
    mend = "set AFTERCARE_TRUSTED_PROXIES to the address that your proxy calls from, such as 127.0.0.1"
    return [Finding(what="proxies", state="warning", found=found, mend=mend)]


async def _staff(app: Aftercare) -> Finding:
    people = await app.db.read(lambda conn: directory.staff(conn, active_only=True))
    if app.one_time_password is not None:
        return Finding(
            what="people",
            state="warning",
            found="the first admin has not signed in",
            mend="sign in at /desk as admin with the password that `aftercare run` printed",
        )
    return Finding(what="people", state="ok", found=f"{len(people)} active")


def _pager(app: Aftercare) -> Finding:
    if app.settings.pager_url is None:
        return Finding(
            what="pager",
            state="warning",
            found="none: nobody can be phoned about an emergency that nobody takes",
            mend="set AFTERCARE_PAGER_URL (https) and AFTERCARE_PAGER_SECRET; until then only the desk tells people",
        )
    return Finding(what="pager", state="ok", found="calls go out signed")


async def _mail(app: Aftercare) -> Finding:
    server = app.settings.mail_server
    if server is None:
        mend = "set SMTP_URL (smtp://user:password@host:587) and MAIL_FROM; until then reminders go to chats alone"
        return Finding(what="e-mail", state="warning", found="none: no mail server is set up", mend=mend)
    trouble = await Postman(server, deadline_s=_MAIL_S).greet()
    if trouble is not None:
        mend = "check SMTP_URL: the host and port, the user and password, and that the certificate is good"
        return Finding(what="e-mail", state="bad", found=f"{server.shown}: {trouble}", mend=mend)
    failed = (await app.db.read(mails.counts))[mails.FAILED]
    found = f"{server.shown} answers, from {app.settings.mail_from}"
    if failed:
        mend = "see Settings › E-mail in the desk: what the servers said, and a button to send again"
        return Finding(what="e-mail", state="warning", found=f"{found}; {failed} letters failed", mend=mend)
    return Finding(what="e-mail", state="ok", found=found)


async def _paper() -> Finding:
    try:
        chinese = await Printer().can_write_chinese()
    except NotPrinted as error:
        mend = "reinstall plutoprint; until then approved reports wait, and somebody is told"
        return Finding(what="reports", state="warning", found=f"no PDF can be made ({error})", mend=mend)
    if not chinese:
        return Finding(
            what="reports",
            state="warning",
            found="no font here has Chinese letters: a PDF would be a page of boxes, so none is made",
            mend="install one (Debian: apt install fonts-noto-cjk); until then reports go out as pages",
        )
    return Finding(what="reports", state="ok", found="PDF can be made, in Chinese too")


_PING = Prompt(
    name="ping",
    version=1,
    purpose="see whether the model answers",
    placeholders=frozenset(),
    temperature=0,
    max_tokens=30,
    instructions='Answer with the JSON object {{"ok": true}}',
    material="",
)


async def _model(app: Aftercare) -> Finding:
    writer = app.conversations.writer
    if writer is None:
        return Finding(
            what="model", state="ok", found="none: answers are quoted from the manual, nothing is translated"
        )
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    try:
        await writer.model.complete(_PING.fill(), prompt=_PING, schema=schema)
    except ModelError as error:
        return Finding(
            what="model",
            state="warning",
            found=f"{writer.model.name}: {error}",
            mend="check OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL; meanwhile answers are quoted from the manual",
        )
    return Finding(what="model", state="ok", found=f"{writer.model.name} answers")
