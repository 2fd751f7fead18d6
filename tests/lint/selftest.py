#!/usr/bin/env python3
"""Each lint passes a sound tree and fails a tree with one thing wrong."""
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOUND = {
    "src/util/fault.c": 'static const char *const rows[] = {\n'
                        '\t"a.before",\n\tNULL,\n};\n',
    "src/util/use.c": '#include <stdio.h>\n#include "util/fault.h"\n'
                      'void\nf(void)\n{\n\tFAULT("a.before");\n}\n',
    "src/acme/post.c": '/* RFC 8555 section 7.4: a goto SELECT. */\n'
                       '#include "ca/ca.h"\nint post_count;\n',
    "docs/testing.md": "| x | y | `tests/unit/a.c` `x_2020` |\n",
    "tests/unit/a.c": "static void\nx_2020(void)\n{\n}\n"
                      "void (*tests)(void) = x_2020;\n",
}
# lint, file, text that is wrong
PLANTED = [
    ("layers", "src/ca/x.c", '#include "acme/acme.h"\n'),
    ("layers", "src/ca/x.c", '#include "ca.h"\n'),
    ("layers", "src/ca/x.c", "#include <sqlite3.h>\n"),
    ("layers", "src/ca/x.c", "#include <unknown.h>\n"),
    ("layers", "src/other/x.c", "int x;\n"),
    ("layers", "src/ca/x.c", "int f(void) { return socket(1, 2, 3); }\n"),
    ("layers", "src/ca/x.c", 'const char *s = "SELECT 1";\n'),
    ("style", "src/ca/x.c", "void\nf(void)\n{\n\tgoto out;\nout:;\n}\n"),
    ("style", "src/ca/x.c", "int x;\n" * 601),
    ("style", "src/ca/common.c", "int x;\n"),
    ("style", "src/ca/x.c", "/* TO" "DO */\n"),
    ("style", "src/ca/x.c", "/* RFC" "8555 */\n"),
    ("style", "tests/unit/x.c", '#include "ca/x' '.c"\n'),
    ("citations", "src/est/x.c", "/* RFC 7030 */\n"),
    ("faults", "src/ca/x.c", 'int f(void) { FAULT("b.before"); }\n'),
    ("faults", "src/util/use.c", "int x;\n"),
    ("fetches", "src/ca/x.c", "const void *f(void) { return EVP_sha256(); }\n"),
    ("incidents", "docs/testing.md", "no table\n"),
    ("incidents", "tests/unit/a.c", "static void\ny_2020(void)\n{\n}\n"),
    ("incidents", "tests/unit/a.c", "static void\nx_2020(void)\n{\n}\n"),
    ("format", "src/ca/x.c", "int  x ;\n"),
]


def run(lint, tree):
    return subprocess.run([sys.executable, HERE / f"{lint}.py", tree],
                          capture_output=True, text=True, check=False)


def build(root, real, change):
    for name, text in {**SOUND, **change}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "scripts").mkdir()
    shutil.copy(real / "scripts/layers.txt", root / "scripts")
    shutil.copy(real / ".clang-format", root)


def expect(lint, real, change, want):
    with tempfile.TemporaryDirectory() as name:
        build(pathlib.Path(name), real, change)
        done = run(lint, name)
    if done.returncode in (want, 77):
        return 0
    print(f"{lint} with {change} gave {done.returncode}: {done.stdout}"
          f"{done.stderr}")
    return 1


def main():
    real = pathlib.Path(sys.argv[1])
    wrong = sum(expect(lint, real, {}, 0)
                for lint in sorted({row[0] for row in PLANTED}))
    for lint, name, text in PLANTED:
        wrong += expect(lint, real, {name: text}, 1)
    print(f"{len(PLANTED)} planted faults, {wrong} surprises")
    sys.exit(1 if wrong else 0)


main()
