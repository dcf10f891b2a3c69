"""What stands on our own reports, from their facts: tiles, plots, savings, risks, and the summary. Pure."""

from collections import Counter
from typing import Any

from console import formats, report_plots
from console.report_plots import Bar
from console.report_views import Figure, Shown, against, kept_tile, requests_tile
from console.report_words import Words
from success.reports.model import Facts, Kind

_ENDS = ("confirmed", "assumed", "handed_off", "unanswered")
_MOST = 10


def views(facts: Facts, say: Words) -> dict[str, Any]:
    """What the templates of our own reports want beside what all reports have."""
    shown: dict[str, Any] = {"tiles": tiles(facts, say)}
    if say.kind is Kind.WEEK:
        return shown | {"risks": lambda each: risks(each, say)}
    return shown | {
        "categories": categories(facts, say), "bot_split": bot_split(facts, say), "saved": saved(facts, say),
        "others": others(facts, say),
    }  # fmt: skip


def tiles(facts: Facts, say: Words) -> tuple[Shown, ...]:
    """The four numbers that come first."""
    if say.kind is Kind.WEEK:
        open_ = Shown(label=say("report.tile.open"), value=say.number(facts["open_n"]), under="", rows="open_now")
        late = Shown(label=say("report.tile.late"), value=say.number(facts["late_n"]), under="")
        return requests_tile(facts, say), open_, late, kept_tile(facts, say)
    return requests_tile(facts, say), kept_tile(facts, say), _bot(facts, say), _csat(facts, say)


def _bot(facts: Facts, say: Words) -> Shown:
    bot, label = facts["bot"], say("report.tile.bot")
    if not bot["questions"]:
        return Shown(label=label, value=formats.NOTHING, under=say("report.tile.no_bot"))
    under = against(say, say.points(bot["share"], bot["share_before"]))
    return Shown(label=label, value=say.share(bot["share"]), under=under)


def _csat(facts: Facts, say: Words) -> Shown:
    rated, label = facts["satisfaction"], say("report.tile.csat")
    if not rated["answered"]:
        return Shown(label=label, value=formats.NOTHING, under=say("report.tile.no_ratings"))
    under = say("report.tile.of_ratings", n=rated["answered"])
    return Shown(label=label, value=say.share(rated["csat"]), under=under, rows="rated")


def categories(facts: Facts, say: Words) -> Figure | None:
    """Requests by subject."""
    found = facts["categories"]
    if not found:
        return None
    names = [name or say("number.no.category") for name, _, _ in found]
    bars = [
        Bar(label=name, value=n, shown=f"{say.number(n)}  {_drift(n, before)}")
        for name, (_, n, before) in zip(names, found, strict=True)
    ]
    title = say("report.review.categories")
    head = (say("report.review.subject"), say("report.review.number"), say("report.service.before"))
    lines = [(name, say.number(n), say.number(b)) for name, (_, n, b) in zip(names, found, strict=True)]
    return title, report_plots.bars(bars[:_MOST], title=title, room=160), head, lines, ()


def _drift(now: int, before: int) -> str:
    change = now - before
    return f"(+{change})" if change > 0 else f"(−{-change})" if change < 0 else "(±0)"


def bot_split(facts: Facts, say: Words) -> Figure | None:
    """What came of everyday questions."""
    found = [(end, facts["bot"][end]) for end in _ENDS if facts["bot"][end]]
    if not found:
        return None
    total, title = sum(n for _, n in found), say("report.review.bot_ends")
    rows = [Bar(label=say(f"report.review.end.{end}"), value=n, shown=say.share(n / total)) for end, n in found]
    plot = report_plots.donut(
        rows, title=title, middle=say.number(total), under=say("report.review.questions"), wide=420
    )
    head = (title, say("report.review.number"), say("report.traffic.share"))
    return title, plot, head, [(row.label, say.number(row.value), row.shown) for row in rows], ()


def saved(facts: Facts, say: Words) -> dict[str, str]:
    """What the assistant's answers saved, and by which formula."""
    rule = facts["saved"]

    def worth(questions: int) -> str:
        hours = questions * rule["minutes"] / 60
        money = say.number(round(hours * rule["hourly"]))
        return say("report.review.saved.worth", hours=say.number(hours, 1), money=money, currency=rule["currency"])

    total = say(
        "report.review.saved.sum", sure=worth(rule["confirmed"]), all=worth(rule["confirmed"] + rule["assumed"])
    )
    values = {name: rule[name] for name in ("minutes", "hourly", "currency")}
    return {"sum": total, "formula": say("report.review.saved.formula", **values)}


def others(facts: Facts, say: Words) -> list[str]:
    """Ratings, recommendation and return visits as sentences, those that there are."""
    found, rated = [], facts["satisfaction"]
    if rated["answered"]:
        values = {"answered": rated["answered"], "asked": rated["asked"], "share": say.share(rated["csat"])}
        found.append(say("report.review.csat", **values))
    if facts["nps"] and facts["nps"]["score"] is not None:
        nps = facts["nps"]
        found.append(say("report.review.nps", score=nps["score"], n=nps["answered"], asked=nps["asked"]))
    if facts["return_visits"]:
        found.append(say("report.review.visits", **facts["return_visits"]))
    return found


def risks(one: Facts, say: Words) -> list[str]:
    """What may go wrong with one client."""
    found = [say(f"report.risk.{name}", n=n) for name, n in one["why"].items() if name in {"emergency", "late"}]
    found += [say("report.risk.unhappy")] if "unhappy" in one["why"] else []
    return found + [
        say(
            "report.risk.over" if each["days"] < 0 else "report.risk.date", what=say.what(each["what"]),
            site=each["site"], on=say.day(each["on"]),
        )
        for each in one["dates"]
    ]  # fmt: skip


def summary(facts: Facts, say: Words) -> list[str]:
    """The month, or the week, in a few sentences."""
    service = facts["service"]
    values = {"n": service["opened"], "kept": say.share(service["kept"])}
    if not service["judged"]:
        found = [say("report.summary.ours_plain", n=service["opened"])]
    elif service["opened_before"]:
        change = say.change(service["opened"], service["opened_before"])
        found = [say("report.summary.ours", **values, change=change, than=say.than())]
    else:
        found = [say("report.summary.ours_first", **values)]
    if say.kind is Kind.WEEK:
        return [*found, *_week(facts, say)]
    named = [(name, n) for name, n, _ in facts["categories"] if name]
    if named:
        found.append(say("report.summary.subject", name=named[0][0], n=named[0][1]))
    if facts["misses"]:
        commonest = Counter(each["why"] for each in facts["misses"]).most_common(1)[0][0]
        found.append(
            say("report.summary.missed", n=service["missed"], why=_inside(say(f"report.why.{commonest}"), say))
        )
    if facts["bot"]["questions"]:
        found.append(say("report.summary.bot", share=say.share(facts["bot"]["share"])))
    return found


def _week(facts: Facts, say: Words) -> list[str]:
    found = [say("report.summary.week", n=facts["open_n"], late=facts["late_n"], waiting=facts["waiting_n"])]
    if facts["risks"]:
        names = say.listed([each["client"] for each in facts["risks"][:5]])
        found.append(say("report.summary.risks", n=len(facts["risks"]), names=names))
    return found


def _inside(sentence: str, say: Words) -> str:
    return sentence[:1].lower() + sentence[1:] if say.language == "en" else sentence
