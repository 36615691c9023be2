#!/usr/bin/env bash
# At a release: what PublicAPI.Unshipped.txt lists is promised from now on and moves to PublicAPI.Shipped.txt, of every project in src/.
# A line "*REMOVED*member" takes that member out.
set -euo pipefail
cd "$(dirname "$0")/.."
for dir in src/*/; do
  shipped=$dir/PublicAPI.Shipped.txt unshipped=$dir/PublicAPI.Unshipped.txt
  [ -f "$unshipped" ] || continue
  members=$(sed '/^#nullable enable/d; /^$/d; s/\r$//' "$shipped" "$unshipped" | LC_ALL=C sort -u \
    | awk '/^\*REMOVED\*/ { removed[substr($0, 10)] = 1; next } { lines[++n] = $0 } END { for (i = 1; i <= n; i++) if (!(lines[i] in removed)) print lines[i] }')
  { printf '#nullable enable\n'; [ -z "$members" ] || printf '%s\n' "$members"; } >"$shipped"
  printf '#nullable enable\n' >"$unshipped"
  echo "$dir: $(($(wc -l <"$shipped") - 1)) members"
done
