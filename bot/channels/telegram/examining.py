"""What `aftercare doctor` says about Telegram: the token, privacy mode, who brings the updates."""

from telegram.error import TelegramError

from bot.channels.telegram.account import mend
from bot.channels.telegram.routes import PATH
from bot.channels.telegram.service import Telegram
from bot.findings import Finding


async def examine(telegram: Telegram | None) -> list[Finding]:
    """Ask the server; one finding where nothing is set up or nothing answers."""
    if telegram is None:
        return [Finding(what="Telegram", state="ok", found="not set up (TELEGRAM_TOKEN is not set)")]
    try:
        user = await telegram.account.bot.get_me()
        hook = await telegram.account.bot.get_webhook_info()
    except TelegramError as error:
        return [Finding(what="Telegram", state="bad", found=type(error).__name__, mend=mend(error))]
    token = Finding(what="Telegram", state="ok", found=f"the token is @{user.username}'s")
    private = not user.can_read_all_group_messages
    return [token, _privacy(private=private), _webhook(telegram, hook.url, hook.last_error_message)]


def _privacy(*, private: bool) -> Finding:
    what = "Telegram privacy mode"
    if not private:
        return Finding(what=what, state="ok", found="off: the bot hears its groups")
    return Finding(
        what=what,
        state="warning",
        found="on: of a group the bot hears only what is said to it, and no emergency without a mention",
        mend="@BotFather → /setprivacy → Disable, then take the bot out of each group and add it again",
    )


def _webhook(telegram: Telegram, url: str, error: str | None) -> Finding:
    what, settings = "Telegram updates", telegram.settings
    wanted = f"{settings.public_url}{PATH}" if telegram.router is not None else ""
    if url != wanted:
        found = f"they go to {url or 'nobody who asks'}, not to {wanted or 'our polling'}"
        hint = "restart `aftercare run`: it sets what it needs; if that does not last, another program uses this token"
        return Finding(what=what, state="bad", found=found, mend=hint)
    if error:
        hint = f"let {wanted} be reached from outside by https, with a certificate that Telegram trusts"
        return Finding(what=what, state="warning", found=f"pushed, last error: {error}", mend=hint)
    if settings.telegram_webhook_secret is not None and not wanted:
        hint = "set PUBLIC_URL to an https:// address, or take TELEGRAM_WEBHOOK_SECRET away"
        return Finding(what=what, state="warning", found="polled, although a webhook's secret is set", mend=hint)
    return Finding(what=what, state="ok", found="pushed to our webhook" if wanted else "polled")
