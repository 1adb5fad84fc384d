#!/usr/bin/env python3
"""Checks the layers of src/ over the #includes: a folder includes only itself and the folders above it, logic/ folders include neither Asio nor
a clock, public headers include nothing heavy, and headers that include expensive ones stay within their folder. Exits 1 with a line per breach."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALLOWED = {  # folder: the folders it may include
    "core": [],
    "http": ["core"],
    "aws": ["core", "http"],
    "aggregation": ["core"],
    "producer": ["core", "http", "aws", "aggregation"],
    "leases": ["core", "http", "aws"],
    "consumer": ["core", "http", "aws", "aggregation", "leases"],
    "metrics": ["core", "http", "aws"],
    "multilang": ["core", "consumer"],
    "testing": ["core", "aws", "producer", "leases", "consumer"],
    "emulator": ["core", "http", "aws"],
}
PUBLIC_BOOST = {  # what a public header may include of Boost
    "boost/asio/any_completion_handler.hpp", "boost/asio/any_io_executor.hpp", "boost/asio/associated_allocator.hpp",
    "boost/asio/associated_cancellation_slot.hpp", "boost/asio/associated_executor.hpp", "boost/asio/associator.hpp",
    "boost/asio/async_result.hpp", "boost/asio/awaitable.hpp", "boost/asio/bind_allocator.hpp", "boost/asio/bind_executor.hpp",
    "boost/asio/use_awaitable.hpp",
}
LIGHT_BOOST = PUBLIC_BOOST | {"boost/asio/this_coro.hpp", "boost/asio/cancellation_signal.hpp", "boost/asio/associated_executor.hpp"}
HEAVY = re.compile(r"(boost/|openssl/|nghttp2/|simdjson|libdeflate|sqlite3|protozero/|spdlog/|CLI/)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)
CLOCK = re.compile(r"(steady_clock|system_clock|high_resolution_clock)::now\s*\(|\btime\s*\(\s*(NULL|nullptr|0)\s*\)|clock_gettime|gettimeofday")


def is_test(path: pathlib.Path) -> bool:
    """Tests, and what they share."""
    return path.name.endswith("_test.cpp") or path.name.startswith("test_")


def main() -> int:
    breaches = []
    expensive = {}  # header: what makes it so
    files = sorted(p for top in ("include", "src") for p in (ROOT / top).rglob("*") if p.suffix in (".hpp", ".cpp"))
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        text = path.read_text()
        test = is_test(path)
        public = name.startswith("include/")
        parts = path.relative_to(ROOT).parts
        folder = parts[1] if parts[0] == "src" else None
        logic = "logic" in parts
        for bracket, target in INCLUDE.findall(text):
            def breach(why):
                breaches.append(f"{name}: includes {bracket}{target}: {why}")

            if public and HEAVY.match(target) and target not in PUBLIC_BOOST:
                breach("too heavy for a public header")
            if public and bracket == '"':
                breach("a public header includes public headers only, in angle brackets")
            if folder and bracket == '"':
                other = target.split("/")[0]
                if other in ALLOWED and other != folder and other not in ALLOWED[folder] and not (test and folder != "emulator" and other == "emulator"):
                    breach(f"src/{folder} does not stand below src/{other}")
            if folder and path.suffix == ".hpp" and HEAVY.match(target) and target not in LIGHT_BOOST:
                expensive[name[len("src/"):]] = target
            if logic and (target.startswith("boost/asio") or target in ("core/async.hpp", "core/channel.hpp", "ctime")):
                breach("logic/ does no I/O and reads no clock")
        if (logic or public or (folder and name != "src/core/clock.cpp")) and not test:
            for match in CLOCK.finditer(text):
                line = text.count("\n", 0, match.start()) + 1
                breaches.append(f"{name}:{line}: reads a clock; only src/core/clock.cpp may")
    for path in files:  # an expensive header stays within its folder
        parts = path.relative_to(ROOT).parts
        for bracket, target in INCLUDE.findall(path.read_text()):
            if target in expensive and (parts[0] != "src" or parts[1] != target.split("/")[0]) and not is_test(path):
                breaches.append(f"{path.relative_to(ROOT)}: includes {target}, which includes {expensive[target]}: too expensive outside its folder")
    for line in breaches:
        print(line)
    print(f"layers: {len(files)} files, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
