#!/usr/bin/env bash
# Runs benchmarks: ./bench.sh --filter '*ReconstructionSolve*', ./bench.sh certificates, ./bench.sh dictionary; without arguments all of
# BenchmarkDotNet's. Installs what the machine lacks (Debian), builds Release, runs with the allocator that run.sh uses.
set -euo pipefail
cd "$(dirname "$0")"
. eng/setup.sh
require_dotnet
ensure_libstdcxx
build
use_jemalloc
[ $# -gt 0 ] || set -- --filter '*'
exec dotnet run -c Release --no-build --project bench/XaiL2O.Benchmarks -- "$@"
