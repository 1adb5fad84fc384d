#!/usr/bin/env bash
# Installs what building, testing and the demo need on Debian 12: packages of the distribution only. Does nothing where all are there.
# --minimal leaves out what only the tests need.
set -euo pipefail

build=(g++-12 clang-19 cmake ninja-build ccache mold pkg-config libboost1.81-dev libssl-dev libnghttp2-dev libsimdjson-dev
       libprotozero-dev libdeflate-dev libsqlite3-dev libspdlog-dev libcli11-dev)
tests=(libgtest-dev libgmock-dev libprotobuf-dev protobuf-compiler libclang-rt-19-dev libfuzzer-19-dev clang-format-19
       clang-tidy-19 python3 python3-boto3 python3-venv awscli curl openssl bash-completion)
wanted=("${build[@]}")
[ "${1:-}" = --minimal ] || wanted+=("${tests[@]}")

missing=()
for package in "${wanted[@]}"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "dependencies: all ${#wanted[@]} packages are installed"
  exit 0
fi
echo "dependencies: installing ${missing[*]}"
sudo=""
if [ "$(id -u)" -ne 0 ]; then sudo=sudo; fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq
$sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "dependencies: done"
