#!/usr/bin/env bash
# The emulator, limits off, one thread, loaded by another process: the rows of docs/performance.md.
#   bench/emulator.sh [BUILD_FOLDER [SECONDS]]     a release build with KINESIS_BUILD_BENCHMARKS=ON
set -euo pipefail
build=${1:-build/release}
folder=$(mktemp -d)
server=
stop() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT

# What is put exceeds the memory limit early on: the cost of letting the oldest records go is in the figures.
"$build/bin/kinesis" emulate --listen 127.0.0.1:0 --no-limits --streams load:4 --memory 512MiB >"$folder/ready" 2>"$folder/log" &
server=$!
until grep -qs ready "$folder/ready"; do sleep 0.05; done
"$build/bin/emulator_load" "$(awk '{print $NF}' "$folder/ready")" load "$server" "${2:-4}"
