"""What is said about pages from outside: ``page.docx.yaml`` beside a page, ``_defaults.yaml`` above it."""

from collections.abc import Iterator
from pathlib import Path

from knowledge import source_files
from knowledge.front_matter import KEYS, SHARED, Fault, FrontMatter, keys
from knowledge.model import Problem
from knowledge.source_files import DEFAULTS, RefusedError


class Sidecars:
    """All that is said below a folder, read once; ``problems`` is what is wrong with it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._said: dict[Path, FrontMatter] = {}
        self.problems: list[Problem] = []
        for path in source_files.sidecars(root):
            self._take(path)

    def defaults(self, page: Path) -> Iterator[FrontMatter]:
        """Yield what the folders above a page say, from the outermost."""
        above = [folder for folder in reversed(page.parents) if folder.is_relative_to(self._root)]
        yield from (self._said[folder / DEFAULTS] for folder in above if folder / DEFAULTS in self._said)

    def beside(self, page: Path) -> FrontMatter:
        """Return what a page's own sidecar says."""
        return self._said.get(page.with_name(f"{page.name}.yaml"), FrontMatter())

    def _take(self, path: Path) -> None:
        shared = path.name == DEFAULTS
        if not shared and path.suffix != ".yaml":
            self._tell(path, [Fault(line=1, message=f"not read: call it {path.stem}.yaml")])
            return
        if not shared and not path.with_suffix("").exists():
            self._tell(path, [Fault(line=1, message=f"speaks about {path.stem}, which is not there")])
            return
        try:
            said = keys(source_files.sidecar_text(path, root=self._root), allowed=SHARED if shared else KEYS)
        except RefusedError as refusal:
            said = keys("- ")
            self._tell(path, [Fault(line=refusal.line or 1, message=str(refusal))], readable=False)
        else:
            self._tell(path, list(said.faults), readable=said.readable)
        self._said[path] = said

    def _tell(self, path: Path, faults: list[Fault], *, readable: bool = True) -> None:
        name = source_files.shown(path, root=self._root)
        hidden = "" if readable else "; what it speaks about stays internal"
        self.problems += [Problem(file=name, line=fault.line, message=f"{fault.message}{hidden}") for fault in faults]
