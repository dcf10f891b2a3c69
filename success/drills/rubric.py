"""How a drill went, by its rubric: each item with its score and the trainee's own words, or what was missing. Pure.

Nothing here asks a model, and nothing that is said to whoever scores counts for anything.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from handoff.kinds import Level
from knowledge.language import fold
from success.drills.bounds import Bounds, beyond, due_of
from success.drills.model import Item, ItemKind, Scenario, Sign, Step
from success.drills.promising import Aim, Timed, heard_by, timed
from success.drills.results import MOST_EVIDENCE, Evidence, Ground, Result, Score
from success.drills.sense import Heard, copied, heard, once
from success.drills.signs import Seen, read, says, sentences, shortened, signs_of, without_steering
from success.drills.times import Named, Span, resolve
from success.drills.truth import facts

WHOLE: Final = 100
_RUDE: Final = (Sign.ABUSE, Sign.BRUSH_OFF, Sign.BLAME, Sign.DISPARAGE, Sign.MOCKERY, Sign.LEAK, Sign.STEERING)
_NOTHING: Final = ("nothing",)
_IDLE: Final = frozenset({Sign.EMPTY, *_RUDE})


def score(
    scenario: Scenario, said: Sequence[str], *, bounds: Bounds, ground: Ground, language: str | None = None
) -> Result:
    """Score what a trainee said, message by message, to a client of a language.

    What counts for them is only what the client can hear: no repetition, no list of words, no other language.
    """
    lines = once(said)
    sense = heard(lines, scenario, language)
    scores = tuple(_item(item, scenario, lines, sense, bounds, ground) for item in scenario.rubric)
    weights = {item.id: item.weight for item in scenario.rubric}
    percent = int(sum(each.share * weights[each.item] for each in scores) * WHOLE / scenario.weights + 1e-9)
    shares = {each.item: each.share for each in scores}
    failed = tuple(item.id for item in scenario.rubric if item.critical and shares[item.id] <= 0)
    spoke = any(line.strip() for line in lines)
    return Result(
        percent=percent if spoke else 0, passed=spoke and percent >= scenario.pass_mark and not failed, scores=scores,
        failed=failed,
    )  # fmt: skip


def _item(  # noqa: PLR0911, PLR0917 - one return for each kind, what each looks at
    item: Item, scenario: Scenario, lines: tuple[str, ...], sense: Heard, bounds: Bounds, ground: Ground
) -> Score:
    """Faults are looked for in all that was said; what counts for the trainee, in what the client hears."""
    if item.kind is ItemKind.TONE:
        return _tone(item, lines, sense, scenario, ground)
    if not any(_to_the_client(line, scenario) for line in sense.lines):
        return Score(item=item.id, share=0, missing=_NOTHING)
    match item.kind:
        case ItemKind.FACTS:
            return facts(item, scenario, lines, bounds, ground)
        case ItemKind.SAYS:
            return _said(item, sense.lines)
        case ItemKind.PROMISES:
            return _promises(item, scenario, lines, bounds)
        case ItemKind.DEADLINE:
            return _deadline(item, sense.lines, scenario, bounds)
        case ItemKind.STEPS:
            return _steps(item, sense.lines)


def _to_the_client(line: str, scenario: Scenario) -> bool:
    """Whether a message says anything to a client that counts for something, and is no insult."""
    wanted = [step.words for item in scenario.rubric for step in item.steps]
    wanted += [item.words for item in scenario.rubric if item.words is not None]
    folded = fold(without_steering(line))
    return bool(signs_of(line) - _IDLE) or any(says(folded, words) for words in wanted)


def _said(item: Item, lines: tuple[str, ...]) -> Score:
    assert item.words is not None
    found = [each for each in _sentences(lines) if says(fold(each[0]), item.words)]
    if not found:
        return Score(item=item.id, share=0, missing=("said",))
    quote, line = found[0]
    return Score(item=item.id, share=1, evidence=(Evidence(quote=shortened(quote), line=line, good=True, why="said"),))


def _promises(item: Item, scenario: Scenario, lines: tuple[str, ...], bounds: Bounds) -> Score:
    found = beyond(lines, scenario, bounds, item)
    evidence = tuple(
        Evidence(quote=each.quote, line=each.line, good=False, why=each.why, about=each.holds) for each in found
    )
    return Score(item=item.id, share=0.0 if found else 1.0, evidence=evidence[:MOST_EVIDENCE])


def _tone(item: Item, lines: tuple[str, ...], sense: Heard, scenario: Scenario, ground: Ground) -> Score:
    """A third each for courtesy, for an apology or understanding, for an early one; anything rude leaves nothing, and
    so does an apology that is due and never comes.
    """
    rude = [_of(each, n, good=False) for n, line in enumerate(lines, 1) for each in read(line) if each.sign in _RUDE]
    pasted = [Evidence(quote=q, line=n, good=False, why="copied") for q, n in copied(lines, ground)]
    if rude or pasted:
        return Score(item=item.id, share=0, evidence=tuple((rude + pasted)[:MOST_EVIDENCE]))
    seen = [(number, each) for number, line in enumerate(sense.lines, 1) for each in read(line)]
    if not any(_to_the_client(line, scenario) for line in sense.lines):
        return Score(item=item.id, share=0, evidence=sense.refused[:MOST_EVIDENCE], missing=_NOTHING)
    kind = [(number, each) for number, each in seen if each.sign is Sign.GREETING]
    kind += _by_name(sense.lines, scenario)
    kind += [(number, each) for number, each in seen if each.sign is Sign.COURTESY]
    due = {Sign.APOLOGY} if item.apology_due else {Sign.APOLOGY, Sign.EMPATHY, Sign.RESTATE}
    heart = [(number, each) for number, each in seen if each.sign in due]
    wanted = {
        "courtesy": kind,
        "apology" if item.apology_due else "heart": heart,
        "early": [h for h in heart if h[0] == 1],
    }
    good = [_of(rows[0][1], rows[0][0], good=True) for name, rows in wanted.items() if rows and name != "early"]
    missing = tuple(name for name, rows in wanted.items() if not rows)
    share = 0.0 if "apology" in missing else 1 - len(missing) / len(wanted)
    return Score(item=item.id, share=share, evidence=(*good, *sense.refused)[:MOST_EVIDENCE], missing=missing)


def _by_name(lines: tuple[str, ...], scenario: Scenario) -> list[tuple[int, Seen]]:
    """Where the client is called by name, which is polite."""
    names = [fold(name) for name in scenario.persona.name.values()]
    found = ((number, sentence) for number, line in enumerate(lines, 1) for sentence in sentences(line))
    called = ((n, each) for n, each in found if any(name in fold(each) for name in names))
    return [(number, Seen(sign=Sign.COURTESY, quote=shortened(each), at=0)) for number, each in called]


def _deadline(item: Item, lines: tuple[str, ...], scenario: Scenario, bounds: Bounds) -> Score:
    """Half for a time by which the client hears, half for keeping to it: none named later than the first. In an
    emergency the first must be within the contract's first answer.
    """
    at = scenario.at
    named = [
        (shortened(sentence), number, each.time.words, _when(each.time, at), each.aim)
        for number, line in enumerate(lines, 1)
        for sentence in sentences(without_steering(line))
        for each in _hearing(fold(sentence))
    ]
    if not named:
        return Score(item=item.id, share=0, missing=("deadline",))
    named = [each for each in named if each[4] is Aim.ANSWER] or named
    quote, line, words, first, _ = named[0]
    due = due_of(bounds.answer, at) if scenario.level is Level.EMERGENCY else None
    if due is not None and first > due:
        late = Evidence(quote=quote, line=line, good=False, why="later", about=bounds.label(Aim.ANSWER))
        return Score(item=item.id, share=0, evidence=(late,), missing=("deadline",))
    evidence = [Evidence(quote=quote, line=line, good=True, why="deadline", about=words)]
    moved = [each for each in named[1:] if each[1] > line and _same_day_later(each[3], first) and _exact(each[2])]
    if moved:
        quote, line, words, _, _ = moved[0]
        evidence.append(Evidence(quote=quote, line=line, good=False, why="moved", about=words))
    return Score(item=item.id, share=0.5 if moved else 1.0, evidence=tuple(evidence))


def _hearing(folded: str) -> tuple[Timed, ...]:
    """The times by which a client may hear more: those of answers, else instants that are named to it."""
    found = tuple(each for each in timed(folded) if each.aim is Aim.ANSWER or isinstance(each.time, Named))
    return found or tuple(Timed(aim=Aim.ANSWER, time=each) for each in heard_by(folded))


def _when(named: Named | Span, at: datetime) -> datetime:
    return resolve(named, at=at) if isinstance(named, Named) else at + timedelta(seconds=named.length)


def _exact(words: str) -> bool:
    """Whether words name an hour: "every 30 minutes" puts nothing off."""
    return ":" in words


def _same_day_later(later: datetime, first: datetime) -> bool:
    """Whether a time was put off: later, but still of the same day; another day's is another appointment."""
    return later > first and later.date() == first.date()


def _steps(item: Item, lines: tuple[str, ...]) -> Score:
    """The share of the steps that were done in their order; one that came too early counts a half."""
    evidence, missing, points, last = [], [], 0.0, (-1, -1)
    for number, step in enumerate(item.steps, 1):
        places = _places(step, lines)
        place = next((each for each in places if each[1:] >= last), places[0] if places else None)
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


def _places(step: Step, lines: tuple[str, ...]) -> list[tuple[str, int, int]]:
    """Where a step is done: the words, the message from 1, the sentence from 0."""
    return [
        (shortened(sentence), number, at)
        for number, line in enumerate(lines, 1)
        for at, sentence in enumerate(sentences(without_steering(line)))
        if says(fold(sentence), step.words)
    ]


def _sentences(lines: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(lines, 1):
        yield from ((sentence, number) for sentence in sentences(without_steering(line)))


def _of(seen: Seen, line: int, *, good: bool) -> Evidence:
    return Evidence(quote=seen.quote, line=line, good=good, why=str(seen.sign))
