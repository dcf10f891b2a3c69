"""`docs/faults.md` and `docs/faults.zh-CN.md`: what was done, what people saw, what was lost and doubled."""

import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.chaos.faults import FAULTS, Fault
from tests.postgres import programs

Row = Mapping[str, Any]

CHINESE = {
    "calm": "什么也没坏",
    "kill-web": "kill -9 提供网页的进程",
    "kill-bot": "kill -9 两个应答进程中的一个",
    "kill-worker": "kill -9 两个后台进程中的一个",
    "kill-all": "同时 kill -9 所有进程，如同机器断电",
    "pause": "一个应答进程停住不动（SIGSTOP），比它的租约还久",
    "replace": "逐个更换所有进程，如同升级",
    "database-restart": "数据库重启",
    "database-gone": "数据库崩溃，过一会儿恢复",
    "database-frozen": "数据库不再应答，连接都还开着",
    "chroma-gone": "Chroma 被杀死，过一会儿恢复",
    "chroma-frozen": "Chroma 不再应答，端口还开着",
    "model-gone": "模型的连接总是断开",
    "model-busy": "模型的服务器忙不过来（503）",
    "model-slow": "模型两分钟后才回答",
    "model-wrong": "模型的地址返回一个网页",
    "platform-429": "平台有一阵子拒绝一切（429）",
    "platform-500": "平台的网关出错（502）",
    "platform-slow": "平台做了，但迟迟不应答",
    "platform-cut": "平台做完之后，应答中途断开",
    "fetch-cut": "平台发出的消息在路上丢失",
    "disk-full": "所有进程都写不了文件",
    "memory": "两个进程再也分不到内存",
    "partition": "一个后台进程的网线吞掉一切，比它的租约还久",
    "names": "一个后台进程查不到平台的域名",
    "failover": "数据库所在的机器没了，备库升为主库",
}
_HEAD = {
    "en": """# What happens when things break

[中文](faults.zh-CN.md)

Each row is played on the real program: one process with the pages, two that answer, two (with the one of its own
network: three) workers, PostgreSQL with a standby that every commit waits for, a Chroma server, and a Telegram and a
Slack as strict as the real ones. Clients write {rate} messages a second in 60 groups, half of them on each, before,
during and after the fault; then both sides are compared, message by message. This page is written by

```sh
make chaos
```

*Lost*: a message that was not stored, had no turn, or whose answer was not shown. *Doubled*: shown twice without a
word. *Said to be again*: the program could not know whether an answer had arrived (it died, or was cut off, between
sending and hearing so); it sends it once more and its first line says so. *Desk*: what share of the looks, two a
second, found the desk ready. *Whole again*: seconds from the mending until nothing waited any more (clients wrote on
for ten of them).
""",
    "zh": """# 出故障时会怎样

[English](faults.md)

每一行都在真实的程序上演练：一个提供网页的进程、两个应答进程、两个后台进程（加上独立网络里的一个是三个）、
带同步备库的 PostgreSQL、Chroma 服务器，以及和真实平台一样严格的 Telegram 与 Slack。客户在 60 个群里（两个平台各一半）
每秒写 {rate} 条消息，故障之前、之中、之后都不停；然后逐条核对双方的记录。本页由这条命令写成：

```sh
make chaos
```

*丢失*：消息没有存下、没有处理，或者回答没有显示。*重复*：不声不响地显示了两次。*注明再次发送*：程序无从知道回答是否已经送到
（在发出和得到确认之间进程死了或线路断了），于是再发一次，并在第一行说明。*工作台*：每秒看两次，有多大比例是可用的。*恢复*：
从修好到不再有任何等待的秒数（其中十秒客户还在写）。
""",
}
_COLUMNS = {
    "en": (
        "what breaks", "for", "messages", "lost", "doubled", "said to be again", "answers after: median / slowest",
        "turns", "desk", "whole again", "what the logs say most",
    ),
    "zh": (
        "什么坏了", "持续", "消息", "丢失", "重复", "注明再次发送", "回答等待：中位 / 最慢", "处理结果", "工作台",
        "恢复", "日志里最多的事件",
    ),
}  # fmt: skip
_TITLE = {fault.name: fault for fault in FAULTS}


def write_report(rows: Sequence[Row], folder: Path, *, rate: float, skipped: Sequence[Fault]) -> None:
    """Write both pages."""
    for language, name in (("en", "faults.md"), ("zh", "faults.zh-CN.md")):
        columns = _COLUMNS[language]
        lines = [
            _HEAD[language].format(rate=f"{rate:g}"),
            f"| {' | '.join(columns)} |",
            "|" + "---|" * len(columns),
            *(_line(row, language) for row in rows),
            "",
            *(_left_out(fault, language) for fault in skipped),
            made(language),
        ]
        (folder / name).write_text("\n".join(lines) + "\n", "utf-8")


def _line(row: Row, language: str) -> str:
    fault = _TITLE[row["fault"]]
    looks = sum(row["desk"].values())
    ready = f"{100 * row['desk'].get('200', 0) / looks:.0f} %" if looks else "-"
    waits = row["waits_s"]
    cells = (
        fault.what if language == "en" else CHINESE[fault.name],
        f"{row['seconds']:.0f} s",
        row["sent"],
        f"**{row['lost']}**",
        f"**{row['doubled']}**",
        row["doubled_of_hidden_fate"],
        f"{waits['p50']:.1f} / {waits['max']:.1f} s" if waits else "-",
        ", ".join(f"{name} {count}" for name, count in sorted(row["outcomes"].items())),
        ready,
        f"{row['whole_again_s']:.0f} s",
        ", ".join(f"`{name}` {count}" for name, count in list(row["said_in_logs"].items())[:3]) or "-",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _left_out(fault: Fault, language: str) -> str:
    if language == "en":
        return f"Not played on this machine, which lacks root or iproute2: {fault.what}.\n"
    return f"这台机器没有 root 或 iproute2，因此没有演练：{CHINESE[fault.name]}。\n"


def made(language: str) -> str:
    """When, on what, and with what a report was made."""
    bin_folder = programs()
    assert bin_folder is not None
    database = subprocess.run([bin_folder / "postgres", "-V"], capture_output=True, text=True, check=True).stdout
    facts = (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {_processors()}, Python {platform.python_version()}, "
        f"{database.strip()}, Chroma {version('chromadb')}, Aftercare {version('aftercare')}"
    )
    return f"Made {facts}." if language == "en" else f"生成于 {facts}。"


def _processors() -> str:
    text = Path("/proc/cpuinfo").read_text("utf-8")
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.machine()
