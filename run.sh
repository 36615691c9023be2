#!/usr/bin/env bash
# Runs an example: ./run.sh [EXAMPLE] [--out DIR] [--seed N] [--quick | --full]; without arguments the ECG example.
#   ./run.sh list           lists the examples
#   ./run.sh EXAMPLE --help lists the options of one
# Installs what the machine lacks (Debian), builds Release if anything has changed, runs. Figures and summary.json go to artifacts/EXAMPLE.
set -euo pipefail
cd "$(dirname "$0")"
. eng/setup.sh
case ${1:-} in -h|--help|help) show_help run.sh; exit ;; esac
require_dotnet
ensure_libstdcxx
ensure_fonts
ensure_openmp
build examples/XaiL2O.Examples/XaiL2O.Examples.csproj src examples
use_jemalloc
[ $# -gt 0 ] || set -- ecg
case $1 in -*) set -- ecg "$@" ;; esac
exec dotnet examples/XaiL2O.Examples/bin/Release/net10.0/XaiL2O.Examples.dll "$@"
