#!/usr/bin/env bash
# The producer against the limits of a shard, and without anything to do, over TLS and HTTP/2, the emulator in a process of its own:
#   shared    three `kinesis put` on one shard, 60 s: how much of it is used, what is throttled, whether all get their share;
#             records of 100 B one by one (1,000 a second), then 1 KB aggregated (1 MiB a second)
#   latency   one record at a time, beside the bare PutRecords call
#   overload  five minutes of ten times what a shard takes
#   bench/producer_limits.sh [BUILD_FOLDER [shared|latency|overload]...]     a release build with KINESIS_BUILD_BENCHMARKS=ON
set -euo pipefail
build=${1:-build/release}
shift || true
parts=("${@:-shared latency overload}")
folder=$(mktemp -d)
pids=()
stop() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  rm -rf "$folder"
}
trap stop EXIT

# emulator OPTIONS...: starts one, and names it to what follows.
emulator() {
  rm -f "$folder/ready"
  "$build/bin/kinesis" emulate --listen 127.0.0.1:0 --tls --ca-out "$folder/ca.pem" --memory 256MiB "$@" >"$folder/ready" 2>"$folder/log" &
  pids+=($!)
  until grep -qs ready "$folder/ready"; do sleep 0.05; done
  export AWS_ENDPOINT_URL AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=x AWS_SECRET_ACCESS_KEY=x AWS_CA_BUNDLE=$folder/ca.pem
  AWS_ENDPOINT_URL=$(awk '{print $NF}' "$folder/ready")
}

# three STREAM RECORDS BYTES UNIT CAPACITY OPTIONS...: each process puts RECORDS lines, so all end together where each gets its share. What the
# shard has saved up before, a second's worth, is not counted.
three() {
  local stream=$1 records=$2 bytes=$3 unit=$4 capacity=$5
  shift 5
  local began puts=()
  for name in a b c; do
    awk -v n="$records" -v size="$bytes" -v name="$name" 'BEGIN {for (i = 0; i < n; ++i) printf "%-*s\n", size, name i}' >"$folder/$name"
  done
  began=$(date +%s.%N)
  for name in a b c; do
    "$build/bin/kinesis" put "$stream" "$folder/$name" --ttl 3600 --json "$@" >"$folder/$name.json" &
    puts+=($!)
  done
  for pid in "${puts[@]}"; do wait "$pid"; done
  python3 - "$(date +%s.%N)" "$began" "$unit" "$capacity" "$folder"/{a,b,c}.json <<'PYTHON'
import json, sys
seconds, unit, capacity = float(sys.argv[1]) - float(sys.argv[2]), sys.argv[3], float(sys.argv[4])
runs = [json.load(open(path)) for path in sys.argv[5:]]
# Data and keys, which is what a shard counts; not what aggregates add to them.
done = sum(run["records"] if unit == "records" else run["producer"]["bytes_delivered"] for run in runs)
goodput = (done - capacity) / seconds / capacity * 100
sent = sum(run["kinesis_records"] for run in runs)
throttled = sum(run["throttled"] for run in runs) / sent * 100
rates = sorted(run["records"] / run["seconds"] for run in runs)
def line(what, value, target, met):
    print(f"  {what:<44} {value:>10}   {target}: {'met' if met else 'MISSED'}")
print(f"three producers on one shard, {sum(run['records'] for run in runs)} records in {sent} Kinesis records, {seconds:.0f} s, {sum(run['failed'] for run in runs)} failed:")
line(f"of the shard's {capacity:.0f} {unit} a second, used", f"{goodput:.1f} %", "at least 95 %", goodput >= 95)
line("Kinesis records throttled", f"{throttled:.2f} %", "at most 5 %", throttled <= 5)
line("the slowest producer's rate to the fastest's", f"{rates[0] / rates[-1]:.2f}", "at least 0.5", rates[0] / rates[-1] >= 0.5)
PYTHON
}

for part in ${parts[*]}; do
  case $part in
    shared)
      emulator --streams plain:1,packed:1
      echo "records of 100 B, one by one"
      three plain 20000 100 records 1000
      echo "records of 1 KB, aggregated"
      three packed 20000 1000 bytes 1048576 --aggregate
      ;;
    latency)
      emulator --streams idle:1 --no-limits
      "$build/bin/producer_limits_bench" latency "$AWS_ENDPOINT_URL" idle
      ;;
    overload)
      emulator --streams flooded:1
      "$build/bin/producer_limits_bench" overload "$AWS_ENDPOINT_URL" flooded
      ;;
    *) echo "no such part: $part" >&2; exit 2 ;;
  esac
done
