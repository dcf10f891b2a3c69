"""The dashboard and the alerts, held against the real program by the real Prometheus."""

import asyncio
import json
import re
import runpy
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.prometheus import TOOL, needed, prometheus
from tests.watched import program

pytestmark = pytest.mark.prometheus
ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yml"
TESTS = Path(__file__).with_name("rules_test.yml")
NAME = re.compile(r"\b(?:aftercare|process)_[a-z_]+\b(?!=)")
_SUFFIX = re.compile(r"_(?:total|bucket|count|sum|info)$")
ALWAYS = ("Answered by the manual", "From stored to shown", "Stages, p95", "Open tickets", "Memory", "Tokens a minute")
"""Panels that show something as soon as there was one turn."""


def alerts() -> list[dict[str, Any]]:
    return [rule for group in yaml.safe_load(RULES.read_text("utf-8"))["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    shown = json.loads((DEPLOY / "grafana" / "aftercare.json").read_text("utf-8"))["panels"]
    return [each for each in shown if each["type"] != "row"]


def asked(expression: str) -> str:
    """An expression as Grafana sends it, with everything chosen."""
    chosen = {"$__rate_interval": "1m", "$job": "aftercare", "$role": ".*", "$instance": ".*"}
    for name, value in chosen.items():
        expression = expression.replace(name, value)
    assert "$" not in expression
    return expression


def test_the_dashboard_is_what_its_script_writes() -> None:
    """Nobody changed one of the two alone; panels do not overlap and their numbers differ."""
    made = runpy.run_path(str(DEPLOY / "grafana" / "dashboard.py"))["dashboard"]()
    kept = json.loads((DEPLOY / "grafana" / "aftercare.json").read_text("utf-8"))
    assert kept == made
    cells = [
        (x, y)
        for each in kept["panels"]
        for x in range(each["gridPos"]["x"], each["gridPos"]["x"] + each["gridPos"]["w"])
        for y in range(each["gridPos"]["y"], each["gridPos"]["y"] + each["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert len({each["id"] for each in kept["panels"]}) == len(kept["panels"])


def test_each_alert_fires_and_rests_as_it_should() -> None:
    """Prometheus' own tool runs the tests; each alert is seen firing, and seen at rest."""
    needed()
    assert TOOL is not None
    command = [TOOL, "test", "rules", TESTS.name]
    ran = subprocess.run(command, cwd=TESTS.parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    written = [each for test in yaml.safe_load(TESTS.read_text("utf-8"))["tests"] for each in test["alert_rule_test"]]
    firing = {each["alertname"] for each in written if each["exp_alerts"]}
    resting = {each["alertname"] for each in written if not each["exp_alerts"]}
    assert firing == resting == {each["alert"] for each in alerts()}


@pytest.mark.parametrize("guide", ["watch.md", "watch.zh-CN.md"])
def test_each_alert_has_its_section_in_the_guide(guide: str) -> None:
    """A page at night names what to do; and the guide explains no alert that there is not."""
    headings = re.findall(r"^### (Aftercare\w+)$", (ROOT / "docs" / guide).read_text("utf-8"), re.MULTILINE)
    assert headings == [each["alert"] for each in alerts()]
    for each in alerts():
        assert each["labels"]["severity"] in {"page", "ticket"}
        assert each["annotations"]["runbook"] == f"docs/watch.md#{each['alert'].lower()}"


@pytest.mark.parametrize("guide", ["watch.md", "watch.zh-CN.md"])
def test_the_guide_names_every_meter(guide: str) -> None:
    """The table of metrics is the program's."""
    from bot.meters import Meters

    exposed = set(re.findall(r"^# TYPE (aftercare_\w+) ", Meters().exposition().decode(), re.MULTILINE))
    told = re.findall(r"^\| `(aftercare_\w+)`", (ROOT / "docs" / guide).read_text("utf-8"), re.MULTILINE)
    exposed = {name for name in exposed if not name.endswith("_created")}
    assert set(told) == exposed


@pytest.mark.timeout(900)
async def test_everything_is_answered_by_the_program(indexed: Path, tmp_path: Path) -> None:
    """After real turns: each metric that is named exists, each panel's expression and each rule is evaluated."""
    needed()
    async with program(indexed, tmp_path) as watched:
        address = watched.server.url.removeprefix("http://")
        async with prometheus(tmp_path, targets={"all": address}, rules=RULES) as seen:
            await seen.until("aftercare_database_up == 1")
            await watched.ask("How do I change the site title?")
            await watched.ask("后台密码忘了怎么办？")
            await seen.until('sum(aftercare_turns_total{outcome="answered"}) > 0')
            await watched.ask("后台密码忘了怎么办？")  # what was seen once grows
            await seen.until('sum(increase(aftercare_turns_total{outcome="answered"}[1m])) > 0')
            exposed = re.findall(r"^# TYPE (\w+) ", await watched.metrics(), re.MULTILINE)
            expressions = [target["expr"] for panel in panels() for target in panel["targets"]]
            named = {
                name for each in (*expressions, *(rule["expr"] for rule in alerts())) for name in NAME.findall(each)
            }
            assert {name for name in named if name not in exposed and _SUFFIX.sub("", name) not in exposed} == set()
            for panel in panels():
                found = [await seen.get("query", query=asked(target["expr"])) for target in panel["targets"]]
                if panel["title"] in ALWAYS:
                    assert any(each["result"] for each in found), panel["title"]
            for name in ("job", "role", "instance"):
                assert await seen.get(f"label/{name}/values", **{"match[]": "aftercare_build_info"})
            await evaluated(seen)


async def evaluated(seen: Any) -> None:
    """Every rule has been looked at without an error, and nothing pages about a program that is well."""
    for _ in range(300):
        rules = [rule for group in (await seen.get("rules"))["groups"] for rule in group["rules"]]
        if all(rule["health"] != "unknown" for rule in rules):
            break
        await asyncio.sleep(0.1)
    assert {rule["name"] for rule in rules} == {each["alert"] for each in alerts()}
    assert [(rule["name"], rule.get("lastError")) for rule in rules if rule["health"] != "ok"] == []
    assert [rule["name"] for rule in rules if rule["state"] == "firing"] == []
