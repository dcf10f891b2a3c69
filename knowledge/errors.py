"""Errors of the manual.

KnowledgeError
├── NothingIndexed            no version is live (or another embedder made it)
├── AlreadyIndexing           another process is building a version
├── SourceMissing             the folder of the manual is not there
├── UnknownPage               no such page in the live version
├── UnknownVersion            no such version, or it was never completed
├── LiveChanged               another version went live while this one was built
├── ChromaUnreachable         no Chroma server answers at the address that is set
├── ChromaFailed              Chroma did not do what it was asked; searching goes on without it
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


class LiveChanged(KnowledgeError):
    """``to`` went live while a version was built that had been compared with ``since``."""

    def __init__(self, *, since: int | None, to: int | None) -> None:
        super().__init__(f"version {to} went live instead of {since} while this one was built: index again")
        self.since, self.to = since, to


class ChromaUnreachable(KnowledgeError):
    """No Chroma server answers at ``url``."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"no Chroma server answers at {url} ({reason}): start it, or unset CHROMA_URL")
        self.url, self.reason = url, reason


class ChromaFailed(KnowledgeError):
    """Chroma is away, slow, out of room, or has lost a collection."""


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
