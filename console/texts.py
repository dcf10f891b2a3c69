"""Text catalogues: every sentence people see, in all three languages, with strict placeholders."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Final, Self

import yaml

from console.errors import TextError

LANGUAGES: Final = ("en", "zh-Hans", "zh-Hant")
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is built in: ten times faster


@dataclass(frozen=True)
class Texts:
    """A catalogue ``{key: {language: sentence}}``, complete in every language."""

    entries: Mapping[str, Mapping[str, str]]

    @classmethod
    def shipped(cls) -> Self:
        """The console's own catalogues."""
        return cls.load(*sorted(Path(__file__).parent.glob("*texts.yaml")))

    @classmethod
    def load(cls, *paths: Path) -> Self:
        """Read one or more YAML catalogues; raises ``TextError`` naming the first key that is wrong."""
        entries: dict[str, Mapping[str, str]] = {}
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
        if _names(key, sentence) != values.keys():
            raise TextError(key, f"wants {sorted(_names(key, sentence))}, was given {sorted(values)}")
        return sentence.format_map(values)

    def has(self, key: str) -> bool:
        """Whether the catalogue knows ``key`` (for texts chosen by data, such as an event's kind)."""
        return key in self.entries

    def under(self, prefix: str, language: str) -> dict[str, str]:
        """All sentences whose key starts with ``prefix``, unformatted, for a page's own script."""
        return {key[len(prefix) :]: said[language] for key, said in self.entries.items() if key.startswith(prefix)}


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


def _checked(key: str, sentences: object) -> Mapping[str, str]:
    if not isinstance(sentences, dict) or set(sentences) != set(LANGUAGES):
        raise TextError(key, f"needs exactly the languages {', '.join(LANGUAGES)}")
    if not all(isinstance(said, str) and said.strip() for said in sentences.values()):
        raise TextError(key, "has an empty sentence")
    if len({_names(key, said) for said in sentences.values()}) != 1:
        raise TextError(key, "has different placeholders in its languages")
    return sentences


def _names(key: str, sentence: str) -> frozenset[str]:
    try:
        names = [name for _, name, _, _ in Formatter().parse(sentence) if name is not None]
    except ValueError as broken:
        raise TextError(key, str(broken)) from broken
    if not all(name.isidentifier() for name in names):
        raise TextError(key, "a placeholder must be a plain name")
    return frozenset(names)
