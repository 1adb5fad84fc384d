#!/usr/bin/env bash
# The emulator under load, in another process, and what an idle consumer costs: the rows of docs/performance.md.
#   bench/emulator.sh BUILD_FOLDER     a release build with KINESIS_BUILD_BENCHMARKS=ON
set -euo pipefail
build=${1:?usage: bench/emulator.sh BUILD_FOLDER}
folder=$(mktemp -d)
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap stop EXIT

"$build/bin/kinesis" emulate --listen 127.0.0.1:0 --no-limits --streams load:1,wide:100 --memory 512MiB >"$folder/ready" &
server=$!
pids+=("$server")
until grep -q ready "$folder/ready"; do sleep 0.05; done
url=$(awk '{print $NF}' "$folder/ready")

for format in cbor json; do
  "$build/bin/emulator_load" "$url" load put "$format" 100 4 "$server"
done
"$build/bin/emulator_load" "$url" load put cbor 1024 2 "$server"
for format in cbor json; do
  "$build/bin/emulator_load" "$url" load get "$format" 1024 4 "$server"
done

export AWS_ENDPOINT_URL=$url AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x
"$build/bin/kinesis" consume wide --application idle --leases memory >/dev/null &
consumer=$!
pids+=("$consumer")
sleep 8
awk -v shards=100 '/^VmRSS/ {rss=$2} /^Threads/ {threads=$2} END {printf "{\"idle_consumer_shards\":%d,\"rss_mb\":%.1f,\"threads\":%d}\n", shards, rss/1024, threads}' "/proc/$consumer/status"
