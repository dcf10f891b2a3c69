#!/bin/sh
# Everything, two tests at a time. What fails is played once more, alone, and named: these machines are shared, and a
# test that fails only beside others is worth a look, but no reason to call the program broken.
set -u
python=$1
browsers=tests/browser # apart: playwright keeps an event loop of its own

play() {
  "$python" -m pytest -n 2 --dist loadgroup "$@"
  code=$?
  [ $code = 1 ] || return $code
  echo "== Once more, alone, what failed; a second failure counts =="
  "$python" -m pytest -n 0 --last-failed --last-failed-no-failures none --maxfail 5 "$@"
}

play --ignore "$browsers" || exit 1
play "$browsers"
