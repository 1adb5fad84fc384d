#!/usr/bin/env bash
# Layers, coroutine rules, the programs of README and docs, the tables of options, formatting; without --quick also clang-tidy on every file that differs from the last commit on main (or on the files given).
set -euo pipefail
cd "$(dirname "$0")/.."
python3 tools/check_layers.py
python3 tools/check_coroutines.py
python3 tools/check_readme.py
python3 tools/check_options.py
mapfile -t files < <(git ls-files '*.cpp' '*.hpp')
if command -v clang-format-19 >/dev/null; then
  clang-format-19 --dry-run --Werror "${files[@]}"
  echo "format: ${#files[@]} files"
fi
[ "${1:-}" = --quick ] && exit 0
[ -d build/release ] || cmake --preset release >/dev/null
if [ $# -gt 0 ]; then
  mapfile -t changed < <(printf '%s\n' "$@")
else
  mapfile -t changed < <(git diff --name-only --diff-filter=d HEAD -- '*.cpp')
fi
[ ${#changed[@]} -eq 0 ] || clang-tidy-19 --quiet -p build/release "${changed[@]}"
