"""What people really write: some six hundred messages, each with what is read of it, and no more than that.

`messages/intake.tsv`: the question that was asked (- for none), the message, what is read. Money is currency, from, to
and ~ for about; an option behind a minus is ruled out; `words` is a time of which no day is plain.
`messages/intake_blind.tsv` is the same, written without knowing how the reader reads, to measure it.
"""

from datetime import date
from pathlib import Path

import pytest

from knowledge.language import fold
from success.intake import forms_kept
from success.intake.understanding import Understood, understand
from success.intake.values import Chosen, Links, Money, Number, Time, Value, Words
from success.intake.wishes import asks_back

TODAY = date(2026, 11, 24)
FORM = forms_kept.parsed(forms_kept.shipped())


def rows(name: str) -> list[tuple[str, ...]]:
    """The messages of a table."""
    lines = (Path(__file__).parent / "messages" / name).read_text("utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


ROWS = rows("intake.tsv")
BLIND = rows("intake_blind.tsv")


def told(value: Value) -> str:
    """A value as the table has it."""
    match value:
        case Chosen(keys=keys, other=other):
            return "+".join(keys) + (f"|{other}" if other else "")
        case Words(text=text):
            return f"“{text}”"
        case Money():
            return f"{value.currency} {value.low or ''}..{value.high or ''}{'~' if value.about else ''}"
        case Time(by=by):
            return f"{by or 'words'}"
        case Links(addresses=addresses):
            return " ".join(addresses)
        case Number(value=number):
            return str(number)


def line(said: Understood) -> str:
    """What was read, as the table has it."""
    parts = [f"{each.key}={told(each.value)}" + "".join(f"-{key}" for key in each.without) for each in said.found]
    parts += [f"wish={said.wish.value}"] if said.wish else []
    parts += ["open=" + "+".join(said.left_open)] if said.left_open and not said.wish else []
    return "; ".join([*parts, *(["unread"] if said.unread else [])])


def test_the_table_is_as_wide_as_it_says() -> None:
    """Hundreds of messages, to every question of the form and to none."""
    assert len(ROWS) > 550
    assert {asked for asked, *_ in ROWS} == {"-", *(each.key for each in FORM.questions if not each.remarks)}


@pytest.mark.parametrize(("asked", "text", "expected"), ROWS)
def test_what_is_read(asked: str, text: str, expected: str) -> None:
    """Exactly that, in either script."""
    assert line(understand(text, FORM, asked=None if asked == "-" else asked, today=TODAY)) == expected


@pytest.mark.parametrize(("asked", "text", "expected"), BLIND)
def test_what_is_read_of_what_nobody_wrote_it_for(asked: str, text: str, expected: str) -> None:
    """The same; what asks back is no answer in words, as in the chat."""
    words = not asks_back(fold(text))
    assert line(understand(text, FORM, asked=None if asked == "-" else asked, today=TODAY, words=words)) == expected


@pytest.mark.parametrize("text", ["预算٦万५", "预算6万5", "预算６万５"])
def test_digits_of_every_script(text: str) -> None:
    """Sixty-five thousand, whichever digits somebody's keyboard has; signs that only look like digits end nothing."""
    assert line(understand(text, FORM, asked="budget", today=TODAY)) == "budget=CNY 65000..65000"
    understand("预算6万፩", FORM, asked="budget", today=TODAY)


@pytest.mark.parametrize("currency", ["USD", "HKD", "EUR", "GBP"])
def test_a_form_says_what_is_meant_without_a_currency(currency: str) -> None:
    """An amount without a currency is one in that of the form."""
    form = forms_kept.parsed(forms_kept.shipped().replace("currency: CNY", f"currency: {currency}"))
    found = understand("around 10 grand", form, asked="budget", today=TODAY).of("budget")
    assert found is not None
    assert found.value == Money(currency=currency, low=10_000, high=10_000, about=True)
