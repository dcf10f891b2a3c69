"""What is agreed with one client: tier, dates, fee, entitlements and how much of them is used. Pure.

Dates are the client's own; `ends_on` is the last day (None: without end). Agreements of one client never overlap;
in a gap between them the client is served as a standard one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from handoff.errors import Clash, PolicyError
from handoff.fields import day, natural, positive
from handoff.kinds import Tier

DAY: Final = timedelta(days=1)
MOST_FEE: Final = 2_000_000_000
MOST_AMOUNT: Final = 1_000_000
TEXT_LENGTH: Final = 20_000
NAME_LENGTH: Final = 60
MOST_ENTITLEMENTS: Final = 30
FEES_IN: Final = "CNY"


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """Something a client may have so often each year, such as 4 on-site visits."""

    name: str
    amount: int
    unit: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What an agreement says. `fee` is a year's, in whole units of the currency."""

    tier: Tier
    starts_on: date
    ends_on: date | None = None
    fee: int | None = None
    currency: str = FEES_IN
    scope: str = ""
    entitlements: tuple[Entitlement, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Agreement(Draft):
    """An agreement that was made; `replaced_at`: it was edited or withdrawn then."""

    id: int
    client_id: int
    at: datetime
    by_id: int | None = None
    replaced_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Cover:
    """What holds on one day. In a gap `agreement` is None; `since` is its first day (None: none has begun yet)."""

    tier: Tier
    agreement: Agreement | None = None
    gap: bool = False
    since: date | None = None
    next_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class Use:
    """One booking of an entitlement; a negative amount takes one back."""

    id: int
    name: str
    amount: int
    used_on: date
    note: str
    ticket_id: int | None
    at: datetime
    by_id: int | None


@dataclass(frozen=True, kw_only=True)
class Balance:
    """An entitlement in the agreement's current year."""

    entitlement: Entitlement
    used: int

    @property
    def left(self) -> int:
        """What is left; negative when more was given than agreed."""
        return self.entitlement.amount - self.used


def read_draft(fields: Mapping[str, object]) -> Draft:
    """Read an agreement's fields, texts or values; raises PolicyError naming the field."""
    starts = day(fields.get("starts_on"), "starts_on")
    ends = None if fields.get("ends_on") in {None, ""} else day(fields.get("ends_on"), "ends_on")
    if ends is not None and ends < starts:
        raise PolicyError("ends_on", f"{ends} is before {starts}")
    return Draft(
        tier=_tier(fields.get("tier")),
        starts_on=starts,
        ends_on=ends,
        fee=_fee(fields.get("fee")),
        currency=_currency(fields.get("currency")),
        scope=_text(fields.get("scope"), "scope", TEXT_LENGTH),
        entitlements=read_entitlements(fields.get("entitlements")),
    )


def read_entitlements(rows: object) -> tuple[Entitlement, ...]:
    """Read `[{name, amount, unit}]`; raises PolicyError naming the row."""
    found: list[Entitlement] = []
    for number, row in enumerate(rows if isinstance(rows, list | tuple) else (), 1):
        where = f"entitlements.{number}"
        if not isinstance(row, Mapping):
            raise PolicyError(where, "must be a mapping")
        name = _text(row.get("name"), f"{where}.name", NAME_LENGTH)
        amount = positive(_whole(row.get("amount"), f"{where}.amount"), f"{where}.amount")
        if not name or any(each.name == name for each in found):
            raise PolicyError(f"{where}.name", "is missing or stands twice")
        if amount > MOST_AMOUNT:
            raise PolicyError(f"{where}.amount", f"is more than {MOST_AMOUNT}")
        found.append(Entitlement(name=name, amount=amount, unit=_text(row.get("unit"), f"{where}.unit", NAME_LENGTH)))
    if len(found) > MOST_ENTITLEMENTS:
        raise PolicyError("entitlements", f"are more than {MOST_ENTITLEMENTS}")
    return tuple(found)


def refuse_overlap(others: Iterable[Agreement], draft: Draft) -> None:
    """Raise Clash with the days that another agreement covers already."""
    for other in others:
        first = max(other.starts_on, draft.starts_on)
        ends = [last for last in (other.ends_on, draft.ends_on) if last is not None]
        if not ends or first <= min(ends):
            raise Clash(first, min(ends, default=None))


def cover(agreements: Sequence[Agreement], today: date, *, otherwise: Tier) -> Cover:
    """What holds today; a client without any agreement has the tier `otherwise`."""
    if not agreements:
        return Cover(tier=otherwise)
    next_on = min((each.starts_on for each in agreements if each.starts_on > today), default=None)
    for each in agreements:
        if each.starts_on <= today and (each.ends_on is None or today <= each.ends_on):
            return Cover(tier=each.tier, agreement=each, next_on=next_on)
    ended = [each.ends_on for each in agreements if each.ends_on is not None and each.ends_on < today]
    since = max(ended) + DAY if ended else None
    return Cover(tier=Tier.STANDARD, gap=True, since=since, next_on=next_on)


def year_of(agreement: Draft, today: date) -> tuple[date, date]:
    """The agreement's year that today is in, both days included; a leap day's anniversary is 28 February."""
    years = max(0, today.year - agreement.starts_on.year)
    if years and _anniversary(agreement.starts_on, years) > today:
        years -= 1
    last = _anniversary(agreement.starts_on, years + 1) - DAY
    return _anniversary(agreement.starts_on, years), min(last, agreement.ends_on or last)


def balances(agreement: Draft, uses: Iterable[Use], today: date) -> tuple[Balance, ...]:
    """What is used and left of each entitlement in the year that today is in."""
    first, last = year_of(agreement, today)
    mine = [use for use in uses if first <= use.used_on <= last]
    return tuple(
        Balance(entitlement=each, used=sum(use.amount for use in mine if use.name == each.name))
        for each in agreement.entitlements
    )


def fitting_tier(fees: Mapping[Tier, int], draft: Draft) -> Tier | None:
    """The tier that the fee belongs to, if it is another one; the thresholds are CNY, both ends belong to both."""
    if draft.fee is None or draft.currency != FEES_IN:
        return None
    ceilings = sorted(fee for fee in fees.values() if fee > fees[draft.tier])
    if fees[draft.tier] <= draft.fee and not (ceilings and draft.fee > ceilings[0]):
        return None
    return max((tier for tier in Tier if fees[tier] <= draft.fee), key=lambda tier: fees[tier], default=None)


def _anniversary(start: date, years: int) -> date:
    try:
        return start.replace(year=start.year + years)
    except ValueError:
        return start.replace(year=start.year + years, day=28)


def _tier(value: object) -> Tier:
    if value not in set(Tier):
        raise PolicyError("tier", f"{value!r} is no tier")
    return Tier(str(value))


def _fee(value: object) -> int | None:
    if value in {None, ""}:
        return None
    fee = natural(_whole(value, "fee"), "fee")
    if fee > MOST_FEE:
        raise PolicyError("fee", f"is more than {MOST_FEE}")
    return fee


def _currency(value: object) -> str:
    code = str(value or FEES_IN).strip().upper()
    if len(code) != len(FEES_IN) or not (code.isascii() and code.isalpha()):
        raise PolicyError("currency", f"{value!r} is no currency; write CNY, HKD, TWD, USD …")
    return code


def _whole(value: object, where: str) -> object:
    """A number as people type it: "120,000"."""
    if not isinstance(value, str):
        return value
    digits = value.replace(",", "").replace("，", "").strip()
    if not (digits.isascii() and digits.lstrip("-").isdecimal() and len(digits) <= len(str(MOST_FEE))):
        raise PolicyError(where, f"{value!r} is no whole number")
    return int(digits)


def _text(value: object, where: str, limit: int) -> str:
    text = str(value or "").strip()
    if len(text) > limit:
        raise PolicyError(where, f"is longer than {limit} characters")
    return text
