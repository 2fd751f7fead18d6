#!/usr/bin/env python3
"""Every #include and every guarded call of src against scripts/layers.txt."""
import re

import sources

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
SQL = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE \w+ SET|DELETE FROM|'
                 r'CREATE TABLE|PRAGMA)\b')


class Rules:
    def __init__(self, path):
        self.layers, self.libs, self.calls, self.libc = {}, {}, {}, set()
        for line in path.read_text().splitlines():
            line = line.split("#")[0].strip()
            if not line:
                continue
            head, _, tail = line.partition(":")
            kind, *names = head.split()
            if kind == "layer":
                self.layers[names[0]] = set(tail.split())
            elif kind == "lib":
                self.libs[names[0]] = set(tail.split())
            elif kind == "call":
                for name in names:
                    self.calls[name] = set(tail.split())
            elif kind == "libc":
                self.libc.update(tail.split())
            else:
                raise SystemExit(f"{path}: {line}")

    def own(self, folder, header):
        """What is wrong with "header" in folder, or None."""
        target = header.split("/")[0]
        if "/" not in header:
            return "is not written as layer/file.h"
        if target == folder:
            return None
        if target not in self.layers:
            return f"{target} is not a layer"
        if target not in self.layers[folder]:
            return f"{folder} may not include {target}"
        return None

    def foreign(self, folder, header):
        """What is wrong with <header> in folder, or None."""
        for name, folders in self.libs.items():
            if header == name or name[-1] == "/" and header.startswith(name):
                if folder in folders:
                    return None
                return f"{folder} may not include <{header}>"
        if header in self.libc:
            return None
        return f"<{header}> is not in scripts/layers.txt"


def main():
    tree = sources.root()
    rules = Rules(tree / "scripts/layers.txt")
    problems, count = [], 0
    for path, name in sources.sources(tree, "src"):
        folder = name.split("/")[1]
        count += 1
        if folder not in rules.layers:
            problems.append(f"{name}: {folder} is not in scripts/layers.txt")
            continue
        text = path.read_text()
        uncommented = sources.uncommented(text)
        for kind, header in INCLUDE.findall(uncommented):
            wrong = rules.own(folder, header) if kind == '"' else \
                rules.foreign(folder, header)
            if wrong:
                problems.append(f"{name}: {header}: {wrong}")
        for function in re.findall(r"(?<![\w.>])(\w+)\(", sources.code(text)):
            if folder not in rules.calls.get(function, {folder}):
                problems.append(f"{name}: {folder} may not call {function}()")
        if folder != "store" and SQL.search(uncommented):
            problems.append(f"{name}: SQL outside of store")
    sources.report(problems, count)


main()
