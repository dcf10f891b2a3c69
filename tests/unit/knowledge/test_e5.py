"""The embedded model: made from the carried weights, tested by itself, not crashable by input."""

from pathlib import Path

import numpy as np
import pytest

from knowledge import e5
from knowledge.e5_tokens import Tokeniser
from knowledge.e5_weights import Weights, find_weights
from knowledge.errors import SelfTestFailed, WeightsInvalid
from tests.unit.knowledge.pages import write

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, e5.E5Embedder]:
    folder = tmp_path_factory.mktemp("model")
    return folder, e5.prepare(folder, threads=1)


def test_it_is_made_once_and_passes_its_test(made: tuple[Path, e5.E5Embedder]) -> None:
    """One file is left; the second start reuses it; vectors agree with the reference."""
    folder, embedder = made
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    again = e5.prepare(folder, threads=1)
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before
    assert again.name == embedder.name
    assert e5.self_test(embedder) >= e5.LEAST_COSINE


def test_it_knows_meaning_across_languages(made: tuple[Path, e5.E5Embedder]) -> None:
    """A Chinese question lies nearer to the English passage that answers it than to another."""
    _, embedder = made
    (asked,) = embedder.queries(["后台密码忘了?"])
    right, wrong = embedder.passages(["Reset a forgotten password of the admin area.", "Shipping costs by country."])
    assert asked @ right > asked @ wrong + 0.03


@pytest.mark.parametrize(
    "text",
    ["", "\x00", "\ud800", "ﷺ" * 10, "😀" * 50_000, "a" * 100_000, "\u202eabc", "后" * 100_000, "\u200b" * 5_000],
)
@pytest.mark.timeout(60)  # the original engine took half a minute for a tenth of it
def test_no_text_breaks_it(made: tuple[Path, e5.E5Embedder], text: str) -> None:
    """Input that crashed or froze the original engine gives a vector of length 1."""
    _, embedder = made
    (vector,) = embedder.queries([text])
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-3)


def test_order_and_batches_do_not_matter(made: tuple[Path, e5.E5Embedder]) -> None:
    """Rows come back in the order of the texts, whatever their lengths."""
    _, embedder = made
    texts = ["long " * 300, "short", "后台密码" * 50, "x"] * 3
    together = embedder.passages(texts)
    alone = np.concatenate([embedder.passages([text]) for text in texts])
    assert np.sum(together * alone, axis=1).min() > 0.98
    assert embedder.queries([]).shape == (0, 384)


def test_fp32_where_int8_computes_something_else(made: tuple[Path, e5.E5Embedder], tmp_path: Path) -> None:
    """An int8 file that fails the self-test is replaced by fp32, for good."""
    folder, _ = made
    broken = next(folder.glob("*int8.onnx")).read_bytes()
    target = write(tmp_path, next(folder.glob("*int8.onnx")).name, broken)
    _scramble(target)
    embedder = e5.prepare(tmp_path, threads=1)
    assert embedder.variant == "fp32"
    assert e5.self_test(embedder) > 0.999
    assert e5.prepare(tmp_path, threads=1).variant == "fp32"


def test_fp32_that_fails_is_an_error(made: tuple[Path, e5.E5Embedder], tmp_path: Path) -> None:
    """There is nothing to fall back to: the error carries the cosine."""
    folder, _ = made
    source = next(folder.glob("*int8.onnx"))
    target = write(tmp_path, source.name.replace("int8", "fp32"), source.read_bytes())
    write(tmp_path, source.name.replace("-int8.onnx", ".variant"), "fp32")
    _scramble(target)
    with pytest.raises(SelfTestFailed) as caught:
        e5.prepare(tmp_path, threads=1)
    assert caught.value.cosine < e5.LEAST_COSINE


def test_tokens_are_those_of_the_reference() -> None:
    """Our tokeniser cuts as the package `tokenizers` does, unknown characters and odd spaces too."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    pieces = Weights(find_weights()).pieces()
    theirs = Tokenizer(models.Unigram(pieces, unk_id=3))
    theirs.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
    )
    theirs.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    theirs.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    theirs.enable_truncation(512)
    ours = Tokeniser(pieces, longest=512)
    texts = [*e5.reference()[0], "", "a  b\n c\t", "𠀀𠀁 test", "ﷺﷺ", "\u200b", "word " * 700, "后台" * 600, "ｆｕｌｌ"]
    for text in texts:
        assert ours.encode(text) == theirs.encode(text).ids


def _scramble(path: Path) -> None:
    """Turn the weights of the first layer around."""
    import onnx
    from onnx import numpy_helper

    model = onnx.load(path)
    wide = [each for each in model.graph.initializer if len(each.dims) == 2]
    wide[0].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(numpy_helper.to_array(wide[0])[::-1]), wide[0].name))
    onnx.save(model, path)


@pytest.mark.parametrize("content", [b"", b"E5S1", b"nope" * 100, b"E5S1\x01\0\0\0" + b"\xff" * 60])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is not the weights is an error, never a crash."""
    with pytest.raises(WeightsInvalid):
        Weights(write(tmp_path, "weights.bin", content))


def test_rows_of_the_word_table_match_the_whole() -> None:
    """Single rows read from the mapped file are those of the dequantised tensor."""
    weights = Weights(find_weights())
    ids = np.array([[0, 5], [250_001, 7]])
    assert weights.words(ids).shape == (2, 2, 384)
    assert np.isfinite(weights.words(ids)).all()
