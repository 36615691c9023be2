#!/usr/bin/env bash
# Runs all tests: ./test.sh [--full] [dotnet test options]. Installs what the machine lacks (Debian), builds Release if anything has changed, tests.
#   --full  the long versions: examples of usual size, held to the figures of the documents, more problems per law, and reports in a browser, which is
#           installed if there is none
# The last line reads "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")"
. eng/setup.sh
case ${1:-} in -h|--help|help) show_help test.sh; exit ;; esac
case ${1:-} in --full) export XAIL2O_FULL=1; shift ;; esac
require_dotnet
ensure_libstdcxx
ensure_fonts
ensure_openmp
[ "${XAIL2O_FULL:-}" != 1 ] || ensure_browser
build XaiL2O.sln src examples test bench docs templates || exit 1
use_jemalloc
# Tests run side by side, one on each core; threads of libtorch would have to wait for each other.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# Most of a test runs once or a few times. Code that counts its branches, to be compiled a third time, costs more than it saves: the certify example takes
# 3.6 s of processor time in place of 5.7 s without.
export DOTNET_TieredPGO=${DOTNET_TieredPGO:-0}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
for project in test/*/*.csproj; do
  dotnet test "$project" -c Release --no-build --nologo --logger "console;verbosity=minimal" "$@" 2>&1 | tee -a "$log"
  [ "${PIPESTATUS[0]}" -eq 0 ] || status=1
done

# "Passed!  - Failed:     0, Passed:    12, Skipped:     0, Total:    12, …" once per project
passed=$(grep -o -E 'Passed: +[0-9]+' "$log" | awk '{ n += $2 } END { print n + 0 }')
failed=$(grep -o -E 'Failed: +[0-9]+' "$log" | awk '{ n += $2 } END { print n + 0 }')
[ "$failed" -eq 0 ] || status=1
[ "$passed" -gt 0 ] || status=1
echo "$passed passed, $failed failed"
exit $status
