"""How a drill went, by its rubric: each item with its score and the trainee's own words, or what was missing. Pure.

Nothing here asks a model, and nothing that is said to whoever scores counts for anything.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from knowledge.claims import claims
from knowledge.language import fold
from success.drills.bounds import Bounds, beyond
from success.drills.model import Item, ItemKind, Scenario, Sign, Step
from success.drills.promising import Aim, Named, aim, instants, promised, resolve, spans
from success.drills.signs import Seen, read, says, sentences, shortened, signs_of, without_steering

WHOLE: Final = 100
COPIED: Final = 32
"""So many characters in a row of a page for our own people, said to a client, are copied."""
MOST_EVIDENCE: Final = 6
_RUDE: Final = (Sign.ABUSE, Sign.BRUSH_OFF, Sign.BLAME, Sign.STEERING)
_NOTHING: Final = ("nothing",)
_IDLE: Final = frozenset({Sign.EMPTY, *_RUDE})
_CHECKED: Final = frozenset({"number", "link", "address", "phone"})


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Words of the trainee's, and in which of their messages (from 1); `good` counts for them.

    `why` says what it shows: the text `drill.why.<why>` with `about` (a step's number, the contract's term).
    """

    quote: str
    line: int
    good: bool
    why: str
    about: str = ""


@dataclass(frozen=True, kw_only=True)
class Score:
    """One item: `share` of its weight, 0 to 1; `missing` are the steps not done (from 1), or what did not come."""

    item: str
    share: float
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a drill comes to: per cent, and whether that passes; `failed` are the critical items with nothing."""

    percent: int
    passed: bool
    scores: tuple[Score, ...]
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What holds for a drill outside it: texts of its pages for clients, those of pages for our own people."""

    public: tuple[str, ...] = ()
    internal: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return self.public + self.internal


def score(scenario: Scenario, said: Sequence[str], *, bounds: Bounds, ground: Ground) -> Result:
    """Score what a trainee said, message by message. A message that says what one before said counts once."""
    lines = _once(said)
    scores = tuple(_item(item, scenario, lines, bounds, ground) for item in scenario.rubric)
    weights = {item.id: item.weight for item in scenario.rubric}
    percent = int(sum(each.share * weights[each.item] for each in scores) * WHOLE / scenario.weights + 1e-9)
    shares = {each.item: each.share for each in scores}
    failed = tuple(item.id for item in scenario.rubric if item.critical and shares[item.id] <= 0)
    spoke = any(line.strip() for line in lines)
    return Result(
        percent=percent if spoke else 0, passed=spoke and percent >= scenario.pass_mark and not failed, scores=scores,
        failed=failed,
    )  # fmt: skip


def _item(  # noqa: PLR0911 - one return for each kind
    item: Item, scenario: Scenario, lines: tuple[str, ...], bounds: Bounds, ground: Ground
) -> Score:
    if not any(_to_the_client(line, scenario) for line in lines):
        return (
            _tone(item, lines, ground) if item.kind is ItemKind.TONE else Score(item=item.id, share=0, missing=_NOTHING)
        )
    match item.kind:
        case ItemKind.FACTS:
            return _facts(item, scenario, lines, bounds, ground)
        case ItemKind.SAYS:
            return _said(item, lines)
        case ItemKind.PROMISES:
            return _promises(item, scenario, lines, bounds)
        case ItemKind.TONE:
            return _tone(item, lines, ground)
        case ItemKind.DEADLINE:
            return _deadline(item, lines, scenario.at)
        case ItemKind.STEPS:
            return _steps(item, lines)


