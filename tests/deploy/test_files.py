"""What is in deploy/ besides the proxies, read by the programs and schemas that it is for, as far as this can be done offline."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from compose_spec import PyCompose
from pydantic import AliasChoices

from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = ("aftercare.service", "aftercare@.service")
EXPOSURE = 20  # of 100, as systemd counts it
ROLES = {"web", "bot", "worker"}
PROGRAM = Path(sys.executable).with_name("aftercare")


def settings() -> set[str]:
    aliases = [field.validation_alias for field in Settings.model_fields.values()]
    return {str(alias.choices[0]) for alias in aliases if isinstance(alias, AliasChoices)}


def on_this_machine(name: str) -> str:
    found = shutil.which(name)
    if found is None and os.environ.get("CI") != "true":
        pytest.skip(f"needs {name}")
    assert found is not None
    return found


def ran(*command: object) -> str:
    """What a command says; it must succeed."""
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


# --- systemd


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units, with the program where it lies here; as `web-1` for the one that is made many times."""
    for name in UNITS:
        text = (DEPLOY / "systemd" / name).read_text("utf-8")
        assert "/opt/aftercare/bin/aftercare run" in text
        shown = name.replace("@.", "@web-1.")
        (tmp_path / shown).write_text(text.replace("/opt/aftercare/bin/aftercare", str(PROGRAM)), "utf-8")
    return tmp_path


def test_systemd_understands_the_units(units: Path) -> None:
    """No warning at all."""
    analyze = on_this_machine("systemd-analyze")
    for unit in sorted(units.iterdir()):
        said = ran(analyze, "verify", "--man=no", unit)
        assert [line for line in said.splitlines() if "aftercare" in line] == []


def test_the_units_are_closed(units: Path) -> None:
    """systemd's own count of what a service could do if it were taken over."""
    analyze = on_this_machine("systemd-analyze")
    for unit in sorted(units.iterdir()):
        ran(analyze, "security", "--offline=yes", f"--threshold={EXPOSURE}", unit)


def test_a_careless_unit_is_noticed(tmp_path: Path) -> None:
    """Otherwise the two tests above would prove nothing."""
    analyze = on_this_machine("systemd-analyze")
    unit = tmp_path / "careless.service"
    unit.write_text(f"[Service]\nExecStart={PROGRAM} run\nProtectSytem=strict\n", "utf-8")
    command = [analyze, "security", "--offline=yes", f"--threshold={EXPOSURE}", str(unit)]
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0
    assert "ProtectSytem" in ran(analyze, "verify", "--man=no", unit)


# --- containers


def test_the_image_is_made_as_a_linter_wants_it() -> None:
    """hadolint, of which nothing is switched off but what the file says and why."""
    ran(Path(sys.executable).with_name("hadolint"), DEPLOY / "container" / "Containerfile")


def test_the_image_holds_what_the_program_needs_and_no_more() -> None:
    """Each package and folder of the wheel is copied, and let through; it does not run as root; nothing secret is in it."""
    text = (DEPLOY / "container" / "Containerfile").read_text("utf-8")
    copied = set(re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE))
    names = {name for each in copied for name in each.split()}
    let_through = set(re.findall(r"^!(\S+)$", (ROOT / ".containerignore").read_text("utf-8"), re.MULTILINE))
    assert names == let_through
    assert names >= {"store", "knowledge", "handoff", "success", "console", "bot", "prompts", "manual"}
    assert re.findall(r"^USER (\S+)$", text, re.MULTILINE) == ["10001:10001"]
    said = dict(re.findall(r"\b([A-Z_]{4,})=(\S+)", text))
    assert {name for name in said if name.startswith("AFTERCARE")} <= settings()
    assert not {name for name in said if re.search("TOKEN|SECRET|KEY|PASSWORD", name)}


