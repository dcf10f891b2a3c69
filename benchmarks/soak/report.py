"""`docs/soak.md` and `docs/soak.zh-CN.md`: how long, under what, what was lost and doubled, what it weighed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.chaos.report import made
from benchmarks.soak.play import Plan

Figures = Mapping[str, Any]

_PAGE = {
    "en": """# An hour with faults

[中文](soak.zh-CN.md)

The real program runs for {minutes:g} minutes on PostgreSQL and Chroma as {processes}.
Clients write {rate:g} messages a second in {chats} groups on {platforms}, whatever becomes of them: questions, bursts,
corrections, small talk, emergencies. Every {every:g} seconds on the average something goes wrong: the platform refuses,
is slow, answers with an error page, breaks off after the deed, hands out something twice. {kills} times one of the
processes is killed with `kill -9` and started again. Then both sides' books are compared, message by message. This
page is written by

```sh
make soak
```

| | |
|---|---|
""",
    "zh": """# 一小时，故障不断

[English](soak.md)

真实的程序用 PostgreSQL 与 Chroma 连续运行 {minutes:g} 分钟，{processes}。客户在 {platforms} 的 {chats} 个群里
每秒写 {rate:g} 条消息，不管程序跟不跟得上：提问、连发、改口、闲聊、紧急情况。平均每 {every:g} 秒出一次故障：平台拒绝、
变慢、返回错误页、做完之后断开、同一条发两次。另有 {kills} 次用 `kill -9` 杀死一个进程再启动。最后逐条核对双方的记录。
本页由这条命令写成：

```sh
make soak
```

| | |
|---|---|
""",
}
_WORDS = {
    "sent": ("Messages", "消息"),
    "lost": ("**Lost**", "**丢失**"),
    "doubled": ("**Doubled without a word**", "**不声不响地重复**"),
    "hidden": ("Sent once more under a line that says so", "注明后再发一次"),
    "hidden_why": (
        "the platform hid whether the first one had arrived, or the process died in between",
        "平台没有说明前一条是否送到，或进程恰在其间死去",
    ),
    "faults": ("Faults", "故障"),
    "away": ("Seconds until a killed process was ready again", "被杀进程重新就绪的秒数"),
    "answers": ("Answers shown on {name}: p50 / p95 / p99", "{name} 上回答送达：p50 / p95 / p99"),
    "oldest": ("Oldest that ever waited", "最久的等待"),
    "drained": ("Nothing waited at the end", "结束时无人等候"),
    "memory": (
        "Memory of all, first and last third of the longest time without a kill",
        "全部进程的内存，两次杀死之间最长一段的前三分之一与后三分之一",
    ),
    "samples": ("Memory, minute by minute (MB)", "每分钟的内存（MB）"),
    "cores": ("Cores used on the average", "平均占用的核"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
    "one": ("one process", "一个进程"),
    "many": ("{n} processes, each killed in turn", "{n} 个进程，轮流被杀"),
}  # fmt: skip
_NAMES = {"telegram": "Telegram", "slack": "Slack"}


def write_report(figures: Figures, plan: Plan, folder: Path, *, chats: int, processes: int) -> None:
    """Write both pages."""
    for tongue, (language, name) in enumerate((("en", "soak.md"), ("zh", "soak.zh-CN.md"))):
        head = _PAGE[language].format(
            minutes=plan.seconds / 60,
            rate=plan.rate,
            every=plan.fault_every_s,
            chats=chats,
            kills=figures["kills"],
            platforms=(" and ", " 与 ")[tongue].join(_NAMES[each] for each in figures["platforms"]),
            processes=_word("one", tongue) if processes == 1 else _word("many", tongue).format(n=processes),
        )
        rows = "\n".join(f"| {label} | {value} |" for label, value in _rows(figures, tongue))
        (folder / name).write_text(f"{head}{rows}\n\n{made(language)}\n", "utf-8")


def _rows(figures: Figures, tongue: int) -> Sequence[tuple[str, object]]:
    again, weighed = figures["doubled_of_hidden_fate"], figures["memory_mb"]
    return [
        (_word("sent", tongue), f"{figures['sent']:,}"),
        (_word("lost", tongue), f"**{figures['lost']}**"),
        (_word("doubled", tongue), f"**{figures['doubled']}**"),
        (_word("hidden", tongue), f"{again}: {_word('hidden_why', tongue)}" if again else 0),
        (_word("faults", tongue), figures["faults"]),
        (_word("away", tongue), ", ".join(map(str, figures["away_s"]))),
        *(
            (_word("answers", tongue).format(name=_NAMES[name]), _spread(facts["all_s"]))
            for name, facts in figures["platforms"].items()
        ),
        (_word("oldest", tongue), f"{figures['queue_age_s']['most']} s"),
        (_word("drained", tongue), _word("yes" if figures["drained"] else "no", tongue)),
        (_word("memory", tongue), f"{weighed['first_third']} → {weighed['last_third']} MB"),
        (_word("samples", tongue), " ".join(map(str, weighed["samples"]))),
        (_word("cores", tongue), figures["cpu_share"]),
    ]


def _spread(waits: Mapping[str, float]) -> str:
    return " / ".join(f"{waits[each]:.1f}" for each in ("p50", "p95", "p99")) + " s" if waits else "–"


def _word(name: str, tongue: int) -> str:
    return _WORDS[name][tongue]
