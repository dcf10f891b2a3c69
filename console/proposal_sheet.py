"""A proposal in words: one sheet of blocks, which are written as a page and as a Word file. Pure but for the texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from console import formats, moments
from console.report_words import spaced
from console.texts import Texts
from handoff.kinds import Tier
from success.projects.model import Proposal, Service
from success.projects.plan_rules import Milestone

LEVELS: Final = ("emergency", "bug", "question")
_SIGNS: Final = {("zh-Hans", "CNY"): "¥", ("zh-Hant", "TWD"): "NT$", ("zh-Hant", "HKD"): "HK$"}


@dataclass(frozen=True, kw_only=True)
class Block:
    """A part of the sheet: paragraphs, labelled quotations, a list, short items side by side, or a table.

    A table's `foot` sums up, `right` are its columns of numbers, `widths` per cents of the sheet. With `bars`, for each
    row a share of the time from the first day to the last, its last column is drawn. `notes` stand below.
    """

    title: str
    hint: str = ""
    paragraphs: Sequence[str] = ()
    quotes: Sequence[tuple[str, str]] = ()
    items: Sequence[str] = ()
    short: Sequence[str] = ()
    head: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    foot: Sequence[str] = ()
    right: frozenset[int] = frozenset()
    widths: Sequence[int] = ()
    bars: Sequence[tuple[float, float]] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A proposal in words. `tiles` are its sum, its time, its validity: a name, a value, what is beside it."""

    title: str
    client: str
    language: str
    agency: str
    kind: str
    facts: Sequence[str]
    tiles: Sequence[tuple[str, str, str]]
    blocks: Sequence[Block]
    page: str
    """What stands at the foot of each page of a Word file, before the page's number."""


def money(amount: int, currency: str, language: str) -> str:
    """An amount in whole units, with its currency as readers of the language write it."""
    sign = _SIGNS.get((language, currency), f"{currency} ")
    return f"{sign}{formats.number(amount, language)}"


def sheet(content: Proposal, texts: Texts, *, agency: str, number: int, n: int, on: date) -> Sheet:
    """The proposal in words; `n` is its version, `on` the version's day."""
    return _Words(content, texts).sheet(agency=agency, number=number, n=n, on=on)


