"""Text catalogues: every sentence people see, in all three languages, with strict placeholders and plural forms.

A sentence is a string, or its plural forms by CLDR's names (``{one: "{n} ticket", other: "{n} tickets"}``): exactly
those that its language has, chosen by the placeholder ``n``, which is then written as the language writes numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Final, Self, TypeAlias

import yaml

from console import formats
from console.errors import TextError

LANGUAGES: Final = ("en", "zh-Hans", "zh-Hant")
Sentence: TypeAlias = str | Mapping[str, str]
COUNT: Final = "n"
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is built in: ten times faster


@dataclass(frozen=True)
class Texts:
    """A catalogue ``{key: {language: sentence}}``, complete in every language."""

    entries: Mapping[str, Mapping[str, Sentence]]

    @classmethod
    @cache
    def shipped(cls) -> Self:
        """The console's own catalogues, read once."""
        return cls.load(*sorted(Path(__file__).parent.glob("*texts.yaml")))

    @classmethod
    def load(cls, *paths: Path) -> Self:
        """Read one or more YAML catalogues; raises ``TextError`` naming the first key that is wrong."""
        entries: dict[str, Mapping[str, Sentence]] = {}
        for path in paths:
            read = yaml.load(path.read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - both are safe loaders
            for key, sentences in read.items():
                if key in entries:
                    raise TextError(key, "stands twice")
                entries[key] = _checked(key, sentences)
        return cls(entries)

    def say(self, key: str, language: str, /, **values: object) -> str:
        """The sentence of ``key`` in ``language``; the values given must be exactly the placeholders named."""
        if key not in self.entries:
            raise TextError(key, "is not in the catalogue")
        sentence = self.entries[key][language]
        if not isinstance(sentence, str):
            sentence, values = _counted(key, sentence, language, values)
        if _names(key, sentence) != values.keys():
            raise TextError(key, f"wants {sorted(_names(key, sentence))}, was given {sorted(values)}")
        return sentence.format_map(values)

    def has(self, key: str) -> bool:
        """Whether the catalogue knows ``key`` (for texts chosen by data, such as an event's kind)."""
        return key in self.entries

    def wanted(self, key: str) -> frozenset[str]:
        """The placeholders of a sentence."""
        if key not in self.entries:
            raise TextError(key, "is not in the catalogue")
        return _names(key, forms_of(next(iter(self.entries[key].values())))[0])

    def under(self, prefix: str, language: str) -> dict[str, str]:
        """All sentences whose key starts with ``prefix``, unformatted, for a page's own script: none with plurals."""
        found = {key[len(prefix) :]: said[language] for key, said in self.entries.items() if key.startswith(prefix)}
        for key, sentence in found.items():
            if not isinstance(sentence, str):
                raise TextError(prefix + key, "has plural forms, which no script knows")
        return {key: str(sentence) for key, sentence in found.items()}


def negotiate(accept_language: str, *, chosen: str | None = None) -> str:
    """The page language: the one chosen by hand, else the best of an Accept-Language header, else English."""
    if chosen in LANGUAGES:
        return str(chosen)
    for tag in _by_preference(accept_language):
        if tag.startswith("zh"):
            return "zh-Hant" if {"hant", "tw", "hk", "mo"} & set(tag.split("-")) else "zh-Hans"
        if tag.split("-")[0] == "en":
            return "en"
    return "en"


def _by_preference(header: str) -> list[str]:
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate(header[:500].split(",")):
        tag, _, weight = part.strip().lower().partition(";q=")
        try:
            ranked.append((-float(weight or 1), place, tag))
        except ValueError:
            continue
    return [tag for _, _, tag in sorted(ranked)]


def _counted(
    key: str, forms: Mapping[str, str], language: str, values: Mapping[str, object]
) -> tuple[str, dict[str, object]]:
    """The form that the number takes, and the values with the number as it is written."""
    number = values.get(COUNT)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise TextError(key, f"wants a number for {COUNT}")
    written = formats.number(number, language, places=0 if isinstance(number, int) else 1)
    return forms[formats.plural(number, language)], {**values, COUNT: written}


def _checked(key: str, sentences: object) -> Mapping[str, Sentence]:
    if not isinstance(sentences, dict) or set(sentences) != set(LANGUAGES):
        raise TextError(key, f"needs exactly the languages {', '.join(LANGUAGES)}")
    for language, said in sentences.items():
        _check_forms(key, said, language)
    every = [form for said in sentences.values() for form in forms_of(said)]
    if not all(isinstance(form, str) and form.strip() for form in every):
        raise TextError(key, "has an empty sentence")
    if len({_names(key, form) for form in every}) != 1:
        raise TextError(key, "has different placeholders in its languages")
    if any(isinstance(said, dict) for said in sentences.values()) and COUNT not in _names(key, every[0]):
        raise TextError(key, f"has plural forms and no {{{COUNT}}} to choose by")
    return sentences


def _check_forms(key: str, said: object, language: str) -> None:
    wanted = formats.locale_of(language).plural_form.tags | {"other"}
    if isinstance(said, dict) and set(said) != wanted:
        raise TextError(key, f"needs the forms {', '.join(sorted(wanted))} in {language}")


def forms_of(sentence: Sentence) -> tuple[str, ...]:
    """A sentence's plural forms; itself alone where it has none."""
    return tuple(sentence.values()) if isinstance(sentence, dict) else (sentence,)  # type: ignore[return-value]


@cache
def _names(key: str, sentence: str) -> frozenset[str]:
    try:
        names = [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]
    except ValueError as broken:
        raise TextError(key, str(broken)) from broken
    if not all(name.isidentifier() for name in names):
        raise TextError(key, "a placeholder must be a plain name")
    return frozenset(names)
