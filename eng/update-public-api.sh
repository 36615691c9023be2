#!/usr/bin/env bash
# Rewrites src/*/PublicAPI.Unshipped.txt from what the compiler sees and PublicAPI.Shipped.txt does not list. Read the diff before
# committing it: every line is a promise to users.
set -euo pipefail
cd "$(dirname "$0")/.."
for project in Certifiers Trainers MLNet Data; do
  dir=src/XaiL2O.$project
  printf '#nullable enable\n' >"$dir/PublicAPI.Unshipped.txt"
  symbols=$( (dotnet build "$dir" -c Release --nologo -v quiet -clp:NoSummary --no-incremental -p:TreatWarningsAsErrors=false 2>&1 || true) \
    | awk -v project="XaiL2O.$project.csproj]" '/RS0016/ && index($0, project)' | sed -E "s/.*Symbol '(.*)' is not part of the declared public API.*/\1/" | LC_ALL=C sort -u)
  printf '%s\n' "$symbols" | sed '/^$/d' >>"$dir/PublicAPI.Unshipped.txt"
  echo "$dir: $(($(wc -l <"$dir/PublicAPI.Unshipped.txt") - 1)) entries"
done
