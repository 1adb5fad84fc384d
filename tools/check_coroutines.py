#!/usr/bin/env python3
"""Refuses what g++ 12.2 compiles to memory corruption (see CONTRIBUTING.md): co_await in the condition of if, while or switch; braces or a
capturing lambda inside an expression with co_await; a conditional operator in one. Exits 1 with a line per breach.

It reads statements, not a syntax tree. A line that is right and looks wrong carries the comment `// co_await ok: why`."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def blank(text: str) -> str:
    """The text with comments, strings and character literals blanked out, offsets kept."""
    def space(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'R"\w*\([\s\S]*?\)\w*"|//[^\n]*|/\*[\s\S]*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])\'', space, text)


def matching(text: str, start: int) -> int:
    """The offset behind the bracket that closes the one at start."""
    depth = 0
    for i in range(start, len(text)):
        if text[i] in "([{":
            depth += 1
        elif text[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i + 1
    return len(text)


def conditions(code: str):
    for match in re.finditer(r"\b(if|while|switch)\s*(?:constexpr\s*)?\(", code):
        end = matching(code, match.end() - 1)
        inside = code[match.end():end - 1]
        condition = inside.rsplit(";", 1)[-1]  # an initialiser before it is fine
        if "co_await" in condition:
            if re.match(r"\s*(const\s+)?[\w:<>,\s*&]+\s+\w+\s*=\s*co_await\b", condition):
                continue  # `if (auto v = co_await f())` declares a local, which g++ 12 gets right
            yield match.start(), f"co_await in the condition of {match.group(1)}"


def expressions(code: str):
    for match in re.finditer(r"\bco_await\b", code):
        i, depth = match.end(), 0
        while i < len(code):
            c = code[i]
            if c in "([":
                if c == "[" and re.match(r"\[[^\]\[]*[\w&=][^\]\[]*\]\s*(\(|\{|mutable|->)", code[i:]) and not re.match(r"[\w\])]", code[i - 1]):
                    captures = re.match(r"\[([^\]]*)\]", code[i:]).group(1)
                    if any(not c.strip().startswith("&") for c in captures.split(",")):
                        yield i, "a capturing lambda inside a co_await expression"
                    i = matching(code, i)
                    continue
                depth += 1
            elif c in ")]":
                if depth == 0:
                    break
                depth -= 1
            elif c == "{":
                if depth == 0:
                    break  # the body of `for (… : co_await f()) {`
                inner = code[i + 1:matching(code, i) - 1].strip()
                if inner:
                    yield i, "braces inside a co_await expression"
                i = matching(code, i)
                continue
            elif c == "?" and depth > 0:
                yield i, "a conditional operator inside a co_await expression"
            elif c == ";" or (c == "," and depth == 0):
                break
            i += 1


def main() -> int:
    breaches, seen = [], 0
    for top in ("include", "src", "apps", "examples", "tests", "bench", "fuzz"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in (".hpp", ".cpp") or "node_modules" in path.parts:
                continue
            seen += 1
            text = path.read_text()
            lines = text.split("\n")
            code = blank(text)
            for offset, why in [*conditions(code), *expressions(code)]:
                line = code.count("\n", 0, offset)
                if "co_await ok:" in lines[line]:
                    continue
                breaches.append(f"{path.relative_to(ROOT)}:{line + 1}: {why}")
    for breach in breaches:
        print(breach)
    print(f"coroutines: {seen} files, {len(breaches)} breaches")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
