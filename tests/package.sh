#!/usr/bin/env bash
# The three ways to use the library: the installed package by CMake, the same by pkg-config, and the source as a folder of another project.
#   package.sh find_package|pkg-config|subdirectory SOURCE BUILD COMPILER FLAGS
set -euo pipefail
way=$1 source=$2 build=$3 compiler=$4 flags=$5
work=$build/package-test/$way
rm -rf "$work"
mkdir -p "$work"

run() {
  local said
  said=$("$1")
  [ "$said" = shardId-000000000000 ] || { echo "the program said: $said" >&2; exit 1; }
  echo "$way: a program of a user builds and runs"
}

configure() {
  cmake -G Ninja -S "$1" -B "$work/build" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_BUILD_TYPE=Debug \
        -DCMAKE_CXX_FLAGS_DEBUG="-O0 -g1" "${@:2}" >"$work/configure.log" || { cat "$work/configure.log" >&2; exit 1; }
  cmake --build "$work/build" -j 2 >"$work/build.log" || { tail -n 30 "$work/build.log" >&2; exit 1; }
}

case $way in
  find_package)
    cmake --install "$build" --prefix "$work/prefix" >/dev/null
    configure "$source/tests/package/find_package" -DCMAKE_PREFIX_PATH="$work/prefix"
    run "$work/build/program" ;;
  pkg-config)
    cmake --install "$build" --prefix "$work/prefix" >/dev/null
    export PKG_CONFIG_PATH
    PKG_CONFIG_PATH=$(dirname "$(find "$work/prefix" -name kinesis.pc)")
    # The .pc file names the folder the build was configured to be installed to; a package manager's prefix is another.
    read -ra words <<<"$(pkg-config --define-variable=prefix="$work/prefix" --static --cflags --libs kinesis)"
    # shellcheck disable=SC2086  # flags are several words
    "$compiler" -std=c++20 $flags -O0 "$source/tests/package/program.cpp" -o "$work/program" "${words[@]}"
    run "$work/program" ;;
  subdirectory)
    # The compiler's cache makes this a matter of seconds where the same flags were used before.
    export CCACHE_NOHASHDIR=1
    launcher=()
    if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
    configure "$source/tests/package/subdirectory" -DKINESIS_SOURCE="$source" "${launcher[@]}"
    run "$work/build/program" ;;
  *) echo "unknown way: $way" >&2; exit 2 ;;
esac
