#!/usr/bin/env python3
"""Compiles the slowest translation units of each build alone, without the compiler cache, and prints time and memory: docs/compile_times.md, which says how.

Takes the candidates from ninja's log; of a build folder that is configured only, those of the folders before it. Exits 1 if a unit needs more than 30 s or
1 GB: the limits of CONTRIBUTING.md."""

import json
import os
import pathlib
import shlex
import subprocess
import sys
import time

CANDIDATES = 12
SHOWN = 10
MAX_SECONDS = 30
MAX_MEGABYTES = 1024


HEAD = f"""# Compile times
The ten slowest translation units of each preset, each compiled alone and without a cache. The limit is {MAX_SECONDS} s and {MAX_MEGABYTES} MB. Written by
`tools/slowest_units.py`, which takes its candidates from ninja's log; so build without the cache first:

    for preset in dev release tsan fuzz; do cmake --preset $preset -B /tmp/cold/$preset; done
    for preset in dev release; do CCACHE_DISABLE=1 cmake --build /tmp/cold/$preset; done
    tools/slowest_units.py /tmp/cold/{{dev,release,tsan,fuzz}} > docs/compile_times.md"""


def commands_of(build: pathlib.Path):
    """By source: how it is compiled, without the compiler's cache."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        words = shlex.split(entry["command"])
        for i, word in enumerate(words):
            if pathlib.Path(word).name == "ccache":
                words = words[i + 1:]
                break
        commands[entry["file"]] = (words, entry["directory"])
    return commands


def slowest_sources(build: pathlib.Path, commands):
    log = build / ".ninja_log"
    if not log.exists():
        return []
    spent = {}
    for line in log.read_text().splitlines()[1:]:
        start, end, _, output, _ = line.split("\t")
        spent[output] = int(end) - int(start)
    by_source = {source: spent.get(words[words.index("-o") + 1], 0) for source, (words, _) in commands.items()}
    return sorted((s for s in by_source if by_source[s] > 0), key=lambda s: -by_source[s])[:CANDIDATES]


def compile_alone(words, directory):
    words = list(words) + ["-w"]
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
    known = []
    print(HEAD)
    for build in map(pathlib.Path, sys.argv[1:]):
        commands = commands_of(build)
        own = slowest_sources(build, commands)
        known += [source for source in own if source not in known]
        rows = []
        for source in own or [source for source in known if source in commands]:
            seconds, megabytes = compile_alone(*commands[source])
            rows.append((seconds, megabytes, os.path.relpath(source, root)))
        rows.sort(reverse=True)
        print(f"\n## {build.name}\n| unit | seconds | MB |\n|---|---|---|", flush=True)
        for seconds, megabytes, source in rows[:SHOWN]:
            print(f"| `{source}` | {seconds:.1f} | {megabytes:.0f} |", flush=True)
        over += sum(seconds > MAX_SECONDS or megabytes > MAX_MEGABYTES for seconds, megabytes, _ in rows)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
