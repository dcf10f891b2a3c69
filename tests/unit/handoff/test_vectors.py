"""Every reference vector of the shared folder, by its own runner, on the production functions."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests import sla_adapter

FOLDER = Path(__file__).resolve().parents[4] / "shared" / "sla"


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    """The vectors' own runner."""
    script = FOLDER / "run_vectors.py"
    if not script.is_file():
        pytest.skip("the reference vectors (../shared/sla) are not on this machine")
    spec = importlib.util.spec_from_file_location("run_vectors", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the runner leaves its files to the collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_every_vector_is_reproduced(runner: ModuleType) -> None:
    """Deadlines, elapsed times and sequences, those with an edge inside a DST change too."""
    passed, failed = runner.main(sla_adapter, str(FOLDER), optional=True, quiet=True)
    assert failed == []
    assert passed == {"deadline": 245, "elapsed": 110, "sequence": 61}
