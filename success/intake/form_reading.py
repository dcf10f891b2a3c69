"""A form as it is written: YAML to a form, and what is wrong with it by line, with what to do. Pure."""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

import yaml

from knowledge.language import TRADITIONAL, fold, to_script
from success.intake.errors import FormBroken, Problem
from success.intake.form_model import KINDS, Form, Holds, Option, Question, QuestionKind

LONGEST: Final = 64 * 1024
DEEPEST: Final = 10
MOST_QUESTIONS: Final = 40
MOST_OPTIONS: Final = 12
MOST_WORDS: Final = 200
LONGEST_TEXT: Final = 400
CURRENCIES: Final = ("CNY", "USD", "HKD", "TWD", "EUR", "GBP", "JPY", "SGD", "AUD", "CAD")
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,14}")  # what a button can carry
_FORM: Final = frozenset({"form", "name", "begins", "questions", "aside"})
_QUESTION: Final = frozenset(
    {
        "key", "kind", "name", "ask", "holds", "required", "options", "words", "when", "currency", "least", "most",
        "soonest", "latest", "remarks",
    }
)  # fmt: skip
_OPTION: Final = frozenset({"key", "name", "words", "asked"})
_BUILDS: Final = {
    "options": frozenset({QuestionKind.CHOICE, QuestionKind.CHOICES}),
    "currency": frozenset({QuestionKind.MONEY}),
    "least": frozenset({QuestionKind.MONEY, QuestionKind.NUMBER}),
    "most": frozenset({QuestionKind.MONEY, QuestionKind.NUMBER}),
    "soonest": frozenset({QuestionKind.TIME}),
    "latest": frozenset({QuestionKind.TIME}),
    "remarks": frozenset({QuestionKind.TEXT}),
}


