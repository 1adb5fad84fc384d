#!/usr/bin/env bash
# Runs the programs of examples/ against the emulator, and checks what they print and how they end.
#   KINESIS_EXAMPLES    folder of the programs       default: build/dev/bin
#   KINESIS_TOOL        the tool                     default: the one beside them
#   KINESIS_NPM_FOLDER  where dynalite is installed  default: build/npm; without it 1_consume, which keeps its leases in DynamoDB, is left out
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
examples=${KINESIS_EXAMPLES:-$root/build/dev/bin}
tool=${KINESIS_TOOL:-$examples/kinesis}
npm=${KINESIS_NPM_FOLDER:-$root/build/npm}
folder=$(mktemp -d)
children=()
finish() {
  for child in "${children[@]}"; do
    kill -KILL "$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
  done
  rm -rf "$folder"
}
trap finish EXIT
cd "$folder"

fail() {
  echo "FAILED: $1" >&2
  for file in output errors emulator.log; do
    if [ -s "$file" ]; then echo "--- $file" && tail -20 "$file"; fi >&2
  done
  exit 1
}
# wait_for SECONDS COMMAND…: until the command works
wait_for() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if [ $SECONDS -ge $end ]; then return 1; fi
    sleep 0.1
  done
}
# interrupt NAME COUNT: an example that ends with SIGINT, once it has printed so many lines
interrupt() {
  "$examples/example_$1" >output 2>errors &
  local example=$! code=0
  children+=($example)
  printed() { [ "$(wc -l <output)" -ge "$1" ]; }
  wait_for 60 printed "$2" || fail "$1 printed too little"
  kill -INT $example
  wait $example || code=$?
  if [ $code -ne 0 ] || [ -s errors ]; then fail "$1 ended with $code"; fi
}
# run NAME ARGUMENTS…: an example that ends by itself; what it prints is in "output"
run() {
  local name=$1
  shift
  timeout 90 "$examples/example_$name" "$@" >output 2>errors || fail "$name ended with $?"
  if [ -s errors ]; then fail "$name printed to stderr"; fi
}
# expect NAME COUNT PATTERN: that many lines of "output" match, and there are no others
expect() {
  local matching all
  matching=$(grep -cE "$3" output || true)
  all=$(wc -l <output)
  if [ "$matching" -ne "$2" ] || [ "$all" -ne "$2" ]; then fail "$1 printed $all lines, $matching of which match $3, not $2"; fi
  echo "ok: $1"
}

unset AWS_PROFILE AWS_SESSION_TOKEN AWS_CA_BUNDLE AWS_ENDPOINT_URL_KINESIS
export HOME=$folder AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=any AWS_SECRET_ACCESS_KEY=thing AWS_EC2_METADATA_DISABLED=true
"$tool" emulate --listen 127.0.0.1:0 --no-limits --streams orders:2 payments:1 >emulator.log 2>&1 &
children+=($!)
emulator=$!
wait_for 60 grep -q "ready at" emulator.log || fail "the emulator did not start"
AWS_ENDPOINT_URL=$(sed -n 's/^kinesis emulator ready at //p' emulator.log)
export AWS_ENDPOINT_URL

run 5_fake_producer
expect 5_fake_producer 2 '^(order 0: too many orders|placed 2 of 3)$'

run 9_fake_shards
expect 9_fake_shards 4 '^shard-0: order-[12]$|^shard-0 is done$|^shard-1 is not done$'

run 10_failure_policies
expect 10_failure_policies 8 '^restart: (order-1|poison|order-3)$|^stop all: (order-1|what is this\?)$|^skip: (order-1|put aside poison|order-3)$'

run 11_concurrency
expect 11_concurrency 4 '^per key: 6 records$|^checkpoint per key: at least 3 checkpoints: true$|^a batch of [42]$'

run 6_lease_repository
expect 6_lease_repository 1 '^keeps the contract$'

run 8_emulator
expect 8_emulator 1 '^stored in shardId-00000000000[01]$'

run 3_produce
expect 3_produce 1000 '^[0-9]{56}$'

run 4_produce_coroutine
expect 4_produce_coroutine 1 '^shardId-00000000000[01] [0-9]{56}$'

"$tool" tail orders --from trim-horizon --until-caught-up >output || fail "tail ended with $?"
sort output | uniq -c >counts
if [ "$(tr -s ' ' <counts)" != $' 1001 order\n 1 paid\n 1 shipped' ]; then fail "the stream holds something else: $(cat counts)"; fi
echo "ok: the records of both"

run 2_shards leases.db 1003
expect 2_shards 1003 '^shardId-00000000000[01]: (order|paid|shipped)$'

run 7_codec leases.db
expect 7_codec 1 '^customer-7 pays 1250 cents$'

interrupt 12_fan_out 1004
expect 12_fan_out 1004 '^(order|paid|shipped|customer-7,1250) after [0-9]+ ms$'
if [ "$("$tool" streams consumers orders --output json | grep -c '"arn"')" -ne 0 ]; then fail "12_fan_out left its consumer registered"; fi

printf 'paid\n' | "$tool" put payments >/dev/null
interrupt 13_several_streams 1005
expect 13_several_streams 1005 '^(orders: (order|paid|shipped|customer-7,1250)|payments: paid)$'

if command -v node >/dev/null && [ -f "$npm/node_modules/dynalite/cli.js" ]; then
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  node "$npm/node_modules/dynalite/cli.js" --host 127.0.0.1 --port "$port" --createTableMs 100 >dynalite.log 2>&1 &
  children+=($!)
  wait_for 30 curl -s -o /dev/null --max-time 2 "http://127.0.0.1:$port/" || fail "dynalite did not start"
  AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:$port "$examples/example_1_consume" >output 2>errors &
  consumer=$!
  children+=($consumer)
  # It prints through a buffer: what it has handled is all there once it has ended.
  rows() {
    AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:$port curl -s --max-time 5 "http://127.0.0.1:$port/" -H 'content-type: application/x-amz-json-1.0' \
      -H 'x-amz-target: DynamoDB_20120810.Scan' -H 'x-amz-date: 20261122T000000Z' -d '{"TableName":"billing"}' \
      -H 'authorization: AWS4-HMAC-SHA256 Credential=a/20261122/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=ab' |
      grep -oE '"checkpoint":\{"S":"[0-9]{56}"' | wc -l
  }
  both_checkpointed() { [ "$(rows)" -eq 2 ]; }
  wait_for 60 both_checkpointed || fail "1_consume stored no checkpoints"
  kill -INT $consumer
  code=0
  wait $consumer || code=$?
  if [ $code -ne 0 ] || [ -s errors ]; then fail "1_consume ended with $code"; fi
  expect 1_consume 1004 '^shardId-00000000000[01]: (order|paid|shipped|customer-7,1250)$'
else
  echo "SKIPPED: 1_consume keeps its leases in DynamoDB, and dynalite is not installed in $npm"
fi

kill -TERM $emulator
code=0
wait $emulator || code=$?
if [ $code -ne 0 ]; then fail "the emulator ended with $code"; fi
