#!/usr/bin/env bash
# What a consumer of 100 shards (or so many) costs that has nothing to do: resident memory, threads, and CPU over 20 seconds, over TLS
# and HTTP/2, after it has read a thousand records (so it does read all shards). Leases in memory, then in SQLite.
#   bench/idle_consumer.sh [BUILD_FOLDER [SHARDS [fan-out]]]     a release build; fan-out: subscribed to all shards instead of polling
set -euo pipefail
build=${1:-build/release}
shards=${2:-100} records=$((10 * ${2:-100})) seconds=20 max_threads=5
max_mb=$((shards > 200 ? shards / 5 : 40))
how=()
if [ "${3:-}" = fan-out ]; then
  how=(--fan-out) max_mb=120 max_threads=$(($(nproc) + 3))
fi
folder=$(mktemp -d)
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap stop EXIT

cpu_ms() { awk -v hz="$(getconf CLK_TCK)" '{print ($14 + $15) * 1000 / hz}' "/proc/$1/stat"; }
status() { awk -v name="$2:" '$1 == name {print $2}' "/proc/$1/status"; }
verdict() { awk -v value="$1" -v most="$2" 'BEGIN {print value <= most ? "met" : "MISSED"}'; }
requests() { curl -s --cacert "$folder/ca.pem" "$AWS_ENDPOINT_URL/_admin/state" | grep -o '"requests":[0-9]*' | cut -d: -f2; }

"$build/bin/kinesis" emulate --listen 127.0.0.1:0 --tls --ca-out "$folder/ca.pem" --streams "wide:$shards" >"$folder/ready" &
server=$!
pids+=("$server")
until grep -qs ready "$folder/ready"; do sleep 0.05; done
export AWS_ENDPOINT_URL AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_CA_BUNDLE=$folder/ca.pem
AWS_ENDPOINT_URL=$(awk '{print $NF}' "$folder/ready")
seq "$records" | "$build/bin/kinesis" put wide - >"$folder/put"

for leases in memory "sqlite:$folder/leases.db"; do
  name=${leases%%:*}
  : >"$folder/$name"
  "$build/bin/kinesis" consume wide --application "idle-$name" --leases "$leases" "${how[@]}" >"$folder/$name" &
  consumer=$!
  pids+=("$consumer")
  for ((i = 0; i < 300; i++)); do
    [ "$(wc -l <"$folder/$name")" -ge "$records" ] && break
    sleep 0.1
  done
  [ "$(wc -l <"$folder/$name")" -ge "$records" ] || { echo "the consumer has read $(wc -l <"$folder/$name") of $records records" >&2; exit 1; }
  sleep 2
  before=$(cpu_ms "$consumer") asked=$(requests)
  sleep "$seconds"
  spent=$(awk -v a="$before" -v b="$(cpu_ms "$consumer")" -v s="$seconds" 'BEGIN {printf "%.1f", (b - a) / s}')
  rss=$(awk -v kb="$(status "$consumer" VmRSS)" 'BEGIN {printf "%.1f", kb / 1024}')
  threads=$(status "$consumer" Threads)
  echo "idle consumer of $shards shards ${how[*]}, leases in $name, $((($(requests) - asked) / seconds)) requests/s:"
  echo "  resident memory  $rss MB, at most $max_mb: $(verdict "$rss" "$max_mb")"
  echo "  threads          $threads, at most $max_threads: $(verdict "$threads" "$max_threads")"
  echo "  CPU              $spent ms/s"
  kill -INT "$consumer"
  wait "$consumer" || true
done
