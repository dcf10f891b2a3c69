"""What versions found for the golden questions, kept so that after a small change only some are asked again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from knowledge import asking, gate, touching
from knowledge.asking import Question
from knowledge.catalogue import Catalogue
from knowledge.embedders import Embedder, Vectors
from knowledge.golden import Golden
from knowledge.search import Searcher
from knowledge.touching import Reach


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What one version found for golden questions, and how far each of them reaches.

    ``changed`` are the pages that changed since all questions were asked.
    """

    asked: Mapping[Golden, gate.Asked]
    reaches: Mapping[Golden, Reach]
    changed: frozenset[str] = frozenset()

    def of(self, questions: Sequence[Golden]) -> tuple[gate.Asked, ...]:
        """Return the answers to some questions that were asked."""
        return tuple(self.asked[each] for each in questions)


class Vectored:
    """An embedder whose vectors of some texts are there already."""

    def __init__(self, embedder: Embedder, known: Mapping[str, Vectors]) -> None:
        self._embedder, self._known = embedder, known
        self.name, self.dimensions = embedder.name, embedder.dimensions
        self.floor, self.span = embedder.floor, embedder.span
        self.passages = embedder.passages

    def queries(self, texts: Sequence[str]) -> Vectors:
        """Return one row per question."""
        if all(text in self._known for text in texts):
            return asking.stacked([self._known[text] for text in texts], dimensions=self.dimensions)
        return self._embedder.queries(texts)


class Examiner:
    """Asks versions the golden questions. Blocking, for one thread; :meth:`prepare` first."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._ready: dict[str, Question | None] = {}

    def prepare(self, questions: Sequence[Golden], *, vectors: Mapping[str, Vectors]) -> None:
        """Make questions ready with the vectors of their forms; those of other questions are forgotten."""
        texts = list(dict.fromkeys(each.text for each in questions))
        new = [text for text in texts if text not in self._ready]
        made = asking.questions(new, embedder=Vectored(self._embedder, vectors))
        found = dict(zip(new, made, strict=True))
        self._ready = {text: found[text] if text in found else self._ready[text] for text in texts}

    def unprepared(self, questions: Sequence[Golden]) -> tuple[str, ...]:
        """Return the forms of questions that want a vector first."""
        texts = dict.fromkeys(each.text for each in questions if each.text not in self._ready)
        return tuple(form for text in texts for form in asking.forms(text))

    def all(
        self, questions: Sequence[Golden], *, searcher: Searcher, tell: Callable[[int], None], rest: float = 0.0
    ) -> Answers:
        """Ask every question, resting between them (see ``gate.put``)."""
        return self._answers(questions, searcher=searcher, known=None, changed=frozenset(), tell=tell, rest=rest)

    def more(self, questions: Sequence[Golden], *, searcher: Searcher, known: Answers, rest: float = 0.0) -> Answers:
        """Ask the version of some answers the questions that it was not asked."""
        new = [each for each in questions if each not in known.asked]
        if not new:
            return known
        return self._answers(new, searcher=searcher, known=known, changed=known.changed, tell=lambda _: None, rest=rest)

    def again(
        self,
        questions: Sequence[Golden],
        *,
        searcher: Searcher,
        live: Catalogue,
        before: Answers,
        tell: Callable[[int], None],
    ) -> Answers | None:
        """Ask a new version what its difference from an earlier one can touch; None if too much changed for that."""
        new = searcher.held
        difference = touching.difference(live, new)
        changed = before.changed | difference.pages
        if len(changed) > max(touching.LEAST, touching.SHARE * len(new.pages)):
            return None
        known = [each for each in questions if each in before.asked]
        hits = touching.touched(
            known,
            ready=[self._ready[each.text] for each in known],
            found=[before.asked[each].pages for each in known],
            reaches=[before.reaches[each] for each in known],
            old=live.lexical,
            new=new.lexical,
            changed=difference,
        )
        kept = [each for each, hit in zip(known, hits, strict=True) if not hit]
        rest = Answers(
            asked={each: before.asked[each] for each in kept},
            reaches={each: before.reaches[each] for each in kept},
        )
        fresh = [each for each in questions if each not in rest.asked]
        return self._answers(fresh, searcher=searcher, known=rest, changed=changed, tell=tell)

    def _answers(
        self,
        questions: Sequence[Golden],
        *,
        searcher: Searcher,
        known: Answers | None,
        changed: frozenset[str],
        tell: Callable[[int], None],
        rest: float = 0.0,
    ) -> Answers:
        ready = {each: self._ready[each.text] for each in questions}
        made = gate.put(questions, ready=list(ready.values()), searcher=searcher, tell=tell, rest=rest)
        nowhere = Reach(cosine=2.0, coverage=2.0)
        reaches = {g: touching.reach(asked, held=searcher.held) if asked else nowhere for g, asked in ready.items()}
        return Answers(
            asked={**(known.asked if known else {}), **{each.golden: each for each in made}},
            reaches={**(known.reaches if known else {}), **reaches},
            changed=changed,
        )
