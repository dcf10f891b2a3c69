"""What the platform saw against what the program kept: lost, doubled, and doubles whose fate was hidden. Pure."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from benchmarks.theatre.books import Kept
from benchmarks.theatre.stages import Said, Shown

Away = tuple[float, float]
"""When the program was killed, and when it was ready again."""
_CALM_S = 15.0  # after a start, until what waited is worked off


@dataclass
class Verdict:
    """The counts, and the first few identities of each trouble."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def note(self, what: str, which: str, times: int = 1) -> None:
        if times > 0:
            self.counts[what] += times
            self.examples[what] += [which] if len(self.examples[what]) < 5 else []

    @property
    def clean(self) -> bool:
        """Nothing lost, nothing doubled."""
        return not self.lost and not self.doubled

    @property
    def lost(self) -> int:
        """Messages that were not stored or had no turn, and answers that nobody saw."""
        return sum(self.counts[what] for what in ("not_stored", "no_turn", "not_shown"))

    @property
    def doubled(self) -> int:
        """Turns and answers too many, and people who were told twice to wait."""
        return sum(self.counts[what] for what in ("two_turns", "shown_twice", "told_twice"))


def judge(
    said: Sequence[Said],
    shown: Sequence[Shown],
    kept: Kept,
    *,
    notes: Sequence[str],
    kills: Sequence[Away],
    patience: Sequence[str] = (),
) -> Verdict:
    """Every message was stored, had one turn, and every turn that speaks was shown once.

    `patience`: how what tells people to wait begins, in each language; it is no answer, and is said once.
    """
    found = Verdict()
    told = Counter(one.answers for one in shown if one.text.startswith(tuple(patience)))
    shown = [one for one in shown if not one.text.startswith(tuple(patience)) and one.own not in kept.others]
    found.counts["told_to_wait"] = told.total()
    for which, times in told.items():
        found.note("told_twice", str(which), times - 1)
    _note_turns(found, said, kept)
    message_of = {each.version: each.message for each in said}  # edits share it
    owed: dict[str, int] = dict.fromkeys(message_of.values(), 0)
    for turn in kept.turns.values():
        owed[message_of[turn.versions[-1]]] += min(turn.replies, 1)
        found.note("two_turns", turn.versions[-1], turn.replies - 1)
    copies: dict[str, list[Shown]] = defaultdict(list)
    for one in shown:
        if one.text:  # a picture after an answer does not say what it answers: tests/contract/platforms count those
            copies[one.answers or f"{one.chat}: {_plain(one.text, notes)}"].append(one)
    for which in owed.keys() | copies.keys():
        there = copies.get(which, [])
        due = owed[which] if which in owed else min(len(there), 1)
        found.note("not_shown", which, due - len(there))
        hidden = sum(_hidden(there[n], there[n + 1], notes=notes, kills=kills) for n in range(len(there) - 1))
        found.note("hidden_fate", which, min(len(there) - due, hidden))
        found.note("shown_twice", which, len(there) - due - hidden)
    found.counts["marked"] = sum(_marked(one, notes) for one in shown)
    return found


def _note_turns(found: Verdict, said: Sequence[Said], kept: Kept) -> None:
    handled = Counter(version for turn in kept.turns.values() for version in turn.versions)
    for each in said:
        if each.version not in (kept.staffs if each.staff else kept.stored):
            found.note("not_stored", each.version)
        elif each.staff:
            continue
        elif kept.stored[each.version] is None or not handled[each.version]:
            found.note("no_turn", each.version)
        found.note("two_turns", each.version, handled[each.version] - 1)


def waits(said: Iterable[Said], shown: Iterable[Shown], *, patience: Sequence[str] = ()) -> dict[str, list[float]]:
    """Seconds from a message's arrival at the platform to its first answer there, by kind; without those never seen."""
    first: dict[str, float] = {}
    for one in shown:
        if one.answers is not None and not one.text.startswith(tuple(patience)):
            first.setdefault(one.answers, one.at)
    found: dict[str, list[float]] = defaultdict(list)
    for each in said:
        if each.message in first and first[each.message] >= each.at:
            found[each.kind].append(first[each.message] - each.at)
    return found


def latencies(said: Iterable[Said], shown: Iterable[Shown], *, kills: Sequence[Away]) -> dict[str, object]:
    """Seconds from a question's arrival at the platform to its first answer there, all and away from kills."""
    asked: dict[str, float] = {}
    for one in said:
        if one.asked:
            asked.setdefault(one.message, one.at)
    first: dict[str, float] = {}
    for answer in shown:
        if answer.answers in asked:
            first.setdefault(str(answer.answers), answer.at)
    waits = {which: first[which] - asked[which] for which in first}
    calm = [
        wait
        for which, wait in waits.items()
        if not any(down <= first[which] and asked[which] <= up + _CALM_S for down, up in kills)
    ]
    return {"answers": len(waits), "all_s": spread(list(waits.values())), "away_from_kills_s": spread(calm)}


def _hidden(one: Shown, following: Shown, *, notes: Sequence[str], kills: Sequence[Away]) -> bool:
    """Whether the program could not know that `one` is there, and said so when it sent it again."""
    unknown = one.cut or any(one.at <= down + 0.5 and down <= following.at for down, _ in kills)
    return unknown and _marked(following, notes)


def _marked(one: Shown, notes: Sequence[str]) -> bool:
    return any(note in one.text for note in notes)


def _plain(text: str, notes: Sequence[str]) -> str:
    for note in notes:
        text = text.replace(note, "")
    return text.strip()


def spread(values: Sequence[float]) -> dict[str, float]:
    """The percentiles that matter, in seconds; nothing of fewer than two."""
    if len(values) < 2:
        return {}
    cuts = quantiles(values, n=100, method="inclusive")
    found = {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98], "max": max(values)}
    return {name: round(value, 2) for name, value in found.items()}
