#!/usr/bin/env python3
"""Runs each libFuzzer target for some seconds over a copy of its corpus.

fuzz_smoke.py BUILD SECONDS RESULT.xml: a target fails when it crashes, or when
it stays under a floor of executions and edges (a target that tests nothing).
The seed is fixed and the runs are counted, so that a landing repeats what was
run before it, on a faster machine too; with EXTENDED set both are free and
the oracles of other projects are asked, to find what is new.
"""
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

FLOOR_EXECUTIONS_PER_SECOND = 5
FLOOR_EDGES = 30
MOST_RUNS = 300_000
EXTENDED = bool(os.environ.get("EXTENDED"))


def run(target, seconds, corpus):
    with tempfile.TemporaryDirectory() as scratch:
        dirs = [scratch] + ([str(corpus)] if corpus.is_dir() else [])
        done = subprocess.run(
            [str(target), f"-max_total_time={seconds}", "-print_final_stats=1",
             f"-seed={0 if EXTENDED else 1}",
             f"-runs={-1 if EXTENDED else MOST_RUNS}",
             "-rss_limit_mb=2048", "-timeout=10", "-verbosity=1",
             f"-artifact_prefix={scratch}/", *dirs],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace", timeout=seconds * 3 + 120, check=False,
            env=os.environ | ({"FUZZ_ORACLE": "1"} if EXTENDED else {}))
        crash = [p for p in pathlib.Path(scratch).glob("*-*")
                 if p.name.startswith(("crash", "leak", "oom", "timeout"))]
        dump = "".join(f"\n{p.name}: {p.read_bytes().hex()}" for p in crash)
    text = done.stdout
    units = [int(n) for n in
             re.findall(r"number_of_executed_units: (\d+)", text)]
    edges = [int(n) for n in re.findall(r"cov: (\d+)", text)]
    if done.returncode != 0:
        return f"exit {done.returncode}\n{text[-4000:]}{dump}"
    least = min(FLOOR_EXECUTIONS_PER_SECOND * seconds, MOST_RUNS)
    if not units or units[-1] < least:
        return f"only {units} executions\n{text[-1500:]}"
    if not edges or max(edges) < FLOOR_EDGES:
        return f"only {max(edges, default=0)} edges\n{text[-1500:]}"
    print(f"   {target.name}: {units[-1]} runs, {max(edges)} edges",
          flush=True)
    return None


def main():
    build, seconds, result = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    top = pathlib.Path(__file__).resolve().parents[2]
    targets = sorted(p for p in pathlib.Path(build).rglob("fuzz_*")
                     if p.is_file() and p.stat().st_mode & 0o111)
    suite = ET.Element("testsuite", name="fuzz")

    def timed(target):
        started = time.monotonic()
        name = target.name.removeprefix("fuzz_")
        failure = run(target, seconds, top / "fuzz/corpus" / name)
        return target, name, failure, started

    pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
    for target, name, failure, started in pool.map(timed, targets):
        case = ET.SubElement(suite, "testcase", name=f"fuzz.{name}",
                             time=f"{time.monotonic() - started:.1f}")
        if failure:
            ET.SubElement(case, "failure", message="fuzz").text = failure
            print(f"   {target.name}: FAILED\n{failure}", flush=True)
    if not targets:
        case = ET.SubElement(suite, "testcase", name="fuzz.no-targets")
        ET.SubElement(case, "failure", message="no fuzz target was built")
    # Control characters have no place in XML.
    for element in suite.iter():
        if element.text:
            element.text = re.sub(r"[^\t\n -~]", "?", element.text)
    ET.ElementTree(suite).write(result)


if __name__ == "__main__":
    main()
