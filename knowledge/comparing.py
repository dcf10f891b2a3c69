"""Golden results of two versions, question by question: what broke, what was mended, what moved. Pure."""

from collections.abc import Sequence

from knowledge.changes import Decision, QuestionChange, Result, Turn, Verdict
from knowledge.golden import Golden


def result(golden: Golden, *, found: str | None, evidence: float, answered: bool) -> Result:
    """Return how a version did on a question: the page it found first, and whether it answers."""
    return Result(
        ask=golden.ask,
        after=golden.after,
        pages=golden.pages,
        must=golden.must,
        found=found,
        evidence=round(evidence, 4),
        answered=answered,
        verdict=_verdict(golden, found=found, answered=answered),
    )


def _verdict(golden: Golden, *, found: str | None, answered: bool) -> Verdict:
    if not golden.pages:
        return Verdict.SHOULD_REFUSE if answered else Verdict.RIGHT
    if not answered:
        return Verdict.REFUSED
    return Verdict.RIGHT if found in golden.pages else Verdict.WRONG_PAGE


def changes(before: Sequence[Result], after: Sequence[Result]) -> tuple[QuestionChange, ...]:
    """Return the questions that changed, broken ones first; a question that only one side was asked is left out."""
    held = {(each.after, each.ask): each for each in before}
    pairs = [(held[key], each) for each in after if (key := (each.after, each.ask)) in held]
    found = [QuestionChange(turn=turn, before=old, after=new) for old, new in pairs if (turn := _turn(old, new))]
    return tuple(sorted(found, key=lambda change: (list(Turn).index(change.turn), not change.after.must)))


def _turn(old: Result, new: Result) -> Turn | None:
    was, is_right = old.verdict is Verdict.RIGHT, new.verdict is Verdict.RIGHT
    if was != is_right:
        return Turn.BROKEN if was else Turn.MENDED
    moved = old.found != new.found and (old.answered or new.answered)
    return Turn.MOVED if moved or old.verdict is not new.verdict else None


def decide(turned: Sequence[QuestionChange], *, worse: bool) -> Decision:
    """Return whether a version may go live: not with a worse score, and not where a question breaks that must not."""
    broken = (each.after for each in turned if each.turn is Turn.BROKEN)
    return Decision(worse=worse, musts=tuple(each.ask for each in broken if each.must))
