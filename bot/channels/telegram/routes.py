"""The webhook: Telegram posts an update, and hears 200 once it is stored."""

import asyncio
import hmac
import json
from typing import Final

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from telegram import Update
from telegram.error import TelegramError

from bot.channels.telegram.account import ALLOWED, Account, Troubles
from bot.channels.telegram.arriving import NOT_STORED, Arrivals
from bot.channels.telegram.fetched import readable

log = structlog.get_logger()

PATH: Final = "/telegram/updates"
_HEADER: Final = "x-telegram-bot-api-secret-token"


def webhook(account: Account, arrivals: Arrivals, *, secret: str) -> APIRouter:
    """The route that takes updates from whoever knows the secret. The application limits the body's size."""
    router = APIRouter()

    @router.post(PATH, include_in_schema=False)
    async def take(request: Request) -> Response:
        given = request.headers.get(_HEADER, "")
        if not hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode()):
            raise HTTPException(403, "the secret token is wrong")
        update = _parsed(await request.body(), account)
        try:
            await arrivals.take(update)
        except NOT_STORED as error:
            log.warning("telegram_update_not_stored", error=type(error).__name__)
            raise HTTPException(503, "not stored, please send it again") from error
        except Exception:  # our own fault, or nothing that we can read: told, it must not hold up the others
            log.exception("telegram_update_skipped")
        return Response(status_code=200)

    return router


async def announce(account: Account, *, url: str, secret: str) -> None:
    """Tell Telegram where to post, again and again until it has heard. Cancel it to give up."""
    troubles = Troubles()
    while True:
        try:
            await account.bot.set_webhook(url + PATH, secret_token=secret, allowed_updates=ALLOWED)
        except TelegramError as error:
            await asyncio.sleep(troubles.meet(error))
        else:
            return troubles.over()


def _parsed(body: bytes, account: Account) -> Update:
    try:
        update = readable(json.loads(body), account.bot)
    except (ValueError, RecursionError):
        update = None
    if update is None:
        raise HTTPException(400, "no update")
    return update
