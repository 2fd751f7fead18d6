"""What the lints share: the files of a tree, and C without its comments."""
import pathlib
import re
import sys


def root():
    """The tree to look at: the only argument of every lint."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} ROOT")
    return pathlib.Path(sys.argv[1])


def sources(tree, *folders):
    """(path, name relative to the tree) of the C files below the folders."""
    for folder in folders:
        for path in sorted((tree / folder).rglob("*.[ch]")):
            yield path, path.relative_to(tree).as_posix()


def blank(match):
    """Same lines, no text; a string stays a string."""
    text = match.group(0)
    if text.startswith('"'):
        return '""'
    return "\n" * text.count("\n") + " "


TOKENS = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.DOTALL)


def code(text):
    """Without comments and the contents of strings, line by line the same."""
    return TOKENS.sub(blank, text)


def uncommented(text):
    """Without comments, strings kept."""
    return TOKENS.sub(
        lambda m: m.group(0) if m.group(0).startswith('"') else blank(m),
        text)


def report(problems, looked_at):
    """Prints the problems; a lint that saw no file has failed."""
    for problem in problems:
        print(problem)
    if looked_at == 0:
        sys.exit("no file was looked at")
    print(f"{looked_at} files, {len(problems)} problems")
    sys.exit(1 if problems else 0)
