"""What an answer to a golden question is worth, on the bench. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from knowledge.language import is_chinese


def tokens(text: str) -> int:
    """About how many tokens a text has: a Chinese character is one, four letters of anything else are one."""
    wide = sum(is_chinese(letter) for letter in text) if is_chinese(text) else 0
    return wide + -(-(len(text) - wide) // 4)


def thin(pages: Sequence[str]) -> dict[str, Any]:
    """The manual gave nothing: the model is not asked, and a person answers."""
    nothing: dict[str, Any] = {"cited": [], "text": "", "ms": 0, "tokens": 0, "problems": [], "detail": ""}
    return {"outcome": "thin", "right": not pages, "page": None, "checks": "none", **nothing}


def judged(pages: Sequence[str], *, outcome: str, cited: Sequence[str], trace: Mapping[str, Any]) -> dict[str, Any]:
    """Whether it was right to answer or not to, whether the right page is cited, and how the checks went.

    `outcome` is `model` or `extract` for an answer, else why there is none. `page` is None where none was to be cited.
    """
    answered = outcome in ("model", "extract")
    page = bool(set(pages) & set(cited)) if pages and answered else None
    if trace.get("model_error"):
        checks = "failed" if trace["model_error"] == "malformed" else str(trace["model_error"])
    else:
        checks = "repaired" if trace.get("repairs") else "passed"
    right = answered and bool(page) if pages else not answered
    found = {"outcome": outcome, "right": right, "page": page, "checks": checks, "cited": list(dict.fromkeys(cited))}
    return found | {"problems": list(trace.get("problems", ()))[:6], "detail": str(trace.get("detail", ""))[:200]}
