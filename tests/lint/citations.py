#!/usr/bin/env python3
"""A folder that obeys a standard says where: "RFC 8555 section 7.4"."""
import re

import sources

FOLDERS = ("acme", "est", "scep", "ocsp", "publish", "http", "codec", "ca",
           "net")
CITATION = re.compile(r"RFC\s+[0-9]+\s+section\s+[0-9]")


def main():
    tree = sources.root()
    problems, count = [], 0
    for folder in FOLDERS:
        texts = [path.read_text().replace("*", " ")
                 for path, _ in sources.sources(tree, f"src/{folder}")]
        count += len(texts)
        if texts and not any(CITATION.search(text) for text in texts):
            problems.append(f"src/{folder}: cites no RFC with its section")
    sources.report(problems, count)


main()
