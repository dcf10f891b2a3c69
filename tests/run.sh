#!/bin/sh
# Everything, two tests at a time. What fails is played once more, alone, so that one sees whether it fails only beside
# others; it has failed all the same.
set -u
python=$1
browsers=tests/browser # apart: playwright keeps an event loop of its own

play() {
  "$python" -m pytest -n 2 --dist loadgroup "$@"
  code=$?
  [ $code = 1 ] || return $code
  echo "== Once more, alone, what failed: does it fail only beside others? =="
  "$python" -m pytest -n 0 --last-failed --last-failed-no-failures none --maxfail 5 "$@"
  return 1
}

play --ignore "$browsers" || exit 1
play "$browsers"
