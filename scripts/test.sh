#!/usr/bin/env bash
# Installs, builds and runs every test that needs no second machine, the fuzz targets for five seconds each, thousands of simulated fleets; ends with ctest's
# own summary.
#   KINESIS_TEST_JOBS  parallel builds and tests, default: the number of processors
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${KINESIS_TEST_JOBS:-$(nproc)}
scripts/install-deps.sh
scripts/lint.sh --quick
if command -v clang++-19 >/dev/null; then
  cmake --preset fuzz >/dev/null
  cmake --build --preset fuzz -j "$jobs"
  ctest --preset fuzz -j "$jobs"
else
  echo "FUZZ TARGETS SKIPPED: clang++-19 is not installed (packages clang-19, libclang-rt-19-dev, libfuzzer-19-dev)" >&2
fi
cmake --preset simulation >/dev/null
cmake --build --preset simulation -j "$jobs"
ctest --preset simulation -j "$jobs"
cmake --preset dev >/dev/null
cmake --build --preset dev -j "$jobs"
ctest --preset dev -j "$jobs"
