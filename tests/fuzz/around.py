"""What fuzzing tries around support: answers to the questionnaire, drills, quizzes, prices, forms that people write."""

from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from types import MappingProxyType
from typing import Final

import yaml

from handoff import holidays, policy
from handoff.errors import NoticeError
from success import quizzes
from success.drills import reading as drills
from success.drills import shelf
from success.drills.bounds import Bounds
from success.drills.errors import DrillBroken, QuizBroken
from success.drills.model import Scenario
from success.drills.results import Ground
from success.drills.rubric import score
from success.intake import form_reading, forms_kept
from success.intake.errors import FormBroken
from success.intake.plausible import reason
from success.intake.understanding import understand
from success.intake.values import from_json, to_json
from success.projects import edits, wish
from success.projects.errors import PricesBroken, ProjectRefused
from success.projects.price_reading import read_prices
from tests.fuzz.reading import NOW, ROOT, Target, text
from tests.unit.success.test_intake_messages import ROWS

_PRICES: Final = ROOT / "success" / "projects" / "prices.yaml"
_EVERY: Final = 9  # so many rows of a table make one beginning


def answers(data: bytes) -> None:
    """What somebody answers, to the question that the first byte says or to none: what is read can be kept, and asked
    about; no question is heard twice.
    """
    form = forms_kept.parsed(forms_kept.shipped())
    keys = (None, *(each.key for each in form.questions))
    said = understand(text(data[1:]), form, asked=keys[data[0] % len(keys)] if data else None, today=NOW.date())
    assert len({each.key for each in said.found}) == len(said.found)
    for each in said.found:
        question = form.question(each.key)
        assert question is not None
        assert from_json(to_json(each.value)) == each.value
        reason(question, each.value, today=NOW.date())


def question_form(data: bytes) -> None:
    """A questionnaire as an agency writes it."""
    with suppress(FormBroken):
        form_reading.read(text(data))


def drill(data: bytes) -> None:
    """A drill as a lead writes it."""
    with suppress(DrillBroken):
        drills.read(text(data))


def talk(data: bytes) -> None:
    """What a trainee says, a message a line, in the drill that the first byte says: a result within its bounds."""
    scenario, bounds, ground = _drills()[data[0] % len(_drills()) if data else 0]
    found = score(scenario, text(data[1:]).split("\n"), bounds=bounds, ground=ground)
    assert 0 <= found.percent <= 100
    assert {each.item for each in found.scores} == {each.id for each in scenario.rubric}


def quiz(data: bytes) -> None:
    """Questions with choices; what could be read is written so that it is read alike."""
    with suppress(QuizBroken):
        found = quizzes.read(text(data))
        assert quizzes.read(quizzes.write(found)) == found


def prices(data: bytes) -> None:
    """A price list."""
    with suppress(PricesBroken):
        read_prices(text(data))


def proposal_lines(data: bytes) -> None:
    """Price lines as they are typed; what could be read is typed so that it is read alike."""
    with suppress(ProjectRefused):
        found = edits.read_lines(text(data))
        assert edits.read_lines(edits.typed_lines(found)) == found
    once = wish.plain(text(data))
    assert wish.plain(once) == once
    wish.calm(text(data))


def notice(data: bytes) -> None:
    """A year's holidays, as a table or as JSON."""
    with suppress(NoticeError):
        holidays.read_notice(data, country="china", year=2027)


@cache
def _drills() -> tuple[tuple[Scenario, Bounds, Ground], ...]:
    contract, scenarios = policy.load(), [drills.read(source) for source in shelf.shipped().values()]
    return tuple(
        (each, Bounds.of(contract, level=each.level, tier=each.tier), Ground(public=tuple(map(_page, each.pages)), internal=()))
        for each in scenarios
    )  # fmt: skip


def _page(page_id: str) -> str:
    return (ROOT / "manual" / f"{page_id}.md").read_text("utf-8")


def _answers() -> tuple[bytes, ...]:
    """Rows of the table of real answers, each behind the byte of its question."""
    keys = ["-", *(each.key for each in forms_kept.parsed(forms_kept.shipped()).questions)]
    return tuple(bytes([keys.index(asked)]) + said.encode() for asked, said, _ in ROWS)


def _told() -> tuple[bytes, ...]:
    """What trainees said in the talks that measure the rubric, each behind the byte of its drill."""
    room = ROOT / "tests" / "unit" / "success" / "drills"
    names = [scenario.name for scenario, _, _ in _drills()]
    talks = [talk for kept in sorted(room.glob("talks_*.yaml")) for talk in yaml.safe_load(kept.read_text("utf-8"))]
    return tuple(bytes([names.index(each["drill"])]) + "\n".join(each["said"]).encode() for each in talks)


TARGETS: Final[Mapping[str, Target]] = MappingProxyType({
    "answers": answers, "question-form": question_form, "drill": drill, "talk": talk, "quiz": quiz, "prices": prices,
    "proposal-lines": proposal_lines, "notice": notice,
})  # fmt: skip
KNOWN: Final = {"answers": _answers, "talk": _told}
"""What is really written, in many rows."""


def some(name: str) -> tuple[bytes, ...]:
    """A part of what is really written, for a target to begin with; nothing where nothing is known."""
    return KNOWN[name]()[::_EVERY] if name in KNOWN else ()


BEGINNINGS: Final[Mapping[str, tuple[bytes, ...]]] = {
    "question-form": (forms_kept.shipped().encode()[:3_000], b"key: x\nname: {zh-Hans: a, en: b}\nquestions:\n  - key: a\n    kind: text\n"),
    "drill": tuple(source.encode()[:3_000] for source in shelf.shipped().values()),
    "quiz": (b"? What\n@ a/b\n+ yes\n- no\n\n? \xe4\xbb\x80\xe4\xb9\x88\n- a\n+ b\n",),
    "prices": (_PRICES.read_bytes()[:3_000],),
    "proposal-lines": (b"Shop* | 10 | 20,000 | pay, basket\nBlog|2|3000|\n",),
    "notice": (
        b"date,kind,name\n2027-01-01,off,New Year\n2027-01-02,work,\n",
        b'{"days": [{"date": "2027-01-01", "kind": "off", "name": "x"}]}',
    ),
}  # fmt: skip
