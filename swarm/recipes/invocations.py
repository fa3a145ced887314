"""What a command that somebody wrote down says: it installs this, it tests like that.

A test command is taken over as far as it is about which tests there are and what they mean: folders,
markers, import modes. What measures, reports or runs tests side by side is left out, for our own run
does these things itself; what only the project's CI can fill in is left out too.
"""

import re
import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise

from swarm.recipes.reading import Files, shortened
from swarm.recipes.recipe import Part, Reason
from swarm.recipes.requirements import hosts_in, name_of
from swarm.recipes.scripts import Line

_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_PYTHON = re.compile(r"(?:\{?env_?python\}?|python[0-9.]*|\$\{?PYTHON\}?|\$\(PYTHON\))")
_LAUNCHERS = ("uv", "poetry", "pdm", "pipenv", "hatch", "rye")
_FILLED_IN = re.compile(r"\$|\{|\}|%\(|`")
_TOOLS = frozenset(
    [
        "pip",
        "setuptools",
        "wheel",
        "uv",
        "tox",
        "nox",
        "build",
        "twine",
        "hatch",
        "poetry",
        "pdm",
        "pipenv",
        "virtualenv",
        "codecov",
        "coveralls",
        "tox-gh-actions",
        "tox-gh",
        "tox-uv",
        "pre-commit",
        "ruff",
        "black",
        "isort",
        "flake8",
        "mypy",
        "pylint",
        "poetry-core",
    ]
)
_WITH_VALUE = frozenset({"-m", "-k", "-W", "-o", "-c", "--import-mode", "--rootdir"}) | {
    "--ignore", "--ignore-glob", "--deselect", "--confcutdir", "--doctest-glob", "--ds",
}  # fmt: skip
_ALONE = frozenset({"--doctest-modules", "--doctest-continue-on-failure", "--pyargs"})


def words_of(text: str) -> list[list[str]]:
    """The simple commands of a line, each as words; nothing for what cannot be read."""
    try:
        lexer = shlex.shlex(text, posix=True, punctuation_chars=";&|")
        lexer.whitespace_split = True
        lexer.commenters = ""
        words = list(lexer)
    except ValueError:
        return []
    commands: list[list[str]] = [[]]
    for word in words:
        if set(word) <= set(";&|"):
            commands.append([])
        else:
            commands[-1].append(word)
    return [command for command in map(launched, commands) if command]


def launched(words: list[str]) -> list[str]:
    """Without assignments before it, and without what only sets up how it runs."""
    while words and _ASSIGNMENT.fullmatch(words[0]):
        words = words[1:]
    if words[:1] in (["xvfb-run"], ["exec"], ["time"], ["env"], ["sudo"], ["call"]):
        return launched(_behind_options(words[1:]))
    if len(words) > 2 and words[0] in _LAUNCHERS and words[1] == "run":
        return launched(_behind_options(words[2:]))
    if words and _PYTHON.fullmatch(words[0].rpartition("/")[2]):
        return launched(words[2:]) if words[1:2] == ["-m"] else ["python", *words[1:]]
    if words[:2] == ["coverage", "run"]:
        return launched(words[words.index("-m") + 1 :]) if "-m" in words else []
    return words


def _behind_options(words: list[str]) -> list[str]:
    at = next((n for n, word in enumerate(words) if not word.startswith("-")), len(words))
    # Behind `--with x` and the like stands a value; the program is what we know to be one.
    known = [n for n in range(at, len(words)) if re.search(r"py\.?test|python|unittest", words[n])]
    return words[known[0] :] if known and "--" not in words[: known[0]] else words[at:]


def said_by(line: Line, files: Files) -> Iterator[Reason]:
    """What follows from one line."""
    for words in words_of(line.text):
        for part, value in _said(words, files):
            yield Reason(
                part=part, value=value, path=line.path, line=line.number, said=shortened(line.text)
            )


