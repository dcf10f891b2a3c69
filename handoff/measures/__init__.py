"""The desk's indicators: one module for each subject, with a tuple `INDICATORS` and its `PLACE` among the subjects.

A new module is found by itself; what it measures is said in the texts `number.<id>` and `number.def.<id>`. Rooms above
may have such a package too.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules
from types import ModuleType

from handoff.indicators import Indicator


@cache
def indicators(*packages: str) -> tuple[Indicator, ...]:
    """Every indicator of these packages, subject by subject. Raises ValueError if an id stands twice."""
    modules = sorted(_modules(packages), key=lambda module: (module.PLACE, module.__name__))
    found = tuple(each for module in modules for each in module.INDICATORS)
    if len({each.id for each in found}) != len(found):
        raise ValueError("two indicators have one id")
    return found


def _modules(packages: tuple[str, ...]) -> Iterator[ModuleType]:
    for package in packages:
        spec = find_spec(package)
        for folder in sorted(spec.submodule_search_locations or ()) if spec else ():
            yield from (import_module(f"{package}.{module.name}") for module in iter_modules([folder]))
