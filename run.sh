#!/usr/bin/env bash
# Runs an example: ./run.sh [EXAMPLE] [--out DIR] [--seed N] [--full]; without arguments the ECG example. ./run.sh list lists them.
# Installs what the machine lacks (Debian), builds Release, runs.
set -euo pipefail
cd "$(dirname "$0")"
. eng/setup.sh
require_dotnet
ensure_libstdcxx
ensure_fonts
build
use_jemalloc
[ $# -gt 0 ] || set -- ecg
case $1 in -*) set -- ecg "$@" ;; esac
exec dotnet examples/XaiL2O.Examples/bin/Release/net10.0/XaiL2O.Examples.dll "$@"
