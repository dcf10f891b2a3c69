"""From answers to matters: one for each chat and page, whatever number of answers it takes back. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from knowledge.cited import Cited
from knowledge.wording import Change
from success.recall import Grade, Kind, Section, Verdict, judge, together, told
from success.recall_ground import Answer, Ground

LANGUAGE = "zh-Hans"


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What one chat was told from one page and holds no more. `answers` are (message, what is said to it).

    `message_id`, `question` and `at` are the newest answer's; `now` are the sections that hold now, `changes` what
    is told of them.
    """

    chat_id: int
    client_id: int | None
    conversation_id: int
    message_id: int
    page: str
    title: str
    heading: str
    question: str
    language: str
    zone: str
    at: datetime
    kind: Kind
    grade: Grade
    says: str
    answers: tuple[tuple[int, str], ...]
    changes: tuple[Change, ...]
    now: tuple[Section, ...]

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is kept of it for the page and the sending."""
        return {
            "question": self.question,
            "title": self.title,
            "heading": self.heading,
            "changes": [asdict(each) for each in self.changes],
            "now": [asdict(each) for each in self.now],
        }


@dataclass(frozen=True, kw_only=True)
class _Affected:
    answer: Answer
    was: Cited
    verdict: Verdict


def matters(ground: Ground) -> tuple[Matter, ...]:
    """Every matter that is to be decided, the newest first."""
    found: dict[tuple[int, str], list[_Affected]] = defaultdict(list)
    for each in _affected(ground):
        found[each.answer.chat_id, each.answer.page].append(each)
    made = (_matter(affected, settled=ground.settled) for affected in found.values())
    return tuple(sorted((each for each in made if each), key=lambda one: (one.at, one.message_id), reverse=True))


def _affected(ground: Ground) -> Iterable[_Affected]:
    """Each passage is judged once for all who may read the same."""
    verdicts: dict[tuple[str, str | None], Verdict | None] = {}
    manuals: dict[str | None, tuple[Section, ...]] = {}
    living: dict[str | None, frozenset[str]] = {}
    for answer in ground.answers:
        reader = answer.client
        if reader not in manuals:
            manuals[reader] = ground.manual(reader)
            living[reader] = frozenset(each.chunk for each in manuals[reader])
        was = ground.words.get(answer.chunk)
        if answer.chunk in living[reader] or was is None:
            continue
        key = (answer.chunk, reader)
        if key not in verdicts:
            verdicts[key] = judge(was, manual=manuals[reader], withdrawn=answer.page in ground.withdrawn)
        if (verdict := verdicts[key]) is not None:
            yield _Affected(answer=answer, was=was, verdict=verdict)


def _matter(affected: list[_Affected], *, settled: frozenset[tuple[int, str]]) -> Matter | None:
    by_message: dict[int, list[_Affected]] = defaultdict(list)
    for each in affected:
        by_message[each.answer.message_id].append(each)
    says = {number: together(one.verdict.says for one in mine) for number, mine in by_message.items()}
    due = {number for number, said in says.items() if (number, said) not in settled}
    mine = [each for each in affected if each.answer.message_id in due]
    if not mine:
        return None
    newest = max(mine, key=lambda each: (each.answer.at, each.answer.message_id))
    once = list({each.was.chunk: each for each in mine}.values())
    grade = Grade.FACTS if any(each.verdict.grade is Grade.FACTS for each in once) else Grade.WORDING
    shown = [each for each in once if each.verdict.grade is grade]
    kind = _kind(shown)
    return Matter(
        chat_id=newest.answer.chat_id,
        client_id=newest.answer.client_id,
        conversation_id=newest.answer.conversation_id,
        message_id=newest.answer.message_id,
        page=newest.answer.page,
        title=newest.was.title,
        heading=newest.was.heading,
        question=newest.answer.question,
        language=newest.answer.language or LANGUAGE,
        zone=newest.answer.zone or "Asia/Shanghai",
        at=newest.answer.at,
        kind=kind,
        grade=grade,
        says=together(says[number] for number in due),
        answers=tuple(sorted((number, says[number]) for number in due)),
        changes=_told(shown) if kind is Kind.CHANGED else (),
        now=_now(shown),
    )


def _kind(shown: list[_Affected]) -> Kind:
    kinds = {each.verdict.kind for each in shown}
    return next(kind for kind in (Kind.WITHDRAWN, Kind.CHANGED, Kind.GONE) if kind in kinds)


def _told(shown: list[_Affected]) -> tuple[Change, ...]:
    """What changed, each once; a section that is gone beside others that changed is named by its heading."""
    found: dict[Change, None] = {}
    for each in shown:
        gone = (Change(each.was.heading or each.was.title, ""),)
        found |= dict.fromkeys(gone if each.verdict.now is None else told(each.verdict))
    return tuple(found)


def _now(shown: list[_Affected]) -> tuple[Section, ...]:
    return tuple({each.verdict.now.chunk: each.verdict.now for each in shown if each.verdict.now}.values())
