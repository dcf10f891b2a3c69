"""Writes aftercare.json, the dashboard that Grafana imports: `python deploy/grafana/dashboard.py`. Change it here."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
MINE: Final = 'job="$job",role=~"$role",instance=~"$instance"'
RATE: Final = "$__rate_interval"
SOURCE: Final = {"type": "prometheus", "uid": "$source"}
WIDTH: Final = 24
ANSWERED: Final = 'outcome="answered"'
SPOKEN: Final = 'outcome!="silent"'
LATE: Final = 'state="late"'
DEAD: Final = 'state="dead"'
NEITHER: Final = 'outcome!~"answered|silent"'
FAILED: Final = 'result=~"failed|dead|lost"'


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel; `shows` are its expressions, each with its legend. `hint` says what to make of it."""

    title: str
    shows: dict[str, str]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 8
    stack: bool = False
    hint: str = ""
    red: float | None = None


def rate(name: str, more: str = "", *, by: str = "") -> str:
    """The rate of a counter over all processes that are chosen."""
    where = f"{MINE},{more}" if more else MINE
    return f"sum{f' by ({by})' if by else ''} (rate({name}{{{where}}}[{RATE}]))"


def quantile(share: float, name: str, more: str = "", *, by: str = "") -> str:
    """A percentile of a histogram."""
    return f"histogram_quantile({share}, {rate(f'{name}_bucket', more, by=f'le,{by}' if by else 'le')})"


def shared(name: str, more: str = "", *, by: str = "") -> str:
    """What lies in the database, and every process says alike."""
    where = f'job="$job",{more}' if more else 'job="$job"'
    return f"max{f' by ({by})' if by else ''} ({name}{{{where}}})"


def percentiles(name: str, more: str = "") -> dict[str, str]:
    """Half of them, nineteen of twenty, and all but one in a hundred."""
    return {quantile(share, name, more): f"p{share * 100:.0f}" for share in (0.5, 0.95, 0.99)}


