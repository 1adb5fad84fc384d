#!/usr/bin/env bash
# Installs, builds and runs the demo: records through a producer, a Kinesis endpoint, two workers and a reshard.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/install-deps.sh --minimal
cmake --preset release >/dev/null
cmake --build --preset release --target kinesis_tool
exec build/release/bin/kinesis demo "$@"
