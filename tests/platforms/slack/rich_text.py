"""What a rich text block may hold, as the reference of Block Kit has it: containers, and runs of text in them."""

from collections.abc import Iterator, Mapping
from typing import Any

CONTAINERS = frozenset({"rich_text_section", "rich_text_preformatted", "rich_text_quote", "rich_text_list"})
RUNS = frozenset({"text", "link", "emoji", "user", "usergroup", "channel", "broadcast", "date", "color"})
STYLES = frozenset({"bold", "italic", "strike", "code", "underline", "highlight", "client_highlight", "unlink"})


def faults(block: Mapping[str, Any], at: str) -> Iterator[str]:
    """What is wrong with a block, in Slack's words."""
    elements = block.get("elements")
    if not isinstance(elements, list) or not elements:
        yield _fault("no less than 1 items allowed", f"{at}/elements")
        return
    for place, element in enumerate(elements):
        yield from _container(element, f"{at}/elements/{place}")


def _container(element: Mapping[str, Any], at: str) -> Iterator[str]:
    kind = element.get("type")
    if kind not in CONTAINERS:
        yield _fault(f"unsupported type: {kind}", f"{at}/type")
        return
    inside = element.get("elements") or []
    if not inside:
        yield _fault("no less than 1 items allowed", f"{at}/elements")
    for place, run in enumerate(inside):
        here = f"{at}/elements/{place}"
        yield from _container(run, here) if kind == "rich_text_list" else _run(run, here, kind=str(kind))


def _run(run: Mapping[str, Any], at: str, *, kind: str) -> Iterator[str]:
    allowed = {"text", "link"} if kind == "rich_text_preformatted" else RUNS
    if run.get("type") not in allowed:
        yield _fault(f"unsupported type: {run.get('type')}", f"{at}/type")
    if run.get("type") == "text" and not run.get("text"):
        yield _fault("must be more than 0 characters", f"{at}/text")
    if run.get("type") == "link" and not str(run.get("url", "")).startswith(("https://", "http://", "mailto:")):
        yield _fault("must be a valid url", f"{at}/url")
    style = run.get("style", {})
    if not set(style) <= STYLES or not all(isinstance(value, bool) for value in style.values()):
        yield _fault("invalid additional property", f"{at}/style")


def _fault(words: str, at: str) -> str:
    return f"[ERROR] {words} [json-pointer:{at}]"
