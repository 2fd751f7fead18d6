#!/usr/bin/env python3
"""clang-format agrees with every file.  Exit 77, skipped, without it.

The reference is the version of Debian 12, for others lay out some lines
differently.
"""
import re
import shutil
import subprocess
import sys

import sources

REFERENCE = "14"


def find():
    for name in (f"clang-format-{REFERENCE}", "clang-format"):
        path = shutil.which(name)
        if path is None:
            continue
        said = subprocess.run([path, "--version"], capture_output=True,
                              text=True, check=True).stdout
        if re.search(rf"version {REFERENCE}\.", said):
            return path
    return None


def main():
    tree = sources.root()
    tool = find()
    if tool is None:
        print(f"no clang-format {REFERENCE}")
        sys.exit(77)
    problems, count = [], 0
    for path, name in sources.sources(tree, "src", "tests", "fuzz", "bench"):
        count += 1
        said = subprocess.run(
            [tool, "--dry-run", "--Werror", "--style=file", str(path)],
            capture_output=True, text=True, check=False)
        if said.returncode != 0:
            first = said.stderr.splitlines()[0] if said.stderr else "failed"
            problems.append(f"{name}: run clang-format -i ({first})")
    sources.report(problems, count)


main()