def _facts(item: Item, scenario: Scenario, lines: tuple[str, ...], bounds: Bounds, ground: Ground) -> Score:
    """Every amount, link and number with a unit must stand in the manual, the case or the contract; a wrong one leaves
    nothing. Times of the clock are the trainee's own; times that are promised are seen to by the promises.
    """
    lines_of = (line for branch in scenario.branches for line in branch.say)
    told = (*scenario.facts, *scenario.opening, *lines_of, *scenario.otherwise)
    case = [text for said in told for text in said.values()]
    held = [term.target.label for term in (bounds.repair, bounds.answer) if term is not None]
    whole = fold("\n".join([*ground.every, *case, *held]))
    known, lengths = whole.replace(" ", ""), {each.length for each in spans(whole)}
    wrong: list[tuple[str, int, str]] = []
    right: list[tuple[str, int, str]] = []
    for number, line in enumerate(lines, 1):
        for sentence in sentences(without_steering(line)):
            folded = fold(sentence)
            times = "".join(each.words for each in instants(folded)).replace(" ", "")
            for kind, words in claims(folded):
                plain = words.replace(" ", "")
                timed = {each.length for each in spans(f"in {words}")}
                if kind not in _CHECKED or plain in times or (timed and aim(folded) is not Aim.OTHER):
                    continue
                found = right if plain in known or timed & lengths or _of_contract(plain, bounds) else wrong
                found.append((shortened(sentence), number, words))
    bad = [Evidence(quote=q, line=n, good=False, why="not_in_manual", about=w) for q, n, w in _distinct(wrong)]
    good = [Evidence(quote=q, line=n, good=True, why="in_manual", about=w) for q, n, w in _distinct(right)]
    share = 0.0 if bad else 1.0
    return Score(item=item.id, share=share, evidence=tuple((bad + good)[:MOST_EVIDENCE]))


def _to_the_client(line: str, scenario: Scenario) -> bool:
    """Whether a message says anything to a client that counts for something, and is no insult."""
    wanted = [step.words for item in scenario.rubric for step in item.steps]
    wanted += [item.words for item in scenario.rubric if item.words is not None]
    folded = fold(without_steering(line))
    return bool(signs_of(line) - _IDLE) or any(says(folded, words) for words in wanted)


def _of_contract(words: str, bounds: Bounds) -> bool:
    """Whether a number with a unit is one of the contract's targets, said in words."""
    for term in (bounds.repair, bounds.answer):
        if term is None:
            continue
        amount, unit = term.target.label.split(" ", 2)[:2]
        units = {"h": ("小时", "hour"), "min": ("分钟", "minute"), "working": ("个工作日", "工作日", "workingday")}
        if words.startswith(amount) and words.removeprefix(amount).startswith(units.get(unit, ())):
            return True
    return False


def _said(item: Item, lines: tuple[str, ...]) -> Score:
    assert item.words is not None
    found = [each for each in _sentences(lines) if says(fold(each[0]), item.words)]
    if not found:
        return Score(item=item.id, share=0, missing=("said",))
    quote, line = found[0]
    return Score(item=item.id, share=1, evidence=(Evidence(quote=shortened(quote), line=line, good=True, why="said"),))


def _promises(item: Item, scenario: Scenario, lines: tuple[str, ...], bounds: Bounds) -> Score:
    found = beyond(lines, scenario, bounds)
    evidence = tuple(
        Evidence(quote=each.quote, line=each.line, good=False, why=each.why, about=each.holds) for each in found
    )
    return Score(item=item.id, share=0.0 if found else 1.0, evidence=evidence[:MOST_EVIDENCE])


def _tone(item: Item, lines: tuple[str, ...], ground: Ground) -> Score:
    """A third each for courtesy, for an apology or understanding, for an early one; anything rude leaves nothing."""
    seen = [(number, each) for number, line in enumerate(lines, 1) for each in read(line)]
    rude = [_of(each, number, good=False) for number, each in seen if each.sign in _RUDE]
    copied = [Evidence(quote=q, line=n, good=False, why="copied") for q, n in _copied(lines, ground)]
    if rude or copied:
        return Score(item=item.id, share=0, evidence=tuple((rude + copied)[:MOST_EVIDENCE]))
    kind = [(number, each) for number, each in seen if each.sign in {Sign.COURTESY, Sign.GREETING}]
    heart = [(n, e) for n, e in seen if e.sign is Sign.APOLOGY or (e.sign is Sign.EMPATHY and not item.apology_due)]
    wanted = {
        "courtesy": kind,
        "apology" if item.apology_due else "heart": heart,
        "early": [h for h in heart if h[0] == 1],
    }
    good = [_of(rows[0][1], rows[0][0], good=True) for name, rows in wanted.items() if rows and name != "early"]
    missing = tuple(name for name, rows in wanted.items() if not rows)
    return Score(item=item.id, share=1 - len(missing) / len(wanted), evidence=tuple(good), missing=missing)


