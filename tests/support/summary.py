#!/usr/bin/env python3
"""Counts the JUnit files of a test run.

The line before the last names every skip; a skip that the list of allowed ones
does not have counts as a failure.  The last line is "N passed, N failed".
"""
import pathlib
import sys
import xml.etree.ElementTree as ET


def record(name, path, passed):
    """One stage that is no ctest run, as a test case of its own."""
    suite = ET.Element("testsuite", name=name)
    case = ET.SubElement(suite, "testcase", name=name)
    if not passed:
        ET.SubElement(case, "failure", message="the stage failed")
    ET.ElementTree(suite).write(path)


def cases(directory):
    for path in sorted(pathlib.Path(directory).glob("*.xml")):
        try:
            root = ET.parse(path).getroot()
        except ET.ParseError:
            yield path.stem, "unreadable-results", "fail"
            continue
        for case in root.iter("testcase"):
            status = "pass"
            if case.find("failure") is not None or \
                    case.get("status") in ("fail", "notrun") and \
                    case.find("skipped") is None:
                status = "fail"
            elif case.find("skipped") is not None or \
                    case.get("status") in ("notrun", "disabled"):
                status = "skip"
            yield path.stem, case.get("name"), status


def main():
    if len(sys.argv) == 4 and sys.argv[1] in ("--passed", "--failed"):
        record(sys.argv[2], sys.argv[3], sys.argv[1] == "--passed")
        return 0
    allowed = set()
    for line in open(sys.argv[2], encoding="utf-8"):
        name = line.split("#")[0].strip()
        if name:
            allowed.add(name)
    counts = {"pass": 0, "fail": 0, "skip": 0}
    skips, failures = set(), []
    for stage, name, status in cases(sys.argv[1]):
        if status == "skip" and name not in allowed:
            status = "fail"
            name += " (a skip that tests/allowed-skips does not list)"
        counts[status] += 1
        if status == "skip":
            skips.add(name)
        elif status == "fail":
            failures.append(f"{stage}: {name}")
    if counts["pass"] == 0:
        counts["fail"] += 1
        failures.append("no test ran")
    for failure in failures:
        print("FAILED", failure)
    print("skipped:", " ".join(sorted(skips)) if skips else "nothing")
    print(f"{counts['pass']} passed, {counts['fail']} failed")
    return 1 if counts["fail"] else 0


if __name__ == "__main__":
    sys.exit(main())
