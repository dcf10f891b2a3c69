"""What a rule is: on what event, under which conditions, it does what. Checked by schema, read from YAML elsewhere."""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from handoff.kinds import Level, Tier
from store.zones import find_zone
from success.incident_rules import Severity
from success.rule_patterns import bounded

MOST_RULES: Final = 100
MOST_STEPS: Final = 10
LONGEST: Final = timedelta(days=7)
_SPAN: Final = re.compile(r"(\d{1,5})\s*([smhd])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FIELD: Final = re.compile(r"[a-z_]+(\.[A-Za-z_][\w-]{0,60})?")
PLACE: Final = re.compile(r"\{([a-z_]+(?:\.[\w-]+)?)\}")
"""Where a text names a fact of the event."""
FOR_CLIENTS: Final = frozenset({"client_name", "site"})
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


class Happens(StrEnum):
    """What rules hear of."""

    ALERT_FIRING = "alert_firing"
    ALERT_RESOLVED = "alert_resolved"
    SITE_DOWN = "site_down"
    SITE_RECOVERED = "site_recovered"
    TICKET_OPENED = "ticket_opened"
    TICKET_ESCALATED = "ticket_escalated"
    TICKET_BREACHED = "ticket_breached"
    RATING_LOW = "rating_low"
    EXPIRY_NEAR = "expiry_near"
    TASK_OVERDUE = "task_overdue"


class Op(StrEnum):
    """How a field is compared."""

    IS = "=="
    IS_NOT = "!="
    IN = "in"
    MATCHES = "matches"
    MORE = ">"
    LESS = "<"


def _span(value: object) -> object:
    """A length of time such as 30s, 5m, 2h, 1d."""
    if isinstance(value, timedelta):
        return value
    found = _SPAN.fullmatch(str(value).strip())
    if found is None:
        raise ValueError("write a length of time such as 30s, 5m, 2h or 1d")
    length = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if not timedelta(0) < length <= LONGEST:
        raise ValueError("must be more than nothing and at most 7d")
    return length


def _clock(value: object) -> object:
    """A time of day such as 09:00."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,2}:\d{2}", value):
        hour, minute = map(int, value.split(":"))
        if hour < 24 and minute < 60:  # noqa: PLR2004 - of a day, of an hour
            return time(hour, minute)
    if isinstance(value, time):
        return value
    raise ValueError("write a time of day such as 09:00")


Span = Annotated[timedelta, BeforeValidator(_span)]
Clock = Annotated[time, BeforeValidator(_clock)]
Words = Annotated[str, Field(min_length=1, max_length=1_000)]
Key = Annotated[str, Field(pattern=f"^{_KEY.pattern}$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Condition(_Strict):
    """One comparison; `missing` is what holds where the event has no such field."""

    field: Annotated[str, Field(pattern=f"^{_FIELD.pattern}$")]
    op: Op
    value: str | int | float | bool | tuple[str | int | float, ...]
    missing: bool = False

    @model_validator(mode="after")
    def _fits(self) -> "Condition":
        if (self.op is Op.IN) != isinstance(self.value, tuple):
            raise ValueError("`in` takes a list, the others take one value")
        if self.op is Op.MATCHES:
            bounded(str(self.value))
        if self.op in {Op.MORE, Op.LESS} and (isinstance(self.value, bool) or not isinstance(self.value, int | float)):
            raise ValueError(f"`{self.op}` takes a number")
        return self


class Count(_Strict):
    """So many such events within a time, of the same value of a field."""

    at_least: Annotated[int, Field(ge=2, le=1_000)]
    within: Span
    by: Annotated[str, Field(pattern=f"^{_FIELD.pattern}$")]


class Hours(_Strict):
    """A part of the day in a zone, past midnight where `to` comes before `from`."""

    since: Clock = Field(alias="from")
    until: Clock = Field(alias="to")
    zone: str = "Asia/Shanghai"
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        if find_zone(zone) is None:
            raise ValueError("is no time zone; write one such as Asia/Shanghai")
        return zone


class Limit(_Strict):
    """How often a rule may fire before it is stopped."""

    firings: Annotated[int, Field(ge=1, le=1_000)] = 20
    within: Span = timedelta(hours=1)


class OpenIncident(_Strict):
    """Open the incident of the event's cause, or suggest it."""

    title: Words
    severity: Severity = Severity.MAJOR
    suggest: bool = False


class LinkIncident(_Strict):
    """Let the event's ticket, site or alert belong to the live incident of its server or client."""


class MendIncident(_Strict):
    """Once none of its alerts fires any more: watch the incident, or resolve it."""

    state: Literal["monitoring", "resolved"] = "monitoring"


class TellClients(_Strict):
    """Tell the groups concerned, once each; by day unless what happens is at least so severe."""

    zh_hans: Words = Field(alias="zh-Hans")
    zh_hant: Words | None = Field(default=None, alias="zh-Hant")
    en: Words
    only_if: Severity = Severity.MINOR
    at_night: Severity = Severity.CRITICAL

    @model_validator(mode="after")
    def _says_nothing_of_ours(self) -> "TellClients":
        for text in self.texts.values():
            for name in PLACE.findall(text):
                if name not in FOR_CLIENTS:
                    raise ValueError(f"{{{name}}} is not for clients; they may read {{client_name}} and {{site}}")
        return self

    @property
    def texts(self) -> Mapping[str, str]:
        """By language."""
        return {"zh-Hans": self.zh_hans, "zh-Hant": self.zh_hant or "", "en": self.en}


class TellStaff(_Strict):
    """Tell our people's chats, or one of us by login."""

    text: Words
    person: Annotated[str, Field(max_length=100)] | None = None


class GiveTask(_Strict):
    """Give somebody something to do: whom it concerns, or one of us by login."""

    text: Words
    due_in: Span = timedelta(hours=4)
    person: Annotated[str, Field(max_length=100)] | None = None


class CallHook(_Strict):
    """Call an address that an admin has set up, once a firing."""

    hook: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class Step(_Strict):
    """One action: exactly one of these."""

    open_incident: OpenIncident | None = None
    link_incident: LinkIncident | None = None
    mend_incident: MendIncident | None = None
    tell_clients: TellClients | None = None
    tell_staff: TellStaff | None = None
    give_task: GiveTask | None = None
    set_level: Level | None = None
    route: Literal[True] | None = None
    call_hook: CallHook | None = None
    wait: Span | None = None

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: Any) -> Any:
        """`link_incident:` without anything after it means it as it is."""
        if isinstance(value, Mapping) and len(value) == 1:
            (name, inside), *_ = value.items()
            if inside is None and name in {"link_incident", "mend_incident"}:
                return {name: {}}
        return value

    @model_validator(mode="after")
    def _one(self) -> "Step":
        if len(self.model_fields_set) != 1:
            raise ValueError("each step does exactly one thing")
        return self

    @property
    def name(self) -> str:
        """What it does."""
        return next(iter(self.model_fields_set))

    @property
    def speaks(self) -> bool:
        """Whether people hear of it: quiet hours put it off."""
        return self.name in {"tell_clients", "tell_staff", "give_task"}


class Rule(_Strict):
    """On an event, where all conditions hold: steps, in order. Further events of the same thing fold for `cooldown`."""

    key: Key
    name: Annotated[str, Field(min_length=1, max_length=120)]
    on: Happens
    enabled: bool = True
    when: tuple[Condition, ...] = ()
    lasting: Span | None = Field(default=None, alias="for")
    count: Count | None = None
    tiers: tuple[Tier, ...] = ()
    hours: Hours | None = None
    quiet: Hours | None = None
    cooldown: Span = timedelta(minutes=30)
    limit: Limit = Limit()
    then: Annotated[tuple[Step, ...], Field(min_length=1, max_length=MOST_STEPS)]


class Book(_Strict):
    """All rules."""

    rules: Annotated[tuple[Rule, ...], Field(max_length=MOST_RULES)]

    @model_validator(mode="after")
    def _once_each(self) -> "Book":
        keys = [rule.key for rule in self.rules]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"the key {twice[0]} stands twice")
        return self