ROWS: Final[dict[str, tuple[Panel, ...]]] = {
    "Now": (
        Panel(
            title="Answered by the manual",
            shows={f"{rate('aftercare_turns_total', ANSWERED)} / "
                   f"{rate('aftercare_turns_total', SPOKEN)}": ""},
            kind="stat", unit="percentunit", width=4, height=4,
            hint="Of the turns in which the bot spoke. Nothing is shown where nobody asked.",
        ),
        Panel(title="Answer shown, p95", shows={quantile(0.95, "aftercare_answer_seconds"): ""}, kind="stat", unit="s",
              width=4, height=4, red=20, hint="From a client's message being stored to its answer being shown."),
        Panel(title="Oldest message waiting", shows={shared("aftercare_jobs_oldest_seconds", 'queue="turn"'): ""},
              kind="stat", unit="s", width=4, height=4, red=30),
        Panel(title="Deadlines missed", shows={f"sum({shared('aftercare_clocks', LATE, by='clock')})": ""},
              kind="stat", width=3, height=4, red=1),
        Panel(title="Emergencies with nobody",
              shows={shared("aftercare_tickets", 'level="emergency",claimed="no"'): ""},
              kind="stat", width=3, height=4, red=1),
        Panel(title="Dead letters", shows={f"sum({shared('aftercare_jobs', DEAD, by='queue')})": ""},
              kind="stat", width=3, height=4, red=1, hint="Jobs that were given up: `aftercare jobs` shows them."),
        Panel(title="Processes", shows={'sum(up{job="$job"})': ""}, kind="stat", width=3, height=4),
    ),
    "Traffic": (
        Panel(title="Turns a minute, by outcome",
              shows={f"60 * {rate('aftercare_turns_total', by='outcome')}": "{{outcome}}"}, stack=True),
        Panel(title="Why not answered, a minute",
              shows={f"60 * topk(8, {rate('aftercare_turns_total', NEITHER, by='reason')})":
                     "{{reason}}"}),
        Panel(title="Answered by the manual", unit="percentunit",
              shows={f"{rate('aftercare_turns_total', ANSWERED)} / "
                     f"{rate('aftercare_turns_total', SPOKEN)}": "share"}),
        Panel(title="Requests a second", shows={rate("aftercare_http_seconds_count", by="area"): "{{area}}"},
              unit="reqps", stack=True),
        Panel(title="Requests, p95", unit="s", shows={quantile(0.95, "aftercare_http_seconds", by="area"): "{{area}}"}),
        Panel(title="Refused and failed requests a second", unit="reqps",
              shows={rate("aftercare_http_seconds_count", 'status=~"4xx|5xx"', by="area,status"):
                     "{{area}} {{status}}"}),
    ),
    "Latency": (
        Panel(title="From stored to shown", shows=percentiles("aftercare_answer_seconds"), unit="s", width=12,
              hint="A burst of messages waits for its last one first: see the stage `burst`."),
        Panel(title="Stages, p95", unit="s", width=12,
              shows={quantile(0.95, "aftercare_stage_seconds", by="stage"): "{{stage}}"},
              hint="burst, queue, retrieve, rerank, model, check, commit, deliver."),
    ),
    "Queues": (
        Panel(title="Jobs that wait", shows={shared("aftercare_jobs", 'state="waiting"', by="queue"): "{{queue}}"}),
        Panel(title="Age of the oldest that waits", unit="s",
              shows={shared("aftercare_jobs_oldest_seconds", by="queue"): "{{queue}}"}),
        Panel(title="Wait until a job begins, p95", unit="s",
              shows={quantile(0.95, "aftercare_job_wait_seconds", by="queue"): "{{queue}}"}),
        Panel(title="Jobs run a second", shows={rate("aftercare_job_seconds_count", by="queue"): "{{queue}}"}),
        Panel(title="Jobs that failed, a minute",
              shows={f"60 * {rate('aftercare_job_seconds_count', FAILED, by='queue,result')}":
                     "{{queue}} {{result}}"}),
        Panel(title="Dead letters", shows={shared("aftercare_jobs", DEAD, by="queue"): "{{queue}}"}),
    ),
    "Service levels": (
        Panel(title="Open tickets", stack=True,
              shows={f"sum by (level) ({shared('aftercare_tickets', by='level,claimed')})": "{{level}}"}),
        Panel(title="Clocks due within half an hour, and late",
              shows={shared("aftercare_clocks", 'state=~"soon|late"', by="clock,state"): "{{clock}} {{state}}"},
              hint="FR first response, NR next response, RS resolution, WS work started."),
        Panel(title="With nobody", shows={shared("aftercare_tickets", 'claimed="no"', by="level"): "{{level}}"}),
    ),
    "Deliveries": (
        Panel(title="Messages delivered a minute",
              shows={f"60 * {rate('aftercare_deliveries_total', by='channel,result')}": "{{channel}} {{result}}"}),
        Panel(title="Sending one message", unit="s",
              shows=percentiles("aftercare_stage_seconds", 'stage="deliver"')),
        Panel(title="Corrections that wait for a colleague",
              shows={shared("aftercare_corrections_waiting"): "waiting"}),
    ),
    "Model": (
        Panel(title="Calls a minute", shows={f"60 * {rate('aftercare_model_seconds_count', by='prompt')}":
                                             "{{prompt}}"}, width=6),
        Panel(title="Calls, p95", unit="s",
              shows={quantile(0.95, "aftercare_model_seconds", by="prompt"): "{{prompt}}"},
              width=6),
        Panel(title="Failures a minute", shows={f"60 * {rate('aftercare_model_errors_total', by='kind')}": "{{kind}}"},
              width=6),
        Panel(title="Tokens a minute", shows={f"60 * {rate('aftercare_model_tokens_total', by='kind')}": "{{kind}}"},
              width=6, hint="As the model's server counts them; none where it does not say."),
        Panel(title="Drafts, by what the check said",
              shows={f"60 * {rate('aftercare_checks_total', by='result')}": "{{result}}"}),
        Panel(title="Translations a minute", shows={f"60 * {rate('aftercare_translations_total', by='outcome')}":
                                                    "{{outcome}}"}),
        Panel(title="Re-rankings a minute", shows={f"60 * {rate('aftercare_reranks_total', by='result')}":
                                                   "{{result}}"}),
    ),
    "Processes": (
        Panel(title="Memory", unit="bytes", shows={f"process_resident_memory_bytes{{{MINE}}}": "{{instance}}"}),
        Panel(title="Cores used", shows={f"rate(process_cpu_seconds_total{{{MINE}}}[{RATE}])": "{{instance}}"}),
        Panel(title="Database connections in use",
              shows={f'aftercare_database_connections{{{MINE},state="in_use"}}': "{{instance}}"}),
        Panel(title="Event streams open", shows={f"sum by (area) (aftercare_http_streams{{{MINE}}})": "{{area}}"}),
        Panel(title="Files open", shows={f"process_open_fds{{{MINE}}}": "{{instance}}"}),
        Panel(title="Who they are", kind="table",
              shows={f"aftercare_build_info{{{MINE}}} * on(instance) group_left() aftercare_index_version": "",
                     f"aftercare_telegram_polls{{{MINE}}}": ""},
              hint="The version of each program, with the manual's version as its value; and who polls Telegram."),
    ),
}  # fmt: skip


