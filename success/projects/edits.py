"""A proposal as a person changes it: what the fields of the form say. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from success.projects.errors import ProjectRefused
from success.projects.model import LONGEST, MOST_LINES, WORDS, Line, Payment, Proposal
from success.projects.plan_rules import Milestone
from success.projects.price_rules import MOST_PRICE, PAYABLE, WHOLE, Stage
from success.projects.wish import ITEM_LENGTH, plain, read_date

OPTIONAL: Final = "*"
"""What stands behind the name of a line that can be left out."""


def edited(proposal: Proposal, fields: Mapping[str, str]) -> Proposal:
    """The proposal as a person changed it; a field that is not there stays. Raises ProjectRefused naming the field."""
    texts = (*WORDS, "remarks", "tax")
    changes: dict[str, Any] = {name: _written(fields[name], name) for name in texts if name in fields}
    for name in ("pages", "open", "excluded"):
        if name in fields:
            changes[name] = _listed(fields[name], name)
    if "lines" in fields:
        changes["lines"] = read_lines(fields["lines"])
    if "valid_until" in fields:
        until = read_date(fields["valid_until"], "valid_until")
        if until is None:
            raise ProjectRefused("valid_until")
        changes["valid_until"] = until
    if any(f"{stage}_starts" in fields for stage in Stage):
        changes["milestones"] = _milestones(fields)
    if any(f"pay_{when}" in fields for when in PAYABLE):
        changes["payments"] = _payments(fields)
    if not changes.get("understanding", proposal.understanding):
        raise ProjectRefused("understanding")
    return replace(proposal, **changes)


def read_lines(text: str) -> tuple[Line, ...]:
    """Price lines as they are typed: name | days | price | what is in it; with `*` behind its name it can be left out.

    Raises ProjectRefused: ``lines``.
    """
    found = []
    for row in text.replace("｜", "|").splitlines():
        if not row.strip():
            continue
        name, days, price, *what = (plain(each) for each in [*row.split("|", 3), "", ""][:4])
        optional, name = name.endswith(OPTIONAL), name.rstrip(f"{OPTIONAL} ")
        if not name or len(name) > ITEM_LENGTH or not _whole(days, 1_000) or not _whole(price, MOST_PRICE):
            raise ProjectRefused("lines")
        amounts = {"days": int(days.replace(",", "")), "price": int(price.replace(",", ""))}
        found.append(Line(name=name, what=what[0][:ITEM_LENGTH], optional=optional, **amounts))
    if not found or len(found) > MOST_LINES:
        raise ProjectRefused("lines")
    return tuple(found)


def typed_lines(lines: Sequence[Line]) -> str:
    """Price lines as they are typed."""
    named = [(f"{each.name}{OPTIONAL}" if each.optional else each.name, each) for each in lines]
    return "\n".join(f"{name} | {each.days} | {each.price} | {each.what}" for name, each in named)


def typed_payments(payments: Sequence[Payment]) -> dict[str, str]:
    """Payments as fields."""
    return {f"pay_{when}": "" for when in PAYABLE} | {f"pay_{each.when}": str(each.share) for each in payments}


def _milestones(fields: Mapping[str, str]) -> tuple[Milestone, ...]:
    found, last = [], None
    for stage in Stage:
        starts, ends = (read_date(fields.get(f"{stage}_{edge}", ""), "milestones") for edge in ("starts", "ends"))
        if starts is None or ends is None or ends < starts or (last is not None and starts < last):
            raise ProjectRefused("milestones")
        found.append(Milestone(stage=stage, starts_on=starts, ends_on=ends))
        last = starts
    return tuple(found)


def _payments(fields: Mapping[str, str]) -> tuple[Payment, ...]:
    typed = {when: fields.get(f"pay_{when}", "").strip() or "0" for when in PAYABLE}
    if not all(_whole(share, WHOLE) for share in typed.values()):
        raise ProjectRefused("payments")
    found = tuple(Payment(when=when, share=int(share)) for when, share in typed.items() if int(share))
    if found and sum(each.share for each in found) != WHOLE:
        raise ProjectRefused("payments")
    return found


def _written(text: str, name: str) -> str:
    said = plain(text)
    if len(said) > LONGEST:
        raise ProjectRefused(name)
    return said


def _listed(text: str, name: str) -> tuple[str, ...]:
    said = tuple(dict.fromkeys(row for each in text.splitlines() if (row := plain(each))))
    if len(said) > MOST_LINES or any(len(each) > LONGEST for each in said):
        raise ProjectRefused(name)
    return said


def _whole(text: str, most: int) -> bool:
    bare = text.replace(",", "")
    return bare.isascii() and bare.isdecimal() and len(bare) <= len(str(most)) and int(bare) <= most