def test_the_composition_is_understood() -> None:
    """By the schema of compose files; every setting exists; two of each role; nobody runs with rights that can grow."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text("utf-8"))
    composed = PyCompose.from_json(json.dumps(found))
    composed.validate()
    assert set(composed.service_names()) == ROLES | {"database", "chroma", "proxy"}
    for role in ROLES:
        service = found["services"][role]
        assert service["command"] == ["run", "--role", role]
        assert service["deploy"] == {"replicas": 2}
        assert set(service["environment"]) <= settings()
        assert service["cap_drop"] == ["ALL"]
        assert service["read_only"] is True
    named = re.findall(r"^([A-Z_]+)=", (DEPLOY / "container" / "example.env").read_text("utf-8"), re.MULTILINE)
    assert set(named) - settings() == {"AFTERCARE_DOMAIN", "POSTGRES_PASSWORD"}
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "container" / "compose.yaml").read_text("utf-8")))
    assert asked <= set(named)
    assert found["services"]["proxy"]["ports"] == ["80:80", "443:443"]
    assert [name for name, each in found["services"].items() if "ports" in each] == ["proxy"]


def test_a_wrong_composition_is_noticed() -> None:
    """Otherwise the test above would prove less."""
    found = yaml.safe_load((DEPLOY / "container" / "compose.yaml").read_text("utf-8"))
    found["services"]["web"]["stop_grace_perod"] = "30s"
    with pytest.raises(Exception, match="stop_grace_perod"):
        PyCompose.from_json(json.dumps(found)).validate()


# --- Kubernetes


def manifests() -> list[dict[str, Any]]:
    folder = DEPLOY / "kubernetes"
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    assert {path.name for path in folder.iterdir()} == {*listed, "kustomization.yaml", "secret.example.yaml"} - {
        "secret.yaml"
    }
    texts = [(folder / name.replace("secret.yaml", "secret.example.yaml")).read_text("utf-8") for name in listed]
    return [one for text in texts for one in yaml.safe_load_all(text)]


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in manifests() if one["kind"] == kind}


@pytest.mark.parametrize("version", ["1.31", "1.37"])
def test_kubernetes_schemas_take_the_manifests(version: str) -> None:
    """Strictly: a field that does not exist is refused."""
    for one in manifests():
        kubernetes_validate.validate(one, version, strict=True)
    wrong = of_kind("Deployment")["web"]
    wrong["spec"]["template"]["spec"]["contaners"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, version, strict=True)


def test_the_manifests_fit_each_other() -> None:
    """What is referred to is there: labels, ports, claims, the settings and what is scaled."""
    deployments, secret, said = of_kind("Deployment"), of_kind("Secret")["aftercare"], of_kind("ConfigMap")["aftercare"]
    assert set(deployments) == ROLES
    assert set(secret["stringData"]) | set(said["data"]) <= settings()
    for role, each in deployments.items():
        pod = each["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        assert container["args"] == ["run", "--role", role]
        assert each["spec"]["selector"]["matchLabels"].items() <= each["spec"]["template"]["metadata"]["labels"].items()
        assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
        assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
        grace = pod["terminationGracePeriodSeconds"]
        assert grace > 10 + 5, "the worker lets handlers end for ten seconds, after the pause before"
    assert {name for name, each in of_kind("PodDisruptionBudget").items() if each["spec"]["minAvailable"]} == ROLES
    scaled = of_kind("HorizontalPodAutoscaler")
    assert set(scaled) == {"bot", "worker"}
    assert all(each["spec"]["scaleTargetRef"]["name"] == name for name, each in scaled.items())
    assert all("replicas" not in deployments[name]["spec"] for name in scaled)
    assert of_kind("PersistentVolumeClaim")["data"]["spec"]["accessModes"] == ["ReadWriteMany"]
    (rule,) = of_kind("Ingress")["aftercare"]["spec"]["rules"]
    led = {path["backend"]["service"]["name"] for path in rule["http"]["paths"]}
    assert led == {"web", "nobody"} <= set(of_kind("Service"))


def test_kubectl_puts_them_together(tmp_path: Path) -> None:
    """`kubectl kustomize` needs no cluster; everything else of kubectl does."""
    if shutil.which("kubectl") is None:
        assert (
            yaml.safe_load((DEPLOY / "kubernetes" / "kustomization.yaml").read_text("utf-8"))["namespace"]
            == "aftercare"
        )
        return
    folder = tmp_path / "kubernetes"
    shutil.copytree(DEPLOY / "kubernetes", folder)
    (folder / "secret.example.yaml").rename(folder / "secret.yaml")
    made = list(yaml.safe_load_all(ran("kubectl", "kustomize", folder)))
    assert len(made) == len(manifests())
    assert {one["metadata"].get("namespace", "aftercare") for one in made} == {"aftercare"}
