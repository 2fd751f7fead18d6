#!/usr/bin/env python3
"""No implicit fetch of an algorithm on the hot paths.

EVP_sha256() is looked up again at every use, and in the library context that
all threads share; these layers keep what a lane has fetched.
"""
import re

import sources

FETCH = re.compile(r"\bEVP_(?:sha\w+|md5|get_digestby\w+)\s*\(")


def main():
    tree = sources.root()
    problems, count = [], 0
    for path, name in sources.sources(tree, "src/codec", "src/crypto",
                                      "src/signer", "src/ca", "src/acme"):
        count += 1
        for found in FETCH.findall(sources.code(path.read_text())):
            problems.append(f"{name}: {found.rstrip('(')}()")
    sources.report(problems, count)


main()
