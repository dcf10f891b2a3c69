"""What a change cannot touch need not be asked again: the verdicts are those of asking everything."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from bot.settings import shipped
from knowledge import gate, golden, loaders
from knowledge.answers import Answers, Examiner
from knowledge.catalogue import arranged
from knowledge.embedders import Vectors
from knowledge.golden import Golden
from knowledge.live import Shelf
from knowledge.model import Audience, Page
from knowledge.pieces import Pieces, passage_text, question_text, window_texts
from knowledge.search import Searcher
from tests.unit.knowledge.pages import EMBEDDER, page

MANUAL = shipped("manual")
PAGES = loaders.current(loaders.load(MANUAL).pages)
QUESTIONS = golden.read(MANUAL / golden.FILE)[::15]
AT = {each.id: place for place, each in enumerate(PAGES)}
ONE = next(each for each in QUESTIONS if each.pages).pages[0]
OTHER = next(each for each in QUESTIONS if each.pages and each.pages[0] != ONE).pages[0]


PIECES = Pieces()
VECTORS: dict[str, Vectors] = {}


def vectors(texts: list[str]) -> Vectors:
    new = [text for text in dict.fromkeys(texts) if text not in VECTORS]
    VECTORS.update(zip(new, EMBEDDER.queries(new), strict=True))
    return np.stack([VECTORS[text] for text in texts])


def searcher(pages: Sequence[Page]) -> Searcher:
    cut = PIECES.cut(pages)
    passages = [passage_text(chunk, title=piece.page.title) for piece in cut for chunk in piece.chunks]
    asked = [question_text(question) for page in pages for question in page.questions]
    windows = [text for piece in cut for chunk in piece.chunks for text in window_texts(chunk)]
    held = arranged(
        cut,
        vectors=vectors(passages),
        window_vectors=vectors(windows),
        question_vectors=vectors(asked),
        known=PIECES.vocabulary,
    )
    return Shelf(None, embedder=EMBEDDER, background=np.zeros((0, 256), np.float32)).aside(held)


@cache
def live() -> Searcher:
    return searcher(PAGES)


def asked_all(examiner: Examiner, made: Searcher) -> Answers:
    return examiner.all(QUESTIONS, searcher=made, tell=lambda _: None)


@pytest.fixture
def examiner() -> Examiner:
    made = Examiner(EMBEDDER)
    texts = made.unprepared(QUESTIONS)
    made.prepare(QUESTIONS, vectors=dict(zip(texts, EMBEDDER.queries(texts), strict=True)))
    return made


def edited(name: str = ONE, **values: object) -> list[Page]:
    return [replace(each, hash="x", **values) if each.id == name else each for each in PAGES]


def body(name: str) -> str:
    return PAGES[AT[name]].body


EDITS = {
    "a sentence": edited(body=f"{body(ONE)}\n\nAnd a sentence more.\n"),
    "a word": edited(body=body(ONE).replace("的", "之", 1)),
    "another subject": edited(body=body(OTHER)),
    "a page gone": [each for each in PAGES if each.id != ONE],
    "a page more": [*PAGES, page("zz", QUESTIONS[0].ask, questions=(QUESTIONS[3].ask,))],
    "its questions": edited(questions=(QUESTIONS[1].ask,)),
    "its audience": edited(audience=Audience.INTERNAL),
    "its language": edited(language="en"),
    "its title": edited(title=QUESTIONS[2].ask),
}


@pytest.mark.parametrize("pages", EDITS.values(), ids=EDITS)
def test_some_questions_stand_for_all(examiner: Examiner, pages: list[Page]) -> None:
    """After an edit the partly asked verdicts, pages and probabilities are those of a whole run, for fewer searches."""
    old, new = live(), searcher(pages)
    before = asked_all(examiner, old)
    told: list[int] = []
    partly = examiner.again(QUESTIONS, searcher=new, live=old.held, before=before, tell=told.append)
    whole = asked_all(examiner, new)
    assert partly is not None
    again = [each for each in QUESTIONS if partly.asked[each] is not before.asked[each]]
    assert 0 < len(again) < 0.6 * len(QUESTIONS)
    for each in QUESTIONS:
        assert partly.asked[each].pages[:1] == whole.asked[each].pages[:1]
        assert partly.asked[each].listed == whole.asked[each].listed
        assert signals(partly, each) == pytest.approx(signals(whole, each), abs=0.01)
    evidence = gate.fit(whole.of(QUESTIONS))
    assert gate.score(partly.of(QUESTIONS), evidence=evidence) == gate.score(whole.of(QUESTIONS), evidence=evidence)


def signals(answers: Answers, asked: Golden) -> list[float]:
    judged = answers.asked[asked].judged
    return judged.signals.row() if judged else []


def test_a_change_of_many_pages_asks_all(examiner: Examiner) -> None:
    """Past a few per cent, in one run or in several, nothing stands for all any more."""
    old = live()
    before = asked_all(examiner, old)
    pages = list(PAGES)
    for number in range(20):
        assert before is not None
        pages[number] = replace(pages[number], body=f"{pages[number].body}\n\nMore.", hash="x")
        new = searcher(pages)
        after = examiner.again(QUESTIONS, searcher=new, live=old.held, before=before, tell=lambda _: None)
        if after is None:
            break
        old, before = new, after
    assert 4 <= number <= 6
    many = searcher([replace(each, body=f"{each.body}\n\nMore.", hash="x") for each in PAGES])
    assert examiner.again(QUESTIONS, searcher=many, live=old.held, before=before, tell=lambda _: None) is None


def test_new_questions_are_asked(examiner: Examiner) -> None:
    """A golden question that the live version was not asked is asked of both."""
    old = live()
    first = examiner.all(QUESTIONS[:5], searcher=old, tell=lambda _: None)
    more = examiner.more(QUESTIONS, searcher=old, known=first)
    assert set(more.asked) == set(QUESTIONS)
    assert all(more.asked[each] is first.asked[each] for each in QUESTIONS[:5])
    assert examiner.more(QUESTIONS, searcher=old, known=more) is more
