#!/usr/bin/env bash
# Installs the Debian packages that are missing, where it may; says which ones are missing where it may not.
#   run:   what OpenCV needs on a slim system
#   tests: a browser, PostgreSQL and Redis beside it
set -euo pipefail

missing=()
need() { # PACKAGE COMMAND...: the package, and a command that succeeds where it is not needed
  local package=$1
  shift
  "$@" >/dev/null 2>&1 || missing+=("$package")
}
library() { ldconfig -p 2>/dev/null | grep -q "$1" || /sbin/ldconfig -p | grep -q "$1"; }
# PostgreSQL's programs are not on the PATH in Debian.
postgresql() { compgen -G '/usr/lib/postgresql/*/bin/initdb' || command -v initdb; }

need libgl1 library libGL.so.1
need libglib2.0-0 library libgthread-2.0.so.0
if [[ ${1:-run} == tests ]]; then
  need chromium command -v chromium
  need postgresql postgresql
  need redis-server command -v redis-server
fi
[[ ${#missing[@]} -gt 0 ]] || exit 0

as_root=()
[[ $(id -u) -eq 0 ]] || as_root=(sudo -n)
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
  echo "These packages are missing: ${missing[*]}. Install them with your system's package manager, then run the same command again." >&2
  exit 1
fi
echo "Installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq
# Debian's postgresql package starts a server of its own; the tests start theirs in temporary folders.
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
