"""Draws the picture of the house, in both languages: `python docs/images/draw.py`. It can be read on light and on dark."""

from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
WIDTH, HEIGHT = 1000, 650
STYLE: Final = """
  text { font: 15px -apple-system, "Segoe UI", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; fill: #1c2733 }
  .small { font-size: 12.5px; fill: #4a5a6a } .title { font-weight: 600 }
  .paper { fill: #ffffff } .outside { fill: #eef2f6; stroke: #9fb0c0 } .floor { fill: #dcecff; stroke: #4f86c6 }
  .process { fill: none; stroke: #9fb0c0; stroke-dasharray: 6 5 }
  .ground { fill: #e2f3e5; stroke: #4d9960 } .kept { fill: #fff2d6; stroke: #c08a2b }
  line, path.way { stroke: #5b6b7b; stroke-width: 1.6; fill: none; marker-end: url(#tip) } #tip path { fill: #5b6b7b }
  @media (prefers-color-scheme: dark) {
    text { fill: #e8eef4 } .small { fill: #b4c2cf } .paper { fill: #14191f } .outside { fill: #222b34; stroke: #5b6b7b }
    .floor { fill: #17324f; stroke: #5f9be0 } .ground { fill: #17361f; stroke: #5cb374 } .kept { fill: #3d2f10; stroke: #d9a441 }
    line, path.way { stroke: #9fb0c0 } #tip path { fill: #9fb0c0 }
  }
"""


@dataclass(frozen=True)
class Box:
    """A room: where it stands, what it is, and two lines of what is in it in each language."""

    x: int
    y: int
    w: int
    h: int
    kind: str
    en: tuple[str, ...]
    zh: tuple[str, ...]


BOXES: Final = (
    Box(30, 40, 180, 84, "outside", ("Clients", "Telegram, Slack,", "chat on a web page"),
        ("客户", "Telegram、Slack、", "网页聊天")),
    Box(30, 146, 180, 84, "outside", ("Your people", "desk in the browser,", "cards in staff chats"),
        ("团队", "浏览器里的工作台、", "内部群里的卡片")),
    Box(30, 454, 180, 76, "outside", ("Prometheus", "/metrics, Grafana, logs"), ("Prometheus", "/metrics、Grafana、日志")),
    Box(270, 20, 480, 524, "process", (), ()),
    Box(290, 40, 440, 86, "floor",
        ("bot", "channels · may it speak? · retrieve → model → check · cards", "settings, composition, command line"),
        ("bot", "渠道 · 能否发言 · 检索 → 模型 → 检查 · 卡片 · 发送", "设置、组装、命令行")),
    Box(290, 146, 440, 76, "floor", ("console", "desk, manual, numbers, the client's page, REST API, widget"),
        ("console", "工作台、手册、数字、客户页面、REST API、挂件")),
    Box(290, 242, 440, 76, "floor", ("success", "site checks, reminders, incidents, rules, reports, opinions"),
        ("success", "网站检查、提醒、故障、规则、报告、满意度")),
    Box(290, 338, 212, 96, "floor", ("handoff", "tickets, events, clocks,", "clients, routing"),
        ("handoff", "工单、事件、时钟、", "客户、分派")),
    Box(518, 338, 212, 96, "floor", ("knowledge", "manual → passages,", "index versions, gaps"),
        ("knowledge", "手册 → 段落、", "索引版本、缺口")),
    Box(290, 454, 440, 76, "ground", ("store", "transactions, durable jobs, timers, signals, migrations"),
        ("store", "事务、持久任务、定时、信号、迁移")),
    Box(290, 574, 140, 60, "kept", ("PostgreSQL", "or one SQLite file"), ("PostgreSQL", "或一个 SQLite 文件")),
    Box(445, 574, 130, 60, "kept", ("Chroma", "server or folder"), ("Chroma", "服务器或文件夹")),
    Box(590, 574, 140, 60, "kept", ("data folder", "files, secret"), ("数据文件夹", "文件、密钥")),
    Box(800, 40, 170, 84, "outside", ("A model", "OpenAI-compatible;", "optional"), ("模型", "OpenAI 兼容；", "可选")),
    Box(800, 146, 170, 76, "outside", ("Other programs", "API, webhooks, alerts"), ("其他程序", "API、webhook、告警")),
    Box(800, 242, 170, 84, "outside", ("Clients' sites", "checked, never", "private addresses"), ("客户的网站", "检查，不访问", "内网地址")),
    Box(800, 345, 170, 84, "outside", ("Your manual", "a folder of pages,", "or a git checkout"), ("你的手册", "一个文件夹，", "或 git 仓库")),
)  # fmt: skip
WAYS: Final = (
    (210, 75, 286, 75), (286, 95, 214, 95), (210, 185, 286, 185), (210, 492, 266, 492),
    (730, 82, 796, 82), (730, 184, 796, 184), (730, 283, 796, 283), (796, 387, 736, 387),
    (360, 544, 360, 570), (510, 544, 510, 570), (660, 544, 660, 570),
)  # fmt: skip
CAPTIONS: Final = {
    "en": "Imports go down only. One process does everything (aftercare run), or any number of web, bot and worker share one database.",
    "zh": "依赖只向下。一个进程做全部（aftercare run），或任意多个 web、bot、worker 共用一个数据库。",
}


def picture(language: str) -> str:
    """The SVG in a language."""
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 30}" role="img">',
        f"<title>{escape(CAPTIONS[language])}</title>",
        f"<style>{STYLE}</style>",
        (
            '<defs><marker id="tip" markerWidth="9" markerHeight="9" refX="7" refY="4" orient="auto">'
            '<path d="M0,0 L8,4 L0,8 z"/></marker></defs>'
        ),
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT + 30}" rx="12"/>',
        *(f'<line x1="{a}" y1="{b}" x2="{c}" y2="{d}"/>' for a, b, c, d in WAYS),
    ]
    for box in BOXES:
        drawn.append(f'<rect class="{box.kind}" x="{box.x}" y="{box.y}" width="{box.w}" height="{box.h}" rx="9"/>')
        drawn += [
            f'<text class="{"small" if n else "title"}" x="{box.x + 14}" y="{box.y + 26 + 20 * n}">{escape(line)}</text>'
            for n, line in enumerate(box.en if language == "en" else box.zh)
        ]
    drawn.append(f'<text class="small" x="30" y="{HEIGHT + 14}">{escape(CAPTIONS[language])}</text>')
    return "\n".join([*drawn, "</svg>", ""])


def name(language: str) -> str:
    """The file of a language."""
    return "architecture.svg" if language == "en" else "architecture.zh-CN.svg"


if __name__ == "__main__":
    for each in CAPTIONS:
        (HERE / name(each)).write_text(picture(each), "utf-8")
