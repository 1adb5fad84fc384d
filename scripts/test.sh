#!/usr/bin/env bash
# Installs, builds and runs every test that needs no second machine; ends with ctest's own summary.
#   KINESIS_TEST_JOBS  parallel builds and tests, default: the number of processors
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${KINESIS_TEST_JOBS:-$(nproc)}
scripts/install-deps.sh
scripts/lint.sh --quick
cmake --preset dev >/dev/null
cmake --build --preset dev -j "$jobs"
ctest --preset dev -j "$jobs"