def _said(words: list[str], files: Files) -> Iterator[tuple[Part, str]]:
    name = words[0].rpartition("/")[2]
    if name in {"pytest", "py.test"}:
        yield "test", shlex.join(["pytest", *_kept(words[1:], files)])
    elif name == "unittest":
        yield "test", shlex.join(["python", "-m", "unittest", *_without_filled_in(words[1:])])
    elif name == "hatch" and words[1:2] == ["test"]:
        yield "test", "pytest"
    elif name in {"pip", "pip3"} and words[1:2] == ["install"]:
        yield from installed(words[2:], files)
    elif name == "uv" and words[1:3] == ["pip", "install"]:
        yield from installed(words[3:], files)
    elif name in {"uv", "poetry", "pdm"} and words[1:2] in (["sync"], ["install"], ["run"]):
        yield from _synced(words[2:])
    elif name == "python":
        yield from _by_python(words[1:])


def _by_python(words: list[str]) -> Iterator[tuple[Part, str]]:
    if len(words) > 1 and words[0].endswith("manage.py") and words[1] == "test":
        yield "test", shlex.join(["python", *_without_filled_in(words)])
    elif words[:1] == ["setup.py"] and "build_ext" in words:
        yield "steps", shlex.join(["python", *words])


def installed(words: Sequence[str], files: Files) -> Iterator[tuple[Part, str]]:
    """What the words behind `pip install` ask for."""
    rest = iter(words)
    for word in rest:
        if word in {"-r", "--requirement"}:
            yield from _file(next(rest, ""), files)
        elif word.startswith(("-r", "--requirement=")) and len(word) > 2:
            yield from _file(word.removeprefix("--requirement=").removeprefix("-r"), files)
        elif word in {"-e", "--editable"}:
            yield from _project(next(rest, ""))
        elif word == "--group":
            yield "groups", next(rest, "").rpartition(":")[2]
        elif word in {"-c", "--constraint", "-i", "--index-url", "--extra-index-url", "-f"}:
            next(rest, "")
        elif word.startswith("."):
            yield from _project(word)
        elif not word.startswith("-"):
            yield from _package(word)


def _file(name: str, files: Files) -> Iterator[tuple[Part, str]]:
    name = name.removeprefix("./")
    if files.has(name):
        yield "requirements", name


def _project(word: str) -> Iterator[tuple[Part, str]]:
    match = re.fullmatch(r"\.?/?(?:\[([A-Za-z0-9_.,\s-]+)\])?", word)
    if match and match.group(1):
        for extra in match.group(1).split(","):
            yield "extras", extra.strip()


def _package(word: str) -> Iterator[tuple[Part, str]]:
    name = name_of(word)
    if name and name not in _TOOLS and not _FILLED_IN.search(word) and not hosts_in(word):
        yield "packages", word
        yield "needs", name


def _synced(words: Sequence[str]) -> Iterator[tuple[Part, str]]:
    """Options of uv, poetry and pdm that choose what is installed."""
    parts: dict[str, Part] = {"--extra": "extras", "-E": "extras", "--extras": "extras"}
    parts |= {"--group": "groups", "--with": "groups", "-G": "groups", "--only-group": "groups"}
    for word, following in pairwise((*words, "")):
        option, _, value = word.partition("=")
        if option in parts:
            for each in (value or following).replace(",", " ").split():
                if re.fullmatch(r"[A-Za-z0-9_.-]+", each):
                    yield parts[option], each


def _kept(words: Sequence[str], files: Files) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option in _WITH_VALUE:
            value = value if equals else next(rest, "")
            if value and not _FILLED_IN.search(value):
                yield from [word] if equals else [word, value]
        elif option in _ALONE or (not word.startswith("-") and _is_there(word, files)):
            yield word


def _is_there(word: str, files: Files) -> bool:
    path = files.root / word.partition("::")[0]
    return not _FILLED_IN.search(word) and not word.startswith("/") and path.exists()


def _without_filled_in(words: Sequence[str]) -> list[str]:
    return [word for word in words if not _FILLED_IN.search(word)]