def read(source: str) -> Form:
    """The form; raises FormBroken with every problem, each at its line."""
    if len(source) > LONGEST:
        raise FormBroken((Problem(line=1, where="", why=f"is longer than {LONGEST // 1024} KB; leave something out"),))
    try:
        _refuse_tricks(source)
        node = yaml.compose(source, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise FormBroken((Problem(line=line, where="", why=f"is no YAML here: {error.problem or error}"),)) from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise FormBroken((Problem(line=1, where="", why=f"is no YAML: {str(error)[:200]}"),)) from error
    reading = _Reading()
    form = reading.form(node, version=version_of(source))
    if reading.problems:
        raise FormBroken(tuple(sorted(reading.problems, key=lambda each: each.line)[:20]))
    assert form is not None, "nothing was wrong"
    return form


def version_of(source: str) -> str:
    """The version of a form that is written so."""
    return sha256(source.encode("utf-8", "replace")).hexdigest()[:12]


def _refuse_tricks(source: str) -> None:
    """No anchors (a few lines can stand for millions), no depth without end, no second document."""
    depth, documents = 0, 0
    for event in yaml.parse(source, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise FormBroken((Problem(line=line, where="", why="anchors (& and *) are not taken; write it out"),))
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > DEEPEST:
            raise FormBroken((Problem(line=line, where="", why="is nested too deeply"),))
    if documents > 1:
        raise FormBroken((Problem(line=1, where="", why="must be one document, without ---"),))


class _Reading:
    """Reads the nodes of one form, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def form(self, node: Any, *, version: str) -> Form | None:
        """The whole of it."""
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, "", "must begin with `form:` and its key")
            return None
        fields = self._fields(node, "", _FORM)
        key = self._key(fields.get("form"), node, "form")
        name = self._said(fields.get("name"), node, "name")
        begins = self._words(fields.get("begins"), "begins")
        if not begins:
            self._wrong(fields.get("begins") or node, "begins", "wants words with which somebody asks for it")
        listed = self._list(fields.get("questions"), node, "questions", most=MOST_QUESTIONS)
        questions = [
            made for n, each in enumerate(listed, 1) if (made := self._question(each, f"questions[{n}]")) is not None
        ]
        self._once(questions, listed)
        self._branches(questions, listed)
        aside = "aside" in fields and self._flag(fields["aside"], "aside")
        asked = tuple(question for question, _ in questions)
        return Form(key=key, version=version, name=name, begins=begins, questions=asked, aside=aside)

    def _question(self, node: Any, where: str) -> tuple[Question, Mapping[str, Any]] | None:
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, where, "must be a question with `key`, `kind`, `name` and `ask`")
            return None
        fields = self._fields(node, where, _QUESTION)
        kind = self._choice(fields.get("kind"), node, f"{where}.kind", QuestionKind)
        holds = self._choice(fields.get("holds"), node, f"{where}.holds", Holds) if "holds" in fields else None
        if kind is None:
            return None
        for name, kinds in _BUILDS.items():
            if name in fields and kind not in kinds:
                self._wrong(fields[name], f"{where}.{name}", f"has no meaning for the kind {kind}")
        if holds is not None and kind not in KINDS[holds]:
            fits = ", ".join(sorted(KINDS[holds]))
            self._wrong(fields["holds"], f"{where}.holds", f"{holds} is filled by the kinds {fits}")
        currency = self._scalar(fields.get("currency")) or ""
        if kind is QuestionKind.MONEY and currency not in CURRENCIES:
            self._wrong(fields.get("currency") or node, f"{where}.currency", f"wants one of {', '.join(CURRENCIES)}")
        limits = {n: self._limits(fields.get(n), f"{where}.{n}", kind) for n in ("least", "most")}
        for unit, least in limits["least"].items():
            if least > limits["most"].get(unit, least):
                self._wrong(fields["least"], f"{where}.least", "is more than `most`")
        spans = {n: self._number(fields.get(n), f"{where}.{n}") or 0 for n in ("soonest", "latest")}
        options = self._options(fields.get("options"), node, where) if kind in _BUILDS["options"] else ()
        remarks = "remarks" in fields and self._flag(fields["remarks"], f"{where}.remarks")
        return Question(
            key=self._key(fields.get("key"), node, f"{where}.key"),
            kind=kind,
            name=self._said(fields.get("name"), node, f"{where}.name"),
            ask=self._said(fields.get("ask"), node, f"{where}.ask"),
            holds=holds,
            required=self._flag(fields.get("required"), f"{where}.required") and not remarks,
            options=options,
            words=self._words(fields.get("words"), f"{where}.words"),
            when=self._when(fields.get("when"), f"{where}.when"),
            currency=currency,
            least=limits["least"],
            most=limits["most"],
            soonest=spans["soonest"],
            latest=spans["latest"],
            remarks=remarks,
        ), fields

    def _options(self, node: Any, above: Any, where: str) -> tuple[Option, ...]:
        made: list[Option] = []
        for n, each in enumerate(self._list(node, above, f"{where}.options", most=MOST_OPTIONS), 1):
            place = f"{where}.options[{n}]"
            if not isinstance(each, yaml.MappingNode):
                self._wrong(each, place, "must be an option with `key` and `name`")
                continue
            fields = self._fields(each, place, _OPTION)
            key, words = self._key(fields.get("key"), each, f"{place}.key"), fields.get("words")
            if key in {option.key for option in made}:
                self._wrong(fields["key"], f"{place}.key", "stands twice")
            name = self._said(fields.get("name"), each, f"{place}.name")
            asked = self._words(fields.get("asked"), f"{place}.asked")
            made.append(Option(key=key, name=name, words=self._words(words, f"{place}.words"), asked=asked))
        return tuple(made)

    def _once(self, questions: list[tuple[Question, Mapping[str, Any]]], listed: list[Any]) -> None:
        """A key stands once, and so do a place of the brief and the one for remarks."""
        seen: set[str] = set()
        for n, (question, fields) in enumerate(questions, 1):
            for name, value in (("key", question.key), ("holds", question.holds), ("remarks", question.remarks)):
                if value and f"{name}:{value}" in seen:
                    self._wrong(fields.get(name) or listed[0], f"questions[{n}].{name}", f"{value} stands twice")
                seen.add(f"{name}:{value}")

    def _branches(self, questions: list[tuple[Question, Mapping[str, Any]]], listed: list[Any]) -> None:
        """A branch names an option of a question that is asked before, so that no question waits for itself."""
        before: dict[str, Question] = {}
        for n, (question, fields) in enumerate(questions, 1):
            for key, wanted in question.when.items():
                where, known = f"questions[{n}].when.{key}", before.get(key)
                if known is None:
                    self._wrong(fields.get("when") or listed[0], where, "is no question that is asked before this one")
                elif unknown := [each for each in wanted if known.option(each) is None]:
                    self._wrong(fields["when"], where, f"has no option {', '.join(unknown)}")
            before[question.key] = question

    def _fields(self, node: yaml.MappingNode, where: str, known: frozenset[str]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            name = self._scalar(key) or ""
            if name in found:
                self._wrong(key, f"{where}.{name}".lstrip("."), "stands twice")
            if name not in known:
                self._wrong(
                    key, f"{where}.{name}".lstrip("."), f"is not known here; known are {', '.join(sorted(known))}"
                )
            found[name] = value
        return found

    def _list(self, node: Any, above: Any, where: str, *, most: int) -> list[Any]:
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            self._wrong(node or above, where, "wants a list with at least one entry")
            return []
        if len(node.value) > most:
            self._wrong(node, where, f"has more than {most} entries")
        return list(node.value[:most])

    def _key(self, node: Any, above: Any, where: str) -> str:
        text = self._scalar(node) or ""
        if not _KEY.fullmatch(text):
            self._wrong(node or above, where, "wants at most 15 small letters, digits and _, beginning with a letter")
        return text

    def _choice(self, node: Any, above: Any, where: str, kinds: Any) -> Any:
        text = self._scalar(node) or ""
        if text not in set(kinds):
            self._wrong(node or above, where, f"wants one of {', '.join(kinds)}")
            return None
        return kinds(text)

    def _said(self, node: Any, above: Any, where: str) -> dict[str, str]:
        """A sentence in all languages; traditional Chinese is made from simplified where it is not written."""
        found = (
            {} if not isinstance(node, yaml.MappingNode) else {self._scalar(k): self._scalar(v) for k, v in node.value}
        )
        for name in ("zh-Hans", "en"):
            if not (found.get(name) or "").strip():
                self._wrong(node or above, where, f"wants a sentence in {name}")
        if unknown := set(found) - {"zh-Hans", "zh-Hant", "en"}:
            self._wrong(node, where, f"{', '.join(map(str, unknown))} is no language here")
        said = {str(name): " ".join(str(text or "").split()) for name, text in found.items()}
        if any(len(text) > LONGEST_TEXT for text in said.values()):
            self._wrong(node, where, f"is longer than {LONGEST_TEXT} characters")
        said.setdefault("zh-Hant", to_script(said.get("zh-Hans", ""), TRADITIONAL))
        return said

    def _words(self, node: Any, where: str) -> tuple[str, ...]:
        """Words as folded text has them, the longest first, so that one in another does not hide it."""
        if node is None:
            return ()
        if not isinstance(node, yaml.SequenceNode) or len(node.value) > MOST_WORDS:
            self._wrong(node, where, f"wants a list of at most {MOST_WORDS} words")
            return ()
        found: set[str] = set()
        for each in node.value:
            word = fold(self._scalar(each) or "").strip()
            if not word or len(word) > LONGEST_TEXT:
                self._wrong(each, where, "wants words")
            found.add(word)
        return tuple(sorted(found, key=lambda word: (-len(word), word)))

    def _when(self, node: Any, where: str) -> dict[str, tuple[str, ...]]:
        if node is None:
            return {}
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, where, "wants a question's key with a list of its options")
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for key, value in node.value:
            options = value.value if isinstance(value, yaml.SequenceNode) else []
            if not options:
                self._wrong(value, where, "wants a list of options")
            found[self._scalar(key) or ""] = tuple(self._scalar(each) or "" for each in options)
        return found

    def _limits(self, node: Any, where: str, kind: QuestionKind) -> dict[str, int]:
        """By currency of money; under "" of a number."""
        if node is None:
            return {}
        if kind is not QuestionKind.MONEY:
            number = self._number(node, where)
            return {} if number is None else {"": number}
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, where, "wants an amount for each currency, such as {CNY: 3000}")
            return {}
        found = {self._scalar(k) or "": self._number(v, where) or 0 for k, v in node.value}
        if unknown := set(found) - set(CURRENCIES):
            self._wrong(node, where, f"{', '.join(unknown)} is no currency here")
        return found

    def _number(self, node: Any, where: str) -> int | None:
        if node is None:
            return None
        text = self._scalar(node) or ""
        if not (text.isascii() and text.isdecimal() and len(text) <= 12):  # noqa: PLR2004 -- far beyond any budget
            self._wrong(node, where, "wants a whole number")
            return None
        return int(text)

    def _flag(self, node: Any, where: str) -> bool:
        if node is None:
            return True
        text = (self._scalar(node) or "").lower()
        if text not in {"true", "false"}:
            self._wrong(node, where, "wants true or false")
        return text != "false"

    def _scalar(self, node: Any) -> str | None:
        return node.value if isinstance(node, yaml.ScalarNode) else None

    def _wrong(self, node: Any, where: str, why: str) -> None:
        line = node.start_mark.line + 1 if node is not None else 1
        self.problems.append(Problem(line=int(line), where=where, why=why))


def texts_of(form: Form) -> Iterator[Mapping[str, str]]:
    """Every sentence of a form, in its languages."""
    yield form.name
    for question in form.questions:
        yield question.name
        yield question.ask
        for option in question.options:
            yield option.name
