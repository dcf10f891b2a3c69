"""Fits the evidence model of ``knowledge/evidence.py`` on the development packs and prints its constants.

Run: ``python -m benchmarks.evidence PACKS CACHE``. Answerable and unanswerable questions of a pack weigh the
same. The crossing set is fitted on the parallel packs, questions of one language against rows of the other.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

from knowledge import e5, evaluate, measures
from knowledge.evidence import NAMES, balanced, fit

#: Weight of each pack: real help-centre questions tell most.
PACKS = {"abstain-help-zh": 2.0, "abstain-help-en": 2.0, "abstain-xquad-zh": 0.5, "abstain-xquad-en": 0.5}
CROSSED = (("abstain-xquad-zh", "abstain-xquad-en"), ("abstain-xquad-en", "abstain-xquad-zh"))
EACH = 300
HOLD = 20.0


def collect(pack, *, embedder, cache):
    vectors = evaluate.PackVectors(embedder, cache=cache, tell=lambda _: None)
    answers, _ = evaluate.answer(pack, embedder=embedder, vectors=vectors, tell=lambda _: None)
    held = [a for a in answers if a.signals]
    return np.array([a.signals.row() for a in held]), np.array([float(bool(a.query.relevant)) for a in held])


def learn(sets, *, centres, spreads):
    rows = np.concatenate([(rows - centres) / spreads for rows, _, _ in sets])
    labels = np.concatenate([labels for _, labels, _ in sets])
    weights = np.concatenate([balanced(labels) / len(labels) * EACH * weight for _, labels, weight in sets])
    return np.array(fit(rows, labels, weights=weights, prior=[0.0] * rows.shape[1], hold=HOLD))


def judged(beta, rows, labels, *, centres, spreads):
    logits = (rows - centres) / spreads @ beta
    return measures.auroc(logits[labels > 0].tolist(), logits[labels == 0].tolist())


def main() -> None:
    packs, cache = Path(sys.argv[1]), Path(sys.argv[2])
    embedder = e5.prepare(cache / "model")
    read = {name: evaluate.read(packs / name) for name in (*PACKS, "abstain-clinc-en")}
    found = {name: collect(pack, embedder=embedder, cache=cache) for name, pack in read.items()}
    crossed = [
        collect(replace(read[rows], queries=read[asked].queries), embedder=embedder, cache=cache)
        for asked, rows in CROSSED
    ]
    sets = [(*found[name], weight) for name, weight in PACKS.items()]
    every = np.concatenate([rows for rows, _, _ in sets])
    centres, spreads = every.mean(axis=0), every.std(axis=0) + 1e-6
    centres[0], spreads[0] = 0.0, 1.0
    scale = {"centres": centres, "spreads": spreads}
    same = learn(sets, **scale)
    cross = learn([(*item, 1.0) for item in crossed], **scale)
    left_out = {
        name: judged(learn([(*found[k], w) for k, w in PACKS.items() if k != name], **scale), *found[name], **scale)
        for name in found
    }
    as_text = {
        "names": NAMES,
        "CENTRES": np.round(centres[1:], 4).tolist(),
        "SPREADS": np.round(spreads[1:], 4).tolist(),
        "SAME": np.round(same, 4).tolist(),
        "CROSS": np.round(cross, 4).tolist(),
        "auroc": {name: judged(same, *item, **scale) for name, item in found.items()},
        "auroc_left_out": left_out,
        "auroc_relevance_alone": {
            name: measures.auroc(rows[labels > 0, 1].tolist(), rows[labels == 0, 1].tolist())
            for name, (rows, labels) in found.items()
        },
        "auroc_crossing": [judged(cross, *item, **scale) for item in crossed],
    }
    print(json.dumps(as_text, indent=1))


if __name__ == "__main__":
    main()
