#!/usr/bin/env bash
# Runs benchmarks: ./bench.sh --filter '*ReconstructionSolve*', ./bench.sh certificates, guarantees or dictionary; without arguments all of
# BenchmarkDotNet's. Installs what the machine lacks (Debian), builds Release if anything has changed, runs with the allocator that run.sh uses.
set -euo pipefail
cd "$(dirname "$0")"
. eng/setup.sh
case ${1:-} in -h|--help|help) show_help bench.sh; exit ;; esac
require_dotnet
ensure_libstdcxx
build bench/XaiL2O.Benchmarks/XaiL2O.Benchmarks.csproj src bench
use_jemalloc
[ $# -gt 0 ] || set -- --filter '*'
exec dotnet run -c Release --no-build --project bench/XaiL2O.Benchmarks -- "$@"
