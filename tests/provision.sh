#!/bin/sh
# What the tests need of the system: PostgreSQL, Chromium, fonts for Chinese, a clock that jumps, what watches and sends alerts, a proxy. Installed with apt-get where we may.
set -eu
missing=""
command -v chromium > /dev/null 2>&1 || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || missing="$missing postgresql"
ls /usr/share/fonts/opentype/noto/*CJK* > /dev/null 2>&1 || missing="$missing fonts-noto-cjk"
command -v prometheus-alertmanager > /dev/null 2>&1 || missing="$missing prometheus-alertmanager"
command -v promtool > /dev/null 2>&1 || missing="$missing prometheus"
command -v nginx > /dev/null 2>&1 || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
command -v caddy > /dev/null 2>&1 || missing="$missing caddy"
command -v systemd-analyze > /dev/null 2>&1 || missing="$missing systemd"
ls /usr/lib/*/faketime/libfaketimeMT.so.1 > /dev/null 2>&1 || missing="$missing libfaketime"
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null 2>&1; then
  echo "Installing$missing…"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # shellcheck disable=SC2086
  apt-get install -y -qq --no-install-recommends $missing > /dev/null
elif [ "${CI:-}" = true ]; then
  echo "CI needs$missing, and this is not root on Debian: cannot install" >&2
  exit 1
else
  echo "Without$missing some tests are skipped (not root, or no apt-get)."
fi
