"""Packs are measured through production code on an index that is thrown away."""

import json
from pathlib import Path

import pytest

from knowledge.errors import PackInvalid
from knowledge.evaluate import evaluate
from tests.unit.knowledge.pages import EMBEDDER, write

KEYS = {
    "pack", "rows", "queries", "ndcg@10", "recall@1", "recall@5", "mrr@10", "auroc", "f1", "accuracy", "macro_f1", "ms_p50",
    "ms_p95", "passages_per_s",
}  # fmt: skip


def pack(folder: Path, *, corpus: list[dict[str, object]], queries: list[dict[str, object]]) -> Path:
    write(folder, "corpus.jsonl", "".join(json.dumps(row) + "\n" for row in corpus))
    write(folder, "queries.jsonl", "".join(json.dumps(row) + "\n" for row in queries))
    return folder


async def test_a_retrieval_pack(tmp_path: Path) -> None:
    """Ranks rows, tells answerable from not, leaves out what does not apply."""
    made = pack(
        tmp_path / "pack",
        corpus=[
            {"id": "a", "title": "Menus", "text": "Change the menu under appearance."},
            {"id": "b", "title": "", "text": "## Mail\n\nThe mailbox is full.\n\n## More\n\nDelete old mail."},
        ],
        queries=[
            {"id": "1", "text": "change the menu", "relevant": ["a"]},
            {"id": "2", "text": "mailbox is full", "relevant": ["b"]},
            {"id": "3", "text": "sushi in hamburg", "relevant": []},
            {"id": "4", "text": "😀", "relevant": []},
        ],
    )
    found = (await evaluate(made, embedder=EMBEDDER, cache=tmp_path / "cache")).as_json()
    assert set(found) == KEYS
    assert (found["ndcg@10"], found["recall@1"], found["mrr@10"], found["auroc"], found["f1"]) == (1, 1, 1, 1, 1)
    assert found["accuracy"] is None
    again = (await evaluate(made, embedder=EMBEDDER, cache=tmp_path / "cache")).as_json()
    assert again["passages_per_s"] is None
    assert again["ndcg@10"] == 1


async def test_a_triage_pack(tmp_path: Path) -> None:
    """Labels by five folds, or by another pack's labels."""
    rows = [{"id": str(i), "text": text, "relevant": [], "label": text.split()[0]} for i, text in enumerate(
        ["menu change", "menu add", "menu drop", "menu new", "menu old", "mail full", "mail lost", "mail new", "mail spam", "mail box"]
    )]  # fmt: skip
    made = pack(tmp_path / "triage", corpus=[], queries=rows)
    alone = (await evaluate(made, embedder=EMBEDDER)).as_json()
    taught = (await evaluate(made, embedder=EMBEDDER, train=made)).as_json()
    assert (alone["accuracy"], taught["macro_f1"], taught["ndcg@10"]) == (1, 1, None)


@pytest.mark.parametrize(("row", "line"), [("{", 1), ('{"id": "a"}', 1), ("[]", 1)])
async def test_a_wrong_pack_names_the_line(tmp_path: Path, row: str, line: int) -> None:
    """A malformed row is said with its line, a missing file by name."""
    write(tmp_path, "corpus.jsonl", row + "\n")
    with pytest.raises(PackInvalid) as caught:
        await evaluate(tmp_path, embedder=EMBEDDER)
    assert caught.value.line == line
    with pytest.raises(PackInvalid):
        await evaluate(tmp_path / "nowhere", embedder=EMBEDDER)
