"""What `aftercare doctor` says about Slack: the token, its scopes, how events come in, the clock."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.channels.slack.account import TROUBLE, code, mend
from bot.channels.slack.doors import PATH
from bot.channels.slack.manifest import missing
from bot.channels.slack.service import Slack
from bot.findings import Finding

_SKEW_BAD: Final = timedelta(minutes=5)  # Bolt and Slack refuse signatures that are older
_SKEW_WARNS: Final = timedelta(minutes=1)


async def examine(slack: Slack | None) -> list[Finding]:
    """Ask Slack; one finding where nothing is set up or nothing answers."""
    if slack is None:
        return [Finding(what="Slack", state="ok", found="not set up (SLACK_BOT_TOKEN is not set)")]
    try:
        told: Any = await slack.account.client.auth_test()
    except TROUBLE as error:
        return [Finding(what="Slack", state="bad", found=code(error), mend=mend(error))]
    token = Finding(what="Slack", state="ok", found=f"the token is {told['user']}'s in {told['team']}")
    headers = {name.lower(): value for name, value in told.headers.items()}
    findings = [token, _scopes(headers.get("x-oauth-scopes", "")), await _events(slack)]
    return findings + _clock(headers.get("date", ""), slack)


def _scopes(granted: str) -> Finding:
    lacking = missing(granted)
    if not lacking:
        return Finding(what="Slack scopes", state="ok", found="all there")
    hint = "add them under OAuth & Permissions, or take docs/slack-app-manifest.yaml, and install the app again"
    return Finding(what="Slack scopes", state="bad", found=f"missing: {', '.join(lacking)}", mend=hint)


async def _events(slack: Slack) -> Finding:
    what, settings = "Slack events", slack.settings
    if settings.slack_app_token is None:
        url = settings.public_url
        if url is None or not url.startswith("https://"):
            hint = f"set PUBLIC_URL to an https:// address and {PATH} there as request URL, or use Socket Mode"
            return Finding(what=what, state="warning", found="Slack posts them, but to where is not known", mend=hint)
        return Finding(what=what, state="ok", found=f"Slack posts them to {url}{PATH}, signed")
    try:
        await slack.account.client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as error:
        hint = "SLACK_APP_TOKEN: make an app-level token with connections:write, and turn Socket Mode on"
        return Finding(what=what, state="bad", found=f"no socket: {code(error)}", mend=hint)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        return Finding(what=what, state="bad", found=code(error), mend=mend(error))
    return Finding(what=what, state="ok", found="through a socket that we open")


def _clock(date: str, slack: Slack) -> list[Finding]:
    """Only where Slack tells the time."""
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return []
    return [skewed(theirs, slack.clock())]


def skewed(theirs: datetime, ours: datetime) -> Finding:
    """What a difference of the clocks means."""
    what, off = "Slack clock", abs(theirs - ours)
    found = f"ours differs from Slack's by {off.total_seconds():.0f} s"
    if off < _SKEW_WARNS:
        return Finding(what=what, state="ok", found=found)
    hint = "set the machine's clock (NTP): signed requests are refused from 5 minutes on"
    return Finding(what=what, state="bad" if off >= _SKEW_BAD else "warning", found=found, mend=hint)
