"""How each command of the guides is run by the tests: one table, read from the top. A command that fits no row fails.

`Really` runs it in a folder of its own, against a running program on a small data folder; `status` are the exit codes that are
right there, `says` what it prints where it cannot succeed (there is no gap 1 in a fresh desk). `Starts` runs what would not
end by itself until it has said that it is there, and stops it. `Cannot` says why a command is not run here, and what is
looked at instead: that a shell can read it, and `asks`, a command that shows the program or option exists.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Really:
    """It is run to its end; what is typed `before` brings the desk to where the guide is."""

    status: tuple[int, ...] = (0,)
    says: str = ""
    stdin: str = ""
    before: str = ""


@dataclass(frozen=True)
class Starts:
    """It is run until it says this, then interrupted."""

    says: str
    role: bool = False


@dataclass(frozen=True)
class Cannot:
    """It is not run here."""

    why: str
    asks: str = ""


How = Really | Starts | Cannot
_DAEMON = "needs a container engine's daemon and images from outside"
_CLUSTER = "needs a cluster"
_SERVICE = "changes the machine: accounts, services, files outside the test's folder"
_SYSTEMD = "no systemd runs on the machine of the tests"
_PAGE = "zh/wordpress/site-title"
_BACKUP = "aftercare backup /mnt/safe/monday.tar.gz"
_INSTALL = "installs for minutes; requirements.lock is what the tests themselves were installed from"

TABLE: Sequence[tuple[str, How]] = (
    # What is done beside the program
    (r"\. \.venv/bin/activate$", Cannot("changes the reader's shell; the tests have their own environment")),
    (r"(\w+=\S* +)*make run$", Cannot(_INSTALL, asks="make -n run")),
    (r"make (test|lint|bench|lock|load|soak|chaos|fuzz|audit)$", Cannot("is what runs this test, or takes as long", asks="{command} -n")),
    (r"python -m benchmarks\.compare --report \S+$", Cannot("takes an hour; needs the others of `make rivals`")),
    (r"git clone ", Cannot("asks an address outside")),
    (r"curl -fsS http://127\.0\.0\.1:8000/", Really()),
    (r"curl .*/api/v1/tickets/T-1001/replies", Really(says="T-1001|resolved")),
    (r"curl .*/api/v1/", Really(says='"data"|"tickets"|"items"|\\[')),
    (r"promtool check ", Really(says="SUCCESS")),
    (r"grep '\"message\": ", Really(status=(0,))),
    (r"cp deploy/", Really()),
    (r"chroma run ", Starts("Connect to Chroma|running|Saving data")),
    (r".*caddy run --config deploy/proxy/Caddyfile", Cannot("opens ports 80 and 443, asks for a certificate; tests/deploy/test_proxy.py runs it", asks="caddy version")),
    (r"(sudo|useradd|install|apt-get|apt|crontab|chown|chmod) ", Cannot(_SERVICE)),
    (r"python3 -m venv ", Cannot(_SERVICE)),
    (r"/opt/aftercare/bin/pip install ", Cannot(_INSTALL)),
    (r"pip install ", Cannot(_INSTALL)),
    (r"(systemctl|journalctl) ", Cannot(_SYSTEMD, asks="{program} --version")),
    (r"kubectl kustomize deploy/kubernetes$", Cannot("tests/deploy/test_files.py runs it where kubectl is")),
    (r"kubectl ", Cannot(_CLUSTER)),
    (r"(podman|docker|buildah) ", Cannot(_DAEMON)),
    (r"(psql|pg_dump|pg_restore|createdb|createuser|pg_basebackup) ", Cannot("needs the reader's PostgreSQL", asks="{program} --version")),
    (r"(rsync|scp|ssh) ", Cannot("needs another machine")),
    # The program, where it serves
    (r"(\w+=\S* +)*aftercare run( 2> \S+)?$", Starts("Aftercare is ready")),
    (r"aftercare run --role ", Starts("ready|DATABASE_URL|database server", role=True)),
    (r"aftercare index --watch", Starts("(?i)watching|nothing|live|unchanged|Version")),
    # The program's commands, beside a server
    (r"aftercare chat$", Really(stdin="后台密码忘了怎么办？\n")),
    (r"aftercare why \d+", Really(says="outcome|message|reason")),
    (r"aftercare doctor", Really(status=(0, 1), says="data folder")),
    (r"aftercare index --force ", Really()),
    (r"aftercare index", Really(status=(0, 1))),
    (r"aftercare rollback ", Really(status=(0, 2), says="(?i)version|roll")),
    (r"aftercare manual restore ", Really(before=f"aftercare manual withdraw {_PAGE} --reason x --by Li")),
    (r"aftercare manual withdraw ", Really(before=f"aftercare manual restore {_PAGE}")),
    (r"aftercare recall (send|dismiss) ", Really(status=(0, 2), says="(?i)correction|recall|no ")),
    (r"aftercare gaps --(show|draft|approve|dismiss) ", Really(status=(0, 2), says="(?i)gap")),
    (r"aftercare check northwind", Really(status=(0, 2), says="(?i)site|client|northwind")),
    (r"aftercare report northwind ", Really(status=(0, 2), says="(?i)northwind|report|client")),
    (r"aftercare privacy (export|erase) ", Really(status=(0, 2), says="(?i)contact|wrote|kept|zip")),
    (r"aftercare holidays import ", Really(says="2027")),
    (r"aftercare jobs --(retry|drop) ", Really(status=(2,), says="there is no dead letter 4711")),
    (r"aftercare jobs --retry-all ", Really(status=(2,), says="no dead letter in the queue")),
    (r"aftercare backup --verify ", Really(before=_BACKUP, says="rows")),
    (r"aftercare restore ", Really(before=_BACKUP, says="rows")),
    (r"aftercare backup", Really(status=(0, 2), says="rows|never written over|exists|there already")),
    (r"aftercare transfer ", Really(status=(2,), says="stop it first")),
    (r"(\w+=\S* +)*aftercare ", Really()),
)  # fmt: skip


def how(command: str) -> How | None:
    """How a command is run; None if nobody has said."""
    return next((row for pattern, row in TABLE if re.match(pattern, command)), None)