def variables() -> list[dict[str, Any]]:
    """What can be chosen at the top."""
    chosen = {"text": "All", "value": "$__all"}
    asked = [("job", "label_values(aftercare_build_info, job)", False)]
    asked += [("role", 'label_values(aftercare_build_info{job="$job"}, role)', True)]
    asked += [("instance", 'label_values(aftercare_build_info{job="$job",role=~"$role"}, instance)', True)]
    return [{"name": "source", "label": "source", "type": "datasource", "query": "prometheus"}] + [
        {
            "name": name,
            "label": name,
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": query, "refId": name},
            "definition": query,
            "refresh": 2,
            "sort": 1,
            "multi": many,
            "includeAll": many,
            **({"allValue": ".*", "current": chosen} if many else {}),
        }
        for name, query, many in asked
    ]


def panel(shown: Panel, *, number: int, x: int, y: int) -> dict[str, Any]:
    """A panel as Grafana reads it."""
    steps = [{"color": "green", "value": None}, *([{"color": "red", "value": shown.red}] if shown.red else [])]
    drawn: dict[str, Any] = {"fillOpacity": 30, "stacking": {"mode": "normal"}} if shown.stack else {"fillOpacity": 5}
    options: dict[str, Any] = {
        "stat": {"reduceOptions": {"calcs": ["lastNotNull"]}, "colorMode": "value" if shown.red else "none"},
        "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "table": {"showHeader": True},
    }[shown.kind]
    return {
        "id": number,
        "type": shown.kind,
        "title": shown.title,
        "description": shown.hint,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": shown.width, "h": shown.height},
        "fieldConfig": {
            "defaults": {
                "unit": shown.unit,
                "min": 0,
                "thresholds": {"mode": "absolute", "steps": steps},
                "custom": drawn if shown.kind == "timeseries" else {},
            },
            "overrides": [],
        },
        "options": options,
        "targets": [
            {
                "refId": chr(ord("A") + n),
                "datasource": SOURCE,
                "expr": expression,
                "legendFormat": legend or "__auto",
                **({"format": "table", "instant": True} if shown.kind == "table" else {}),
            }
            for n, (expression, legend) in enumerate(shown.shows.items())
        ],
    }


def dashboard() -> dict[str, Any]:
    """The whole of it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, shown in ROWS.items():
        place = {"x": 0, "y": y, "w": WIDTH, "h": 1}
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": title, "gridPos": place, "collapsed": False, "panels": []}
        )
        x, y, tall = 0, y + 1, 0
        for each in shown:
            if x + each.width > WIDTH:
                x, y, tall = 0, y + tall, 0
            panels.append(panel(each, number=len(panels) + 1, x=x, y=y))
            x, tall = x + each.width, max(tall, each.height)
        y += tall
    return {
        "uid": "aftercare",
        "title": "Aftercare",
        "tags": ["aftercare"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": variables()},
        "annotations": {"list": []},
        "panels": panels,
    }


if __name__ == "__main__":
    (HERE / "aftercare.json").write_text(json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n", "utf-8")
