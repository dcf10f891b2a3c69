"""Business time: ours and the libraries that sla.md names, on the shared vectors; how many each gets right, how fast.

Speed is compared over what a library gets right: its median and ours over the same vectors.
"""

import json
from collections import Counter
from pathlib import Path
from statistics import median

from benchmarks.compare.scripts import Environment, Failed, Missing, ours

OTHERS = (
    ("django-bizcal", "sla_bizcal"),
    ("businesstimedelta", "sla_businesstimedelta"),
    ("business-duration", "sla_business_duration"),
    ("bizdurr", "sla_bizdurr"),
    ("workalendar", "sla_workalendar"),
)
KINDS = (("deadline", "expected"), ("elapsed", "expected_s"))


def measure(environment: Environment, *, vectors: Path) -> dict[str, object]:
    """A row for ours and for every library; raises Missing without vectors."""
    if not (vectors / "vectors_deadline.json").is_file():
        raise Missing(f"no vectors in {vectors}: give their folder with --vectors")
    wanted = {kind: expected(vectors, kind, field) for kind, field in KINDS}
    own = ours("our_sla", vectors)
    rows: list[dict[str, object]] = [row("Aftercare", own, own, wanted, is_ours=True)]
    for name, script in OTHERS:
        try:
            rows.append(row(name, environment.run(script, vectors), own, wanted, is_ours=False))
        except (Missing, Failed) as why:
            rows.append({"name": name, "ours": False, "missing": str(why)})
    return {"rows": rows}


def expected(vectors: Path, kind: str, field: str) -> dict[str, object]:
    """What is right; not where a window ends inside a change of the clocks, which may be read in two ways."""
    found = json.loads((vectors / f"vectors_{kind}.json").read_text("utf-8"))
    return {one["id"]: one[field] for one in found if "dst_endpoint" not in one["tags"]}


def row(name: str, found: dict, own: dict, wanted: dict[str, dict[str, object]], *, is_ours: bool) -> dict[str, object]:
    kinds = {kind: counted(found[kind], own[kind], right) for kind, right in wanted.items()}
    return {"name": name, "ours": is_ours, "versions": found["versions"], **kinds}


def counted(found: dict, own: dict, right: dict[str, object]) -> dict[str, object]:
    """How many are right, wrong, not to be said or errors; µs of those that are right, and ours over the same."""
    verdicts, both = Counter[str](), []
    for name, wanted in right.items():
        said = found.get(name, {"cannot": True})
        verdict = "cannot" if "cannot" in said else "error" if "error" in said else "wrong"
        if "got" in said and said["got"] == wanted:
            verdict = "right"
            both.append((said["us"], own[name]["us"]))
        verdicts[verdict] += 1
    return {
        "vectors": len(right), **{verdict: verdicts[verdict] for verdict in ("right", "wrong", "error", "cannot")},
        "us": median(mine for mine, _ in both) if both else None,
        "ours_us": median(theirs for _, theirs in both) if both else None,
    }  # fmt: skip
