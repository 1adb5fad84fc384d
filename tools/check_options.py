#!/usr/bin/env python3
"""The tables of options in docs/ are the truth: each has every option of its headers, in order and with its default, and each range stands in the message
that the code refuses other values with. Exits 1 with a line per breach."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Of each page: the structs in the order of its table, the headers they stand in, and where their values are checked. The first struct's members have no prefix.
PAGES = {
    "docs/producer.md": (["ProducerOptions", "AggregateByShard", "AggregateByKey"], ["include/kinesis/producer.hpp"], ["src/producer/producer_core.cpp"]),
    "docs/consumer.md": (["ConsumerOptions", "Polling", "EnhancedFanOut", "RegisteredConsumer", "ExistingConsumer", "LeaseTiming", "CheckpointEvery", "CheckpointPerKey", "PerKey"],
                         ["include/kinesis/consumer.hpp", "include/kinesis/fetch_mode.hpp", "include/kinesis/lease.hpp", "include/kinesis/checkpointing.hpp",
                          "include/kinesis/consume_options.hpp"],
                         ["src/consumer/consumer_core.cpp", "src/consumer/shard_work.cpp"]),
}
MEMBER = re.compile(r"^  ([\w:<>()&, ]+?) (\w+)(?: = (.+)|\{(.+)\})?;", re.M)
ROW = re.compile(r"^\| `([\w:]+)` \| ([^|]*)\| ([^|]*)\| ([^|]*)\| ([^|]*)\|$", re.M)
SIZES = {"KiB": 1024, "MiB": 1024 * 1024}


def value(text):
    """A default as a number if it is one, else its last word: `WhenFull::wait` is "wait"."""
    text = re.sub(r"std::size_t\{(\d+)\}", r"\1", text.strip()).replace("'", "").replace(",", "")
    if re.fullmatch(r"[\d\s*]+", text):
        product = 1
        for factor in text.split("*"):
            product *= int(factor)
        return product
    size = re.fullmatch(r"(\d+) (KiB|MiB)", text)
    if size:
        return int(size[1]) * SIZES[size[2]]
    return re.sub(r"\{.*\}$", "", text).split("::")[-1]


def options(header, structs):
    """Name and default of each option, None for a required one, "" for one that is empty."""
    found = {}
    for struct in structs:
        prefix = "" if struct == structs[0] else struct + "::"
        body = re.search(r"^struct " + struct + r" \{$(.*?)^\};", header, re.M | re.S)[1]
        for kind, name, assigned, braced in MEMBER.findall(body):
            default = assigned or braced
            found[prefix + name] = (kind, value(default) if default else None)
    return found


def check(header, source, page, structs):
    problems = []
    wanted = options(header, structs)
    rows = {name: (unit.strip(), default.strip(), span.strip()) for name, unit, default, span, _ in ROW.findall(page)}
    if list(rows) != list(wanted):
        for name in wanted.keys() - rows.keys():
            problems.append(f"{name} is not in the table")
        for name in rows.keys() - wanted.keys():
            problems.append(f"{name} is no option")
        if not problems:
            problems.append("the options are in another order than in the header")
    messages = " ".join(re.findall(r'fail\("([^"]+)"\)', source))
    for name, (unit, default, span) in rows.items():
        if name not in wanted:
            continue
        kind, real = wanted[name]
        if real is None and default != "required" or real and value(default) != real:
            problems.append(f"{name}: the default is {'required' if real is None else real}, not {default}")
        if "milliseconds" in kind and unit != "ms":
            problems.append(f"{name}: the unit is ms, not {unit}")
        last = name.split("::")[-1]
        if re.match(r"at |\d", span) and not re.search(rf"\b{last}\b[\w ,]* must be {re.escape(span)}(?!\w)", messages):
            problems.append(f"{name}: nothing refuses what is not {span}")
    return problems, len(rows)


def self_test():
    header = "struct ProducerOptions {\n  StreamId stream;\n  std::size_t a = std::size_t{5} * 1024 * 1024;\n  std::chrono::milliseconds b{1'000};\n};\n"
    header += "struct AggregateByShard {\n  E c = E::one;\n};\nstruct AggregateByKey {\n};\n"
    source = 'fail("a must be 1 to 10 MiB"); fail("b must be at least 1");'
    page = "| `stream` | | required | any | |\n| `a` | bytes | 5 MiB | 1 to 10 MiB | |\n| `b` | ms | 1,000 | at least 1 | |\n| `AggregateByShard::c` | | one | one | |\n"
    structs = ["ProducerOptions", "AggregateByShard", "AggregateByKey"]
    assert check(header, source, page, structs) == ([], 4)
    for old, new in (("5 MiB", "6 MiB"), ("1,000", "100"), (" ms ", " s "), ("1 to 10", "2 to 10"), ("at least 1", "at least 0"), ("| one |", "| two |"),
                     ("`a`", "`z`"), ("| required", "| 7")):
        assert check(header, source, page.replace(old, new, 1), structs)[0], new


def main():
    self_test()
    read = lambda names: "\n".join((ROOT / name).read_text() for name in names)
    broken = 0
    for page, (structs, headers, sources) in PAGES.items():
        problems, rows = check(read(headers), read(sources), read([page]), structs)
        for problem in problems:
            print(f"{page}: {problem}")
        print(f"options of {page}: {rows}" if not problems else f"options of {page}: {len(problems)} problems")
        broken += len(problems)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
