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
├── LiveChanged               another version went live while this one was built
├── ChromaUnreachable         no Chroma server answers at the address that is set
├── ChromaFailed              Chroma did not do what it was asked; searching goes on without it
├── PackInvalid               an evaluation pack cannot be read
├── GoldenInvalid             golden.yaml cannot be read
├── RerankerFailed            a re-ranker gave no order
└── EmbedderError
    ├── WeightsInvalid        the weight file is missing or not what it should be
    ├── ModelNotHere          a local model is not in the place that was named, or cannot be loaded
    ├── EmbedderUnreachable   a model behind an address gives no vectors
    ├── ScaleUnmeasurable     the model finds questions no nearer to their answers than to anything else
    └── SelfTestFailed        the model computes something else than its reference vectors
"""

# ruff: noqa: N818 -- the names say what happened

from pathlib import Path


class KnowledgeError(Exception):
    """Root of every error this package raises."""


class NothingIndexed(KnowledgeError):
    """No version of the manual can be searched; ``made_by`` names the other embedder, if that is why."""

    def __init__(self, *, made_by: str | None = None, version: int | None = None, here: str | None = None) -> None:
        which = f"version {version}" if version else "the live version"
        mend = f", and vectors are made by {here} now: index again, or set AFTERCARE_EMBEDDER back" if here else ""
        super().__init__(f"{which} was made by {made_by}{mend}" if made_by else "nothing is indexed")
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


class RerankerFailed(KnowledgeError):
    """The re-ranker ``name`` gave no usable figures."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name, self.reason = name, reason


class EmbedderError(KnowledgeError):
    """A model that turns text into vectors cannot be used."""


class WeightsInvalid(EmbedderError):
    """The weight file is missing or malformed."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"embedded model: {reason}")
        self.reason = reason


class ModelNotHere(EmbedderError):
    """There is no usable model in the folder, or under the name, ``model``."""

    def __init__(self, model: str, reason: str) -> None:
        super().__init__(f"no model {model!r} on this machine: {reason}")
        self.model, self.reason = model, reason


class ScaleUnmeasurable(EmbedderError):
    """The medians of unrelated and of matching cosines are too near to each other to be of use."""

    def __init__(self, name: str, *, unrelated: float, matched: float) -> None:
        super().__init__(
            f"{name} tells no answer from another: cosines of questions with their answers {matched:.3f}, "
            f"with other passages {unrelated:.3f}"
        )
        self.unrelated, self.matched = unrelated, matched


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
