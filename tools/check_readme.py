#!/usr/bin/env python3
"""The programs in README.md and docs/ are those in examples/, which CI compiles and runs: every C++ block follows a line
`<!-- from examples/X.cpp -->` and equals that file without the comment lines at its top. Exits 1 with a line per breach."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MARK = re.compile(r"^<!-- from (examples/\S+\.cpp) -->$")


def program(path):
    """The file without the comment at its top."""
    lines = path.read_text().splitlines()
    while lines and lines[0].startswith("//"):
        lines.pop(0)
    return lines


def check(text, read):
    """What is wrong with the README `text`; `read` gives the lines of a program, or None."""
    problems, lines, number, blocks = [], text.splitlines(), 0, 0
    while number < len(lines):
        if lines[number].rstrip() in ("```cpp", "```c++"):
            end = lines.index("```", number)
            mark = MARK.match(lines[number - 1]) if number else None
            wanted = read(mark[1]) if mark else None
            blocks += 1
            if not mark:
                problems.append(f"line {number + 1}: a C++ block without a line <!-- from examples/X.cpp --> before it")
            elif wanted is None:
                problems.append(f"line {number}: {mark[1]} does not exist")
            elif lines[number + 1:end] != wanted:
                differs = next((i for i, (one, other) in enumerate(zip(lines[number + 1:end], wanted)) if one != other), min(end - number - 1, len(wanted)))
                problems.append(f"line {number + 2 + differs}: differs from {mark[1]}")
            number = end
        elif MARK.match(lines[number]) and (number + 1 == len(lines) or not lines[number + 1].startswith("```cpp")):
            problems.append(f"line {number + 1}: no C++ block follows")
        number += 1
    return problems, blocks


def self_test():
    files = {"examples/a.cpp": ["int main() {}"]}
    good = "<!-- from examples/a.cpp -->\n```cpp\nint main() {}\n```\n"
    assert check(good, files.get) == ([], 1)
    assert check(good.replace("{}", "{ }"), files.get)[0] == ["line 3: differs from examples/a.cpp"]
    assert check(good.replace("a.cpp", "b.cpp"), files.get)[0] == ["line 1: examples/b.cpp does not exist"]
    assert check(good.split("\n", 1)[1], files.get)[0]
    assert check(good.replace("```cpp", "```sh"), files.get)[0] == ["line 1: no C++ block follows"]
    assert check(good.replace("int main() {}\n", ""), files.get)[0] == ["line 3: differs from examples/a.cpp"]


def main():
    self_test()
    read = lambda name: program(ROOT / name) if (ROOT / name).is_file() else None
    problems, blocks = [], 0
    for page in ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))]:
        found, count = check((ROOT / page).read_text(), read)
        problems += [f"{page}: {problem}" for problem in found]
        blocks += count
    for problem in problems:
        print(problem)
    print(f"readme: {blocks} programs" if not problems else f"readme: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
