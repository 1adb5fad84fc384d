#!/usr/bin/env python3
"""Compiles the slowest translation units of a build alone, without the compiler cache, and prints time and memory as a table for docs/compile_times.md.

    tools/slowest_units.py build/dev build/release

Takes the candidates from ninja's log. Exits 1 if a unit needs more than 30 s or 1 GB: the limits of CONTRIBUTING.md."""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

CANDIDATES = 14
SHOWN = 10
MAX_SECONDS = 30
MAX_MEGABYTES = 1024


def candidates(build: pathlib.Path):
    spent = {}
    for line in (build / ".ninja_log").read_text().splitlines()[1:]:
        start, end, _, output, _ = line.split("\t")
        if output.endswith(".o"):
            spent[output] = max(spent.get(output, 0), int(end) - int(start))
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        # Without the launcher: the compiler's cache.
        for i, word in enumerate(words):
            if pathlib.Path(word).name == "ccache":
                words = words[i + 1:]
                break
        output = words[words.index("-o") + 1]
        commands[output] = (words, entry["directory"], entry["file"])
    slow = sorted((o for o in spent if o in commands), key=lambda o: -spent[o])
    return [commands[o] for o in slow[:CANDIDATES]]


def compile_alone(words, directory):
    words = list(words)
    words[words.index("-o") + 1] = "/dev/null"
    began = time.monotonic()
    process = subprocess.Popen(words, cwd=directory)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    if status != 0:
        sys.exit(f"cannot compile {words[-1]}")
    return seconds, usage.ru_maxrss / 1024


def main() -> int:
    root = pathlib.Path(__file__).resolve().parent.parent
    over = 0
    print("# Compile times\nThe ten slowest translation units of each preset, compiled alone and without a cache; written by `tools/slowest_units.py`.\n"
          f"The limit is {MAX_SECONDS} s and {MAX_MEGABYTES} MB.")
    for build in map(pathlib.Path, sys.argv[1:]):
        rows = []
        for words, directory, source in candidates(build.resolve()):
            seconds, megabytes = compile_alone(words, directory)
            rows.append((seconds, megabytes, os.path.relpath(source, root)))
        rows.sort(reverse=True)
        print(f"\n## {build.name}\n| unit | seconds | MB |\n|---|---|---|")
        for seconds, megabytes, source in rows[:SHOWN]:
            print(f"| `{source}` | {seconds:.1f} | {megabytes:.0f} |")
            over += seconds > MAX_SECONDS or megabytes > MAX_MEGABYTES
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
