#!/usr/bin/env python3
"""Committed pages and samples against what the program prints; usage lines
against the options that are explained and those that are understood."""
import pathlib
import re
import subprocess
import sys

BINARY, TREE = sys.argv[1], pathlib.Path(sys.argv[2])
MADE = {
    "docs/man/chancery.1": ["help", "--man"],
    "docs/config.md": ["config", "--markdown"],
    "conf/chancery.yaml": ["config"],
}


def run(*words):
    return subprocess.run([BINARY, *words], capture_output=True, text=True,
                          check=False, cwd="/")


def commands():
    listed = run("help").stdout.split("options of every command")[0]
    for line in listed.splitlines():
        found = re.match(r"  ([a-z]+(?: [a-z]+)?) {2,}\S", line)
        if found:
            yield found.group(1)


def check_command(words):
    """What is wrong with a command's help."""
    text = run(*words.split(), "--help").stdout
    usage = re.search(r"^usage: (.*)$", text, re.MULTILINE).group(1)
    explained = text.split("options of every command")[0]
    explained = re.findall(r"^  (\S+)( \S+)?$", explained, re.MULTILINE)
    # A word in capitals that no option stands before is an argument.
    in_usage = set(re.findall(r"--[a-z-]+", usage)) | set(re.findall(
        r"\b[A-Z]{2,}\b", re.sub(r"--[a-z-]+ [A-Z]+", "", usage)))
    if in_usage != {name for name, _ in explained}:
        yield f"{words}: usage has {sorted(in_usage)}, explained are " \
              f"{sorted(n for n, _ in explained)}"
    for name, value in explained:
        if not name.startswith("--") or not value:
            continue
        done = run(*words.split(), name)
        if done.returncode != 2 or f"{name} wants a value" not in done.stderr:
            yield f"{words} {name}: exit {done.returncode}: {done.stderr}"
    done = run(*words.split(), "--no-such-option")
    if done.returncode != 2 or "unknown option" not in done.stderr:
        yield f"{words} --no-such-option: exit {done.returncode}"


def main():
    problems = []
    for name, words in MADE.items():
        if (TREE / name).read_text() != run(*words).stdout:
            problems.append(f"{name} differs from chancery {' '.join(words)}")
    known = list(commands())
    for words in known:
        problems.extend(check_command(words))
    for problem in problems:
        print(problem)
    print(f"{len(known)} commands, {len(MADE)} files")
    sys.exit(1 if problems or len(known) < 19 else 0)


main()