def _deadline(item: Item, lines: tuple[str, ...], at: datetime) -> Score:
    """Half for a time by which the client hears, half for keeping to it: none named later than the first."""
    named: list[tuple[str, int, Named]] = [
        (shortened(sentence), number, each)
        for number, line in enumerate(lines, 1)
        for sentence in sentences(without_steering(line))
        if aim(fold(sentence)) is not Aim.OTHER
        for each in instants(promised(fold(sentence)))
    ]
    if not named:
        return Score(item=item.id, share=0, missing=("deadline",))
    first = resolve(named[0][2], at=at)
    evidence = [Evidence(quote=named[0][0], line=named[0][1], good=True, why="deadline", about=named[0][2].words)]
    moved = [each for each in named[1:] if each[1] > named[0][1] and _same_day_later(resolve(each[2], at=at), first)]
    if moved:
        quote, line, each = moved[0]
        evidence.append(Evidence(quote=quote, line=line, good=False, why="moved", about=each.words))
    return Score(item=item.id, share=0.5 if moved else 1.0, evidence=tuple(evidence))


def _same_day_later(later: datetime, first: datetime) -> bool:
    """Whether a time was put off: later, but still of the same day; another day's is another appointment."""
    return later > first and later.date() == first.date()


def _steps(item: Item, lines: tuple[str, ...]) -> Score:
    """The share of the steps that were done in their order; one that came too early counts a half."""
    places = [_place(step, lines) for step in item.steps]
    evidence, missing, points, last = [], [], 0.0, (-1, -1)
    for number, place in enumerate(places, 1):
        if place is None:
            missing.append(str(number))
            continue
        quote, line, sentence = place
        in_order = (line, sentence) >= last
        points += 1 if in_order else 0.5
        last = max(last, (line, sentence))
        why = "step" if in_order else "out_of_order"
        evidence.append(Evidence(quote=quote, line=line, good=in_order, why=why, about=str(number)))
    share = points / len(item.steps)
    return Score(item=item.id, share=share, evidence=tuple(evidence), missing=tuple(missing))


def _place(step: Step, lines: tuple[str, ...]) -> tuple[str, int, int] | None:
    for number, line in enumerate(lines, 1):
        for at, sentence in enumerate(sentences(without_steering(line))):
            if says(fold(sentence), step.words):
                return shortened(sentence), number, at
    return None


def _sentences(lines: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(lines, 1):
        yield from ((sentence, number) for sentence in sentences(without_steering(line)))


def _copied(lines: tuple[str, ...], ground: Ground) -> Iterator[tuple[str, int]]:
    """Runs of a page for our own people."""
    secret = [_bare(text) for text in ground.internal]
    public = "".join(_bare(text) for text in ground.public)
    for number, line in enumerate(lines, 1):
        bare = _bare(line)
        for at in range(max(0, len(bare) - COPIED + 1)):
            run = bare[at : at + COPIED]
            if run not in public and any(run in text for text in secret):
                yield shortened(line), number
                break


def _bare(text: str) -> str:
    return "".join(each for each in fold(text) if each.isalnum())


def _once(said: Sequence[str]) -> tuple[str, ...]:
    """The messages, with those that repeat an earlier one emptied."""
    seen: set[str] = set()
    lines = []
    for text in said:
        bare = _bare(text)
        lines.append("" if bare in seen else text)
        seen.add(bare)
    return tuple(lines)


def _of(seen: Seen, line: int, *, good: bool) -> Evidence:
    return Evidence(quote=seen.quote, line=line, good=good, why=str(seen.sign))


def _distinct(rows: list[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    return list({words: (quote, line, words) for quote, line, words in reversed(rows)}.values())[::-1]
