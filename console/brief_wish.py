"""A brief as the fields of the form that a proposal is drafted from: a person looks at them before it is."""

from collections.abc import Iterator

from sqlalchemy import Connection

from console.intake_words import value_words
from console.texts import Texts
from handoff import directory
from handoff.visitors import is_nameless
from success.intake import store
from success.intake.brief import Brief, Choice
from success.intake.form_model import Form, Holds
from success.projects.wish import ITEM_LENGTH, TITLE_LENGTH, calm


def fields(conn: Connection, interview_id: int, *, texts: Texts) -> dict[str, str]:
    """The fields by their names, in the language of the brief. Raises NotFound."""
    found = store.one(conn, interview_id)
    form, brief = store.form_of(conn, found), store.brief(conn, interview_id)
    client = directory.client(conn, found.client_id) if found.client_id is not None else None
    person = directory.person(conn, found.person_id) if client is None and found.person_id else None
    name = client.name if client else person.name if person and not is_nameless(person.name) else ""
    language, budget = brief.language, brief.budget
    title = texts.say("proposal.wish.for", language, name=calm(name)) if name else form.name[language]
    typed = {
        "slug": client.slug if client else "", "client": calm(name)[:TITLE_LENGTH],
        "title": title[:TITLE_LENGTH], "language": language,
        "industry": _named(form, Holds.INDUSTRY, brief.industry, language),
        "audience": _named(form, Holds.AUDIENCE, brief.audience, language),
        "functions": "\n".join(dict.fromkeys(_functions(form, brief))),
        "look": brief.look,
        "references": "\n".join(brief.references),
        "competitors": _lines(brief.competitors),
        "indicators": _lines(brief.indicators),
        "open": "\n".join(_open(form, brief, texts)),
    }  # fmt: skip
    if budget is not None:
        typed |= {"currency": budget.currency, "budget_from": _whole(budget.low), "budget_to": _whole(budget.high)}
    if brief.wanted is not None and brief.wanted.by is not None:
        typed["wanted_on"] = brief.wanted.by.isoformat()
    return typed


def _functions(form: Form, brief: Brief) -> Iterator[str]:
    """What was chosen, and their own words, which say more."""
    chosen = _named(form, Holds.FUNCTIONS, Choice(keys=brief.functions), brief.language, between="\n")
    yield from filter(None, chosen.split("\n"))
    if brief.functions_other:
        yield brief.functions_other[:ITEM_LENGTH]
    place = _key(form, Holds.FUNCTIONS)
    quotes = (each.quote for each in brief.evidence if each.question == place and not each.former)
    yield from (line[:ITEM_LENGTH] for quote in quotes for line in quote.splitlines())


def _open(form: Form, brief: Brief, texts: Texts) -> Iterator[str]:
    """What is missing, what may not be so, and what was answered besides."""
    for key in (*brief.missing, *brief.left_open, *brief.doubtful):
        if (question := form.question(key)) is not None:
            yield question.name[brief.language]
    if brief.wanted is not None and brief.wanted.by is None and brief.wanted.words:
        yield brief.wanted.words[:ITEM_LENGTH]
    for key, value in brief.others.items():
        question = form.question(key)
        name = question.name[brief.language] if question else key
        words = value_words(value, question, language=brief.language, texts=texts)
        yield texts.say("proposal.wish.answered", brief.language, name=name, words=words)[:ITEM_LENGTH]


def _named(form: Form, place: Holds, chosen: Choice, language: str, *, between: str = ", ") -> str:
    question = form.question(_key(form, place))
    options = [question.option(key) if question else None for key in chosen.keys]
    names = [each.name[language] if each else key for each, key in zip(options, chosen.keys, strict=True)]
    return between.join([*names, *([chosen.other] if chosen.other else [])])


def _key(form: Form, place: Holds) -> str:
    return next((each.key for each in form.questions if each.holds is place), "")


def _lines(text: str) -> str:
    return "\n".join(line[:ITEM_LENGTH] for line in text.splitlines())


def _whole(amount: int | None) -> str:
    return "" if amount is None else str(amount)
