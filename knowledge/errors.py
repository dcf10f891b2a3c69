"""Errors of the manual.

KnowledgeError
├── NothingIndexed            no version is live (or another embedder made it)
├── AlreadyIndexing           another process is building a version
├── SourceMissing             the folder of the manual is not there
├── SourceChanged             the folder is not what was previewed any more
├── FileRefused               a file may not be read or written there, or not this one
├── FileChanged               somebody else saved the file meanwhile
├── UnknownPage               no such page in the live version
├── UnknownVersion            no such version, or it was never completed
├── PackInvalid               an evaluation pack cannot be read
├── GoldenInvalid             golden.yaml cannot be read
└── EmbedderError
    ├── WeightsInvalid        the weight file is missing or not what it should be
    ├── EmbedderUnreachable   a model behind an address gives no vectors
    └── SelfTestFailed        the model computes something else than its reference vectors
"""

# ruff: noqa: N818 -- the names say what happened

from pathlib import Path


class KnowledgeError(Exception):
    """Root of every error this package raises."""


class NothingIndexed(KnowledgeError):
    """No version of the manual can be searched; ``made_by`` names the other embedder, if that is why."""

    def __init__(self, *, made_by: str | None = None) -> None:
        super().__init__(f"the live version was made by {made_by}" if made_by else "nothing is indexed")
        self.made_by = made_by


class AlreadyIndexing(KnowledgeError):
    """Another process is building version ``version``."""

    def __init__(self, version: int) -> None:
        super().__init__(f"version {version} is being built by another process")
        self.version = version


class SourceMissing(KnowledgeError):
    """The manual's folder does not exist."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"no folder {path}")
        self.path = path


class SourceChanged(KnowledgeError):
    """The manual's folder changed since it was previewed."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} changed since it was previewed; preview it again")
        self.path = path


class FileRefused(KnowledgeError):
    """A file of the manual cannot be taken or kept; ``why`` is a word for the catalogue of texts."""

    def __init__(self, why: str, *, name: str, line: int | None = None) -> None:
        super().__init__(f"{name}{f':{line}' if line else ''}: {why}")
        self.why, self.name, self.line = why, name, line


class FileChanged(KnowledgeError):
    """The file is not what was read any more."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} was changed meanwhile")
        self.name = name


class UnknownPage(KnowledgeError):
    """The live version has no such page."""

    def __init__(self, page: str) -> None:
        super().__init__(f"no page {page}")
        self.page = page


class UnknownVersion(KnowledgeError):
    """There is no complete version of that number."""

    def __init__(self, version: int | None) -> None:
        super().__init__("no earlier version" if version is None else f"no complete version {version}")
        self.version = version


class PackInvalid(KnowledgeError):
    """An evaluation pack is missing a file or holds a malformed row."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        super().__init__(f"{path}{f':{line}' if line else ''}: {reason}")
        self.path, self.line, self.reason = path, line, reason


class GoldenInvalid(KnowledgeError):
    """The golden questions cannot be read."""

    def __init__(self, path: Path, line: int | None, reason: str) -> None:
        super().__init__(f"{path}{f':{line}' if line else ''}: {reason}")
        self.path, self.line, self.reason = path, line, reason


class EmbedderError(KnowledgeError):
    """A model that turns text into vectors cannot be used."""


class WeightsInvalid(EmbedderError):
    """The weight file is missing or malformed."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"embedded model: {reason}")
        self.reason = reason


class EmbedderUnreachable(EmbedderError):
    """The server of ``model`` did not answer with vectors."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(f"embeddings of {model}: {reason}")
        self.model, self.reason = model, reason


class SelfTestFailed(EmbedderError):
    """The lowest cosine to the reference vectors is below what is tolerated."""

    def __init__(self, *, cosine: float) -> None:
        super().__init__(f"embedded model: self-test cosine {cosine:.4f}")
        self.cosine = cosine
