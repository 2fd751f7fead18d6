#!/usr/bin/env python3
"""The rows of fault.c and the FAULT() points of src name the same places."""
import re

import sources

ROW = re.compile(r'^\t"([a-z_.]+)",$', re.MULTILINE)
USE = re.compile(r'\b(?:FAULT|FAULT_ERRNO|fault_pass)\(\s*"([^"]+)"')


def main():
    tree = sources.root()
    table = ROW.findall((tree / "src/util/fault.c").read_text())
    problems, used, count = [], set(), 0
    for path, name in sources.sources(tree, "src"):
        if name.startswith("src/util/fault."):
            continue
        count += 1
        for point in USE.findall(sources.uncommented(path.read_text())):
            used.add(point)
            if point not in table:
                problems.append(f"{name}: {point} is no row of fault.c")
    for point in table:
        if point not in used:
            problems.append(f"src/util/fault.c: {point} is used nowhere")
    if len(set(table)) != len(table) or not table:
        problems.append("src/util/fault.c: no rows, or one twice")
    sources.report(problems, count)


main()
