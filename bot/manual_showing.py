"""What a person at a terminal sees of the manual: previews, reports, versions. Nothing of it is markup."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.table import Table
from rich.text import Text

from bot.showing import err, out

_STYLES = {"same": "", "gone": "red strike", "new": "green"}
_TURNS = {"broken": ("Newly broken", "red"), "mended": ("Newly mended", "green"), "moved": ("Another page found", "")}
_CONTEXT = 60
_SHOWN = 40


def show_preview(preview: Mapping[str, Any]) -> None:
    """What publishing would change: pages word by word, golden questions before and after, problems."""
    if preview["unchanged"]:
        out.print("Nothing changed: what is live is what is in the folder.")
        show_problems(preview["problems"])
        return
    opened = [page for page in preview["pages"] if page["opened"]]
    if opened:
        names = ", ".join(page["page"] for page in opened)
        out.print(Text(f"Becomes visible to clients: {len(opened)} page(s): {names}", style="bold yellow"))
    for page in preview["pages"]:
        _show_page(page)
    show_golden(preview)
    show_problems(preview["problems"])
    show_cost("Indexing it would use", preview.get("would_cost"))
    if preview["decision"] is None:
        err.print("The golden questions were not asked, as the embedder is paid for; --spend asks them.")
    show_decision(preview["decision"], would=True)


def show_indexed(report: Mapping[str, Any]) -> None:
    """What indexing came to."""
    show_golden(report, to_err=True)
    show_problems(report["problems"], to_err=True)
    show_cost("It used", report.get("cost"))
    if report["unchanged"]:
        err.print("Nothing changed.")
    elif report["published"]:
        counts = f"{report['pages']} pages, {report['chunks']} passages, {report['embedded']} embedded anew"
        commit = f" (commit {report['revision'][:12]})" if report.get("revision") else ""
        err.print(
            Text(f"Version {report['version']} is live{commit}: {counts}, {report['seconds']:.1f} s.", style="green")
        )
    else:
        err.print(Text("Not published; what was live stays live.", style="bold red"))
        show_decision(report["decision"], would=False)


def show_cost(words: str, cost: Mapping[str, Any] | None) -> None:
    """What an embedder that is paid for used, or would use."""
    if cost:
        about = "about " if cost["estimated"] else ""
        money = "" if cost.get("amount") is None else f", {cost['amount']:.4f} at the price that is set"
        err.print(Text(f"{words} {about}{cost['tokens']:,} tokens of the embedder{money}."))


def show_decision(decision: Mapping[str, Any] | None, *, would: bool) -> None:
    """Why a version may go live or not."""
    to = out if would else err
    if decision is None:
        return
    if decision["worse"]:
        to.print(Text("It answers fewer golden questions rightly than what is live.", style="red"))
    for ask in decision["musts"]:
        to.print(Text(f"A question that must not break breaks: {ask}", style="red"))
    if would:
        fine = not decision["worse"] and not decision["musts"]
        to.print("It may be published." if fine else "It would not be published (--force --reason TEXT overrides).")


def show_golden(report: Mapping[str, Any], *, to_err: bool = False) -> None:
    """Scores and questions, before and after."""
    to = err if to_err else out
    before, after = report["before"], report["after"]
    if after is None:
        return
    for name, words in (("first", "right page first"), ("refused", "rightly not answered")):
        was = f"{before[name]:.1%} → " if before else ""
        to.print(f"Golden questions, {words}: {was}{after[name]:.1%}")
    for turn, (words, style) in _TURNS.items():
        these = [each for each in report["questions"] if each["turn"] == turn]
        if not these:
            continue
        to.print(Text(f"{words}: {len(these)}", style=f"bold {style}".strip()))
        for each in these[:_SHOWN]:
            to.print(Text(f"  {each['after']['ask']}  [{_result(each['before'])} → {_result(each['after'])}]"))
        if len(these) > _SHOWN:
            to.print(f"  … and {len(these) - _SHOWN} more (--json gives all)")


def _result(result: Mapping[str, Any]) -> str:
    return str(result["found"]) if result["answered"] else "not answered"


def show_problems(problems: Iterable[Mapping[str, Any]], *, to_err: bool = False) -> None:
    """What is wrong with files, with their lines; last, what is only to be looked at."""
    to = err if to_err else out
    for each in sorted(problems, key=lambda one: bool(one.get("warning"))):
        place = each["file"] + (f":{each['line']}" if each["line"] else "")
        said = ("warning: ", "dim") if each.get("warning") else ("error: ", "red")
        to.print(Text.assemble((place, "yellow"), "  ", said, each["message"]), soft_wrap=True)


def _show_page(page: Mapping[str, Any]) -> None:
    marks = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}
    mark, style = marks[page["fate"]]
    counts = f"  (passages +{page['fresh']} −{page['stale']})" if page["fate"] == "changed" else ""
    out.print(Text.assemble((f"{mark} {page['page']}", f"bold {style}"), f"  {page['title']}{counts}"))
    for key in page["front"]:
        out.print(Text.assemble(f"    {key['key']}: ", (key["before"], "red strike"), " ", (key["after"], "green")))
    for section in page["sections"]:
        if section["heading"]:
            out.print(Text(f"    § {section['heading']}", style="dim"))
        out.print(Text("    ") + _spans(section["spans"]), soft_wrap=True)
    if page["cut"]:
        out.print("    too much changed to be shown")


def _spans(spans: list[Mapping[str, Any]]) -> Text:
    line = Text()
    for number, span in enumerate(spans):
        text = span["text"]
        if span["side"] == "same" and len(text) > 2 * _CONTEXT:
            head = text[:_CONTEXT] if number else ""
            tail = text[-_CONTEXT:] if number < len(spans) - 1 else ""
            text = f"{head} … {tail}"
        line.append(text.replace("\n", "\n    "), style=_STYLES[span["side"]])
    return line


def show_manual(found: Mapping[str, Any]) -> None:
    """Versions, withdrawn pages, log."""
    versions = Table("version", "", "at", "by", "pages", "passages", "golden", "reason", box=None)
    for each in found["versions"]:
        score = f"{each['score']:.1%}" if each["score"] is not None else "-"
        live = "live" if each["live"] else "" if each["state"] == "complete" else each["state"]
        facts = (
            each["version"],
            live,
            each["at"][:16],
            each["by"],
            each["pages"],
            each["chunks"],
            score,
            each["reason"],
        )
        versions.add_row(*(Text(str(fact)) for fact in facts))
    out.print(versions if found["versions"] else "Nothing is indexed yet.")
    for each in found["withdrawn"]:
        out.print(Text(f"withdrawn: {each['page']} (by {each['by']}, {each['at'][:16]})", style="yellow"))
    log = Table("at", "who", "what", "why", box=None, title="log", title_justify="left")
    for each in found["log"]:
        what = f"{each['verb']} {each['page'] or ''}{each['version'] or ''}"
        log.add_row(*(Text(fact) for fact in (each["at"][:16], each["by"], what, each["reason"])))
    if found["log"]:
        out.print(log)
