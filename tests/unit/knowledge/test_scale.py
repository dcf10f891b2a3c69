"""An embedder's scale is measured, not guessed."""

import numpy as np
import pytest

from knowledge import scale
from knowledge.errors import ScaleUnmeasurable
from knowledge.language import fold


def _placed(questions: np.ndarray, passages: np.ndarray) -> tuple[float, float]:
    found = scale.measured(questions, passages, name="x")
    return tuple((one - found.floor) / found.span for one in scale.anchors(questions, passages))


def test_the_embedded_model_measures_its_own_scale(embedder) -> None:
    """The anchors are those of the embedded default, whose floor and span the evidence model was fitted on."""
    questions, passages = (tuple(map(fold, texts)) for texts in scale.sample())
    asked, answers = embedder.queries([f"{text.rstrip('?')}?" for text in questions]), embedder.passages(passages)
    found = scale.measured(asked, answers, name=embedder.name)
    assert found.floor == pytest.approx(embedder.floor, abs=0.015)
    assert found.span == pytest.approx(embedder.span, abs=0.03)


@pytest.mark.parametrize("squeeze", [0.05, 0.5, 1.0])
def test_every_model_is_placed_alike(embedder, squeeze: float) -> None:
    """Whatever the range of its cosines: squeezed towards 1 or as it is, the anchors fall in the same places."""
    questions, passages = (tuple(map(fold, texts)) for texts in scale.sample())

    def bent(rows: np.ndarray) -> np.ndarray:
        rest = np.full((len(rows), 1), np.sqrt(1 - squeeze), dtype=np.float32)
        return np.hstack([np.sqrt(squeeze) * rows, rest])

    asked, answers = bent(embedder.queries(questions)), bent(embedder.passages(passages))
    if squeeze < 0.1:
        with pytest.raises(ScaleUnmeasurable):
            scale.measured(asked, answers, name="x")
        return
    assert _placed(asked, answers) == pytest.approx((scale.UNRELATED, scale.MATCHED))


def test_the_sample_holds_whole_pairs_of_two_languages() -> None:
    """As many Chinese pairs as English ones, in this order, none twice."""
    questions, passages = scale.sample()
    assert len(questions) == len(passages) == len(set(questions)) == len(set(passages))
    half = len(questions) // 2
    assert all(ord(text[0]) > 0x2E80 for text in questions[:half])
    assert all(text.isascii() for text in questions[half:])
