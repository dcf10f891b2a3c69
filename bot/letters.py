"""A letter as it travels: the message of RFC 5322, the same each time it is made. Pure but for reading its files."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr

from success.mails import Mail, is_address


def read_sender(text: str) -> tuple[str, str]:
    """The name and the address of "Name <address>" or an address; raises ValueError."""
    name, address = parseaddr(text.strip())
    if not is_address(address) or not address.isascii() or any(ord(letter) < 32 for letter in text):  # noqa: PLR2004
        raise ValueError("must be an address such as care@agency.example, or Name <care@agency.example>")
    return name, address


def message_id(mail: Mail, *, sender: str) -> str:
    """What names a letter for good: sent twice, its receiver can tell that it is one."""
    named = f"{mail.id}\n{mail.origin}\n{mail.at.isoformat()}\n{mail.address}".encode()
    return f"<aftercare.{mail.id}.{hashlib.sha256(named).hexdigest()[:20]}@{sender.rpartition('@')[2]}>"


def letter(mail: Mail, *, sender: tuple[str, str], files: Mapping[str, bytes], now: datetime) -> bytes:
    """The letter's bytes; `files` are the contents of its files by their name in the files folder."""
    name, address = sender
    policy = (SMTP if mail.address.isascii() else SMTPUTF8).clone(cte_type="7bit")
    made = EmailMessage(policy=policy)
    made["From"] = Address(display_name=name, addr_spec=address)
    made["To"] = mail.address
    made["Subject"] = mail.subject
    made["Date"] = format_datetime(now)
    made["Message-ID"] = message_id(mail, sender=address)
    made["Auto-Submitted"] = "auto-generated"
    made["X-Auto-Response-Suppress"] = "All"
    made["Content-Language"] = mail.language
    if mail.leave:
        made["List-Unsubscribe"] = f"<{mail.leave}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        made["Precedence"] = "bulk"
    made.set_content(mail.text)
    if mail.html:
        made.add_alternative(mail.html, subtype="html")
    for stored, shown, media_type in mail.files:
        main, _, sub = media_type.partition("/")
        made.add_attachment(
            files[stored], maintype=main or "application", subtype=sub or "octet-stream", filename=shown
        )
    return made.as_bytes()
