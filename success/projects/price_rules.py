"""What the agency's work costs: modules with days and prices, day rates by role; what a wish asks for. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from knowledge.language import ENGLISH, TRADITIONAL, fold, to_script

MOST_MODULES: Final = 100
MOST_PRICE: Final = 100_000_000
WHOLE: Final = 100
START: Final = "start"
"""Payments sum up to it, in per cents; the first may be due as the work is agreed."""
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class Stage(StrEnum):
    """The stages of a project, in their order."""

    NEEDS = "needs"
    DESIGN = "design"
    BUILD = "build"
    TEST = "test"
    LAUNCH = "launch"


PAYABLE: Final = (START, *map(str, Stage))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Said(_Part):
    """Words in two languages; traditional Chinese is made from the simplified."""

    zh: Words = Field(alias="zh-Hans")
    en: Words

    def __call__(self, language: str) -> str:
        """The words in a language."""
        if language == ENGLISH:
            return self.en
        return to_script(self.zh, TRADITIONAL) if language == TRADITIONAL else self.zh


class Module(_Part):
    """A piece of work with its price. It is in a wish if it is `always` in, or a function has one of the `when`."""

    key: Key
    name: Said
    includes: Said
    always: bool = False
    optional: bool = False
    when: tuple[Words, ...] = Field(default=(), max_length=60)
    days: int = Field(ge=1, le=500)
    price: int = Field(ge=0, le=MOST_PRICE)
    pages: tuple[Said, ...] = Field(default=(), max_length=30)

    @model_validator(mode="after")
    def _comes_in(self) -> Self:
        if not self.always and not self.when:
            raise ValueError("says neither `always: true` nor what brings it in (`when`)")
        return self


class Rate(_Part):
    """What a role is called and what a day of it costs."""

    role: Key
    name: Said
    day: int = Field(ge=1, le=MOST_PRICE)


class Weights(_Part):
    """How a project's days are shared among its stages, in any unit."""

    needs: int = Field(ge=1, le=1_000)
    design: int = Field(ge=1, le=1_000)
    build: int = Field(ge=1, le=1_000)
    test: int = Field(ge=1, le=1_000)
    launch: int = Field(ge=1, le=1_000)

    def of(self, stage: Stage) -> int:
        """A stage's weight."""
        weight: int = getattr(self, str(stage))
        return weight


class PriceList(_Part):
    """The agency's prices. An offer is good for `valid_days`; work begins `lead_days` working days after it is made;
    `people` work on a project side by side. `tax` says what prices hold, `excluded` what they do not; `payments` are
    per cents of the sum, at the start or at the end of a stage.
    """

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    valid_days: int = Field(ge=1, le=365)
    lead_days: int = Field(ge=0, le=250)
    people: int = Field(ge=1, le=50)
    stages: Weights
    tax: Said | None = None
    excluded: tuple[Said, ...] = Field(default=(), max_length=30)
    payments: Mapping[Literal["start"] | Stage, Annotated[int, Field(ge=1, le=WHOLE)]] = Field(default_factory=dict)
    rates: tuple[Rate, ...] = Field(min_length=1, max_length=30)
    modules: tuple[Module, ...] = Field(min_length=1, max_length=MOST_MODULES)

    @model_validator(mode="after")
    def _once(self) -> Self:
        for what, keys in (("module", [m.key for m in self.modules]), ("role", [r.role for r in self.rates])):
            twice = next((key for key in keys if keys.count(key) > 1), None)
            if twice is not None:
                raise ValueError(f"{what} {twice} stands twice")
        return self

    @model_validator(mode="after")
    def _all_is_paid(self) -> Self:
        if self.payments and sum(self.payments.values()) != WHOLE:
            raise ValueError(f"payments come to {sum(self.payments.values())} per cent; they sum up to {WHOLE}")
        return self

    def rate(self, role: str) -> Rate | None:
        """The rate of a role."""
        return next((each for each in self.rates if each.role == role), None)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """What of the prices a wish comes to: modules in their order, and the functions that no module covers."""

    modules: tuple[Module, ...]
    uncovered: tuple[str, ...]

    @property
    def days(self) -> int:
        """Days of work."""
        return sum(each.days for each in self.modules)


def choose(prices: PriceList, functions: Iterable[str]) -> Chosen:
    """The modules that these functions bring in, with those that are always in."""
    wanted = [(said, fold(said)) for said in functions]
    covered: set[str] = set()
    modules = []
    for module in prices.modules:
        hits = {said for said, folded in wanted if any(_names(folded, word) for word in module.when)}
        covered |= hits
        if hits or module.always:
            modules.append(module)
    return Chosen(modules=tuple(modules), uncovered=tuple(said for said, _ in wanted if said not in covered))


def without(chosen: Sequence[Module], count: int) -> tuple[Module, ...]:
    """The modules less the last `count` optional ones."""
    optional = [each.key for each in chosen if each.optional][::-1][:count]
    return tuple(each for each in chosen if each.key not in optional)


def _names(function: str, word: str) -> bool:
    folded = fold(word)
    if folded.isascii():
        return re.search(rf"(?<![a-z0-9]){re.escape(folded)}(?:s|es)?(?![a-z0-9])", function) is not None
    return folded in function