class _Words:
    """Writes one proposal."""

    def __init__(self, content: Proposal, texts: Texts) -> None:
        self.content, self.texts, self.language = content, texts, content.language

    def __call__(self, key: str, /, **values: object) -> str:
        return self.set(self.texts.say(key, self.language, **values))

    def set(self, text: str) -> str:
        """A text of ours, as its language is set."""
        return text if self.language == "en" else spaced(text)

    def day(self, on: date) -> str:
        return formats.day(on, self.language)

    def money(self, amount: int) -> str:
        return money(amount, self.content.currency, self.language)

    def number(self, value: int) -> str:
        return formats.number(value, self.language)

    def sheet(self, *, agency: str, number: int, n: int, on: date) -> Sheet:
        content, numbered = self.content, self("proposal.doc.number", number=f"{number:04d}")
        return Sheet(
            title=content.title, client=content.client, language=self.language, agency=agency,
            kind=self("proposal.doc.kind"), tiles=self._tiles(), blocks=self._blocks(),
            facts=[numbered, self("proposal.doc.version", version=n, on=self.day(on))],
            page=f"{agency} · {numbered} · {self('proposal.version', version=n)}",
        )  # fmt: skip

    def _tiles(self) -> list[tuple[str, str, str]]:
        content = self.content
        starts, ends = content.milestones[0].starts_on, content.milestones[-1].ends_on
        return [
            (
                self("proposal.doc.price.sum"), self.money(content.total),
                self("proposal.doc.tile.effort", n=content.days),
            ),
            (
                self("proposal.doc.tile.launch"), self.day(ends), self("proposal.doc.tile.starts", on=self.day(starts)),
            ),
            (
                self("proposal.doc.tile.valid"), self.day(content.valid_until), self("proposal.doc.tile.valid.hint"),
            ),
        ]  # fmt: skip

    def _blocks(self) -> list[Block]:
        content = self.content
        blocks = [self._lines("understanding", content.understanding)]
        if content.quotes:
            quoted = [(self(f"proposal.doc.quote.{each.about}"), each.text) for each in content.quotes]
            blocks.append(
                Block(title=self("proposal.doc.quotes"), hint=self("proposal.doc.quotes.hint"), quotes=quoted)
            )
        blocks.append(Block(title=self("proposal.doc.architecture"), items=self._rows(content.architecture)))
        if content.pages:
            blocks.append(Block(title=self("proposal.doc.pages"), short=content.pages))
        blocks += [self._plan(), self._prices()]
        blocks += [self._payments()] if content.payments else []
        if content.excluded:
            hint = self("proposal.doc.excluded.hint")
            blocks.append(Block(title=self("proposal.doc.excluded"), hint=hint, items=content.excluded))
        blocks += [self._services()] if content.services else []
        together = [self(f"proposal.doc.together.{each}") for each in ("stages", "changes", "weeks")]
        blocks.append(Block(title=self("proposal.doc.together"), items=together))
        blocks += [self._lines("remarks", content.remarks)] if content.remarks else []
        return [*blocks, Block(title=self("proposal.doc.next"), paragraphs=[self("proposal.doc.next.text")])]

    def _rows(self, text: str) -> list[str]:
        return [self.set(row) for row in text.split("\n") if row]

    def _lines(self, key: str, text: str) -> Block:
        return Block(title=self(f"proposal.doc.{key}"), paragraphs=self._rows(text))

    def _plan(self) -> Block:
        milestones = self.content.milestones
        rows = [
            (
                self(f"projects.stage.{each.stage}"), self(f"proposal.doc.gives.{each.stage}"),
                self.day(each.starts_on), self.day(each.ends_on),
            )
            for each in milestones
        ]  # fmt: skip
        head = [self(f"proposal.doc.plan.{name}") for name in ("stage", "gives", "starts", "ends", "bar")]
        return Block(
            title=self("proposal.doc.plan"), hint=self("proposal.doc.plan.hint"), head=head, rows=rows,
            widths=(11, 24, 22, 22, 21), bars=bars(milestones),
        )  # fmt: skip

    def _prices(self) -> Block:
        content = self.content
        rows = [
            (
                self("proposal.doc.price.optional", name=each.name) if each.optional else each.name, each.what,
                self.number(each.days), self.money(each.price),
            )
            for each in content.lines
        ]  # fmt: skip
        head = [self(f"proposal.doc.price.{name}") for name in ("name", "what", "days", "price")]
        foot = (self("proposal.doc.price.sum"), "", self.number(content.days), self.money(content.total))
        notes = [self.set(content.tax)] if content.tax else []
        if 0 < content.needed < content.total:
            notes.append(self("proposal.doc.price.needed", total=self.money(content.needed)))
        return Block(
            title=self("proposal.doc.price"), head=head, rows=rows, foot=foot, right=frozenset({2, 3}),
            widths=(27, 41, 14, 18), notes=notes,
        )  # fmt: skip

    def _payments(self) -> Block:
        rows = [
            (
                self(f"proposal.doc.pay.{each.when}"),
                formats.percent(each.share / 100, self.language),
                self.money(amount),
            )
            for each, amount in self.content.due()
        ]
        head = [self(f"proposal.doc.pay.{name}") for name in ("when", "share", "amount")]
        return Block(title=self("proposal.doc.pay"), head=head, rows=rows, right=frozenset({1, 2}), widths=(62, 16, 22))

    def _services(self) -> Block:
        head = [self("proposal.doc.service.tier"), *(self(f"level.{level}") for level in LEVELS)]
        rows = [self._service(each) for each in self.content.services if each.tier in set(Tier)]
        hint = self("proposal.doc.service.hint")
        return Block(title=self("proposal.doc.service"), hint=hint, head=head, rows=rows, widths=(19, 27, 27, 27))

    def _service(self, each: Service) -> tuple[str, ...]:
        named = self(f"tier.{each.tier}")
        fee = self("proposal.doc.service.from", fee=self.number(each.fee_from)) if each.fee_from else ""
        cells = [f"{named}\n{fee}" if fee else named]
        for level in LEVELS:
            said = [
                self(
                    f"proposal.doc.service.{clock}",
                    target=moments.target(self.texts, self.language, each.targets[f"{level}.{clock}"]),
                )
                for clock in ("FR", "RS") if f"{level}.{clock}" in each.targets
            ]  # fmt: skip
            cells.append("\n".join(said) or formats.NOTHING)
        return tuple(cells)


def bars(milestones: Sequence[Milestone]) -> list[tuple[float, float]]:
    """Where each stage begins and ends, as shares of the time from the first day to the last."""
    first = min(each.starts_on for each in milestones)
    days = max((each.ends_on - first).days for each in milestones) + 1
    return [((each.starts_on - first).days / days, ((each.ends_on - first).days + 1) / days) for each in milestones]
