#!/usr/bin/env python3
"""Each test that the table of incidents names is there, and is run."""
import re

import sources

ROW = re.compile(r"^\|.*\| `(tests/[\w/.]+)` `(\w+)` \|$", re.MULTILINE)


def trouble(tree, name, test):
    path = tree / name
    if not path.exists():
        return "there is no such file"
    text = sources.uncommented(path.read_text())
    if not re.search(rf"^(?:def )?{test}\(", text, re.MULTILINE):
        return f"{test} is not defined"
    # cmocka's lists may put a prefix of their own before a name.
    short = test.removeprefix("test_")
    if len(re.findall(rf"\b(?:test_)?{short}\b", text)) < 2:
        return f"{test} is not run"
    return None


def main():
    tree = sources.root()
    page = tree / "docs/testing.md"
    rows = ROW.findall(page.read_text()) if page.exists() else []
    problems = []
    for name, test in rows:
        why = trouble(tree, name, test)
        if why is not None:
            problems.append(f"{name}: {why}, but docs/testing.md names it")
    if not rows:
        problems.append("docs/testing.md: no table of incidents")
    sources.report(problems, len(rows))


main()
