#!/usr/bin/env python3
"""House rules that a regular expression can see."""
import re

import sources

LINES = 600
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK|for now|placeholder)\b")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CITATION = re.compile(r"\bRFC-?\d{3,}|\bRFC \d+,? (?:sec\.|s\.|ch\.)|§")


def main():
    tree = sources.root()
    problems, count = [], 0
    for path, name in sources.sources(tree, "src", "tests", "fuzz", "bench"):
        count += 1
        text = path.read_text()
        lines = text.count("\n")
        if name.startswith("src/") and lines > LINES:
            problems.append(f"{name}: {lines} lines, at most {LINES}")
        if re.search(r"\bgoto\b", sources.code(text)):
            problems.append(f"{name}: goto")
        if path.stem in ("common", "misc", "helpers", "helper", "utils"):
            problems.append(f"{name}: a file is named after its noun")
        if re.search(r'#\s*include\s*"[^"]*\.c"', text):
            problems.append(f"{name}: includes a .c")
        for found in UNFINISHED.findall(text):
            problems.append(f"{name}: {found}")
        for found in CITATION.findall(" ".join(COMMENT.findall(text))):
            problems.append(
                f'{name}: "{found}"; a citation is "RFC 8555 section 7.4"')
    sources.report(problems, count)


main()
