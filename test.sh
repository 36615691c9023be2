#!/usr/bin/env bash
# Runs all tests: ./test.sh [dotnet test options]. Installs what the machine lacks (Debian), builds Release if anything has changed, tests.
# The last line reads "N passed, N failed".
set -uo pipefail
cd "$(dirname "$0")"
. eng/setup.sh
case ${1:-} in -h|--help|help) show_help test.sh; exit ;; esac
require_dotnet
ensure_libstdcxx
ensure_fonts
build XaiL2O.sln src examples test bench docs || exit 1
use_jemalloc

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
