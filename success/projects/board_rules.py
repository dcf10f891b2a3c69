"""A project's board: its stages and tasks, and where it slips. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from success.projects.plan_rules import IsWorking, working_between
from success.projects.price_rules import Stage


class SlipKind(StrEnum):
    """`TIGHT`: the work that is left does not fit into the days that are left; `LATE`: the day has gone."""

    TIGHT = "tight"
    LATE = "late"


@dataclass(frozen=True, kw_only=True)
class BoardStage:
    """A stage of a project, with its milestone."""

    id: int
    stage: Stage
    starts_on: date
    due_on: date
    done_at: datetime | None
    done_by: int | None
    survey_id: int | None


@dataclass(frozen=True, kw_only=True)
class BoardTask:
    """A piece of a project's work; `halves` are half days."""

    id: int
    stage: Stage
    title: str
    owner_id: int | None
    due_on: date | None
    halves: int
    done_at: datetime | None
    done_by: int | None


@dataclass(frozen=True, kw_only=True)
class Slip:
    """A milestone that is not kept: so many half days are left to do for one person, so many days there are."""

    stage: BoardStage
    kind: SlipKind
    halves: int = 0
    days: int = 0


def slips(
    stages: Sequence[BoardStage], tasks: Iterable[BoardTask], *, today: date, is_working: IsWorking
) -> tuple[Slip, ...]:
    """Every milestone that has passed, and the first that one person's open tasks up to it cannot be done by any more.

    Those after it are told of once it is mended. What nobody owns cannot be judged and is not.
    """
    open_tasks = [each for each in tasks if each.done_at is None and each.owner_id is not None]
    order, found, before = list(Stage), [], set[Stage]()
    for each in sorted(stages, key=lambda one: order.index(one.stage)):
        before.add(each.stage)
        if each.done_at is not None:
            continue
        if each.due_on < today:
            found.append(Slip(stage=each, kind=SlipKind.LATE))
            continue
        left: dict[int | None, int] = defaultdict(int)
        for task in open_tasks:
            left[task.owner_id] += task.halves if task.stage in before else 0
        need, days = max(left.values(), default=0), working_between(today, each.due_on, is_working)
        if need > 2 * days and not any(one.kind is SlipKind.TIGHT for one in found):
            found.append(Slip(stage=each, kind=SlipKind.TIGHT, halves=need, days=days))
    return tuple(found)


def closable(stages: Sequence[BoardStage], tasks: Iterable[BoardTask], stage: Stage) -> str | None:
    """Why a stage cannot be closed: ``closed`` before, ``order`` (one before it is open), ``tasks``; else None."""
    order = list(Stage)
    of = {each.stage: each for each in stages}
    if of[stage].done_at is not None:
        return "closed"
    if any(each.done_at is None and order.index(each.stage) < order.index(stage) for each in stages):
        return "order"
    return "tasks" if any(each.stage is stage and each.done_at is None for each in tasks) else None


def now_in(stages: Sequence[BoardStage]) -> BoardStage | None:
    """The first stage that is not done; None once all are."""
    order = list(Stage)
    return min(
        (each for each in stages if each.done_at is None), key=lambda each: order.index(each.stage), default=None
    )


def written(halves: int) -> str:
    """Half days as days: 3 is 1.5."""
    return f"{halves // 2}.5" if halves % 2 else str(halves // 2)


def read_halves(text: str) -> int | None:
    """Days such as 2 or 1.5 as half days; None for anything else."""
    whole, _, part = text.strip().replace("，", ".").replace(",", ".").partition(".")
    if not (whole.isascii() and whole.isdecimal() and len(whole) <= 3 and part in {"", "0", "5"}):  # noqa: PLR2004
        return None
    return int(whole) * 2 + (part == "5")
