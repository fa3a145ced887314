"""What setup.cfg, setup.py, requirements files and locks say. `setup.py` is parsed, never run."""

import ast
import re
from collections.abc import Iterator

from swarm.domain.syntax import tree_of
from swarm.recipes import versions
from swarm.recipes.pyproject import is_for_tests, of_pipenv
from swarm.recipes.reading import Entry, Files, shortened, table
from swarm.recipes.recipe import Part, Reason
from swarm.recipes.requirements import hosts_in, name_of, normalised

_NATIVE = re.compile(r"\b(?:Extension|cythonize|RustExtension|CMakeExtension|ext_modules)\b")
_SOURCES = (".c", ".cc", ".cpp", ".h", ".hpp", ".pyx", ".pxd", ".rs", ".toml.in", "CMakeLists.txt")
_PIPFILE = "Pipfile"
_LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
_WANTED = re.compile(
    r"(?:requirements|deps)?[-_./]?(?:dev|develop|test|tests|testing|ci)?[-_.]?(?:requirements)?"
)


def said_by_setup(files: Files) -> Iterator[Reason]:
    for entry in files.entries("setup.cfg"):
        for part, value in _configured(entry):
            said = shortened(entry.text)
            yield Reason(part=part, value=value, path="setup.cfg", line=entry.number, said=said)
    for entry in files.entries("pytest.ini"):
        yield Reason(part="test", value="pytest", path="pytest.ini", line=entry.number)
    if files.has("setup.py"):
        yield files.reason("install", "editable", "setup.py", r"\bsetup\s*\(")
        yield from _called(files)
    elif any(entry.section == "metadata" for entry in files.entries("setup.cfg")):
        yield files.reason("install", "editable", "setup.cfg", r"^\[metadata\]")


def _configured(entry: Entry) -> Iterator[tuple[Part, str]]:
    if (entry.section, entry.key) == ("options", "python_requires"):
        yield "interpreter", entry.text
    elif (entry.section, entry.key) == ("options", "install_requires") and name_of(entry.text):
        yield "needs", name_of(entry.text)
    elif entry.section == "options.extras_require" and is_for_tests(entry.key):
        yield "extras", entry.key
    elif entry.section == "tool:pytest":
        yield "test", "pytest"


def _called(files: Files) -> Iterator[Reason]:
    text = files.text("setup.py") or ""
    try:
        tree = tree_of(text)
    except (SyntaxError, ValueError, RecursionError):
        yield files.reason("note", "setup.py is not Python 3: only its presence counts", "setup.py")
        return
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    keywords = [each for call in calls if _is_setup(call) for each in call.keywords]
    for keyword in keywords:
        yield from _keyword(keyword, text)


def _is_setup(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name == "setup"


def _keyword(keyword: ast.keyword, text: str) -> Iterator[Reason]:
    line = keyword.value.lineno
    said = shortened(text.splitlines()[line - 1])
    if keyword.arg == "use_scm_version":
        yield Reason(part="version", value="0.0.0", path="setup.py", line=line, said=said)
    try:
        value = ast.literal_eval(keyword.value)
    except (ValueError, TypeError, RecursionError, MemoryError):
        return
    if keyword.arg == "python_requires" and isinstance(value, str):
        yield Reason(part="interpreter", value=value, path="setup.py", line=line, said=said)
    elif keyword.arg in {"install_requires", "tests_require"} and isinstance(value, list):
        for name in filter(None, (name_of(str(each)) for each in value)):
            yield Reason(part="needs", value=name, path="setup.py", line=line, said=said)
    elif keyword.arg == "extras_require" and isinstance(value, dict):
        for extra in value:
            if is_for_tests(str(extra)):
                yield Reason(part="extras", value=str(extra), path="setup.py", line=line, said=said)


def said_by_locks(files: Files) -> Iterator[Reason]:
    for name in (*_LOCKS, *files.below("", "requirements*.lock")):
        if files.has(name):
            yield files.reason("lock", name, name, said="pins every version")
    for name in ("environment.yml", "environment.yaml", "conda-lock.yml"):
        if files.has(name):
            yield files.reason("note", f"{name} is conda's: recognised, not built", name)
    if files.has(_PIPFILE):
        yield from _said_by_pipfile(files)


def _said_by_pipfile(files: Files) -> Iterator[Reason]:
    """Without its lock, what it asks for is installed in whatever versions it admits."""
    read = files.toml(_PIPFILE)
    if isinstance(python := table(read.get("requires")).get("python_version"), str):
        yield files.reason("interpreter", f"=={python}.*", _PIPFILE, r"^\s*python_version\b")
    for section in ("packages", "dev-packages"):
        for name, wanted in table(read.get(section)).items():
            line = rf"^\s*\"?{re.escape(name)}"
            yield files.reason("needs", normalised(name), _PIPFILE, line)
            wished = of_pipenv(name, wanted)
            is_here = {"path", "file"} & table(wanted).keys()
            if files.has("Pipfile.lock") or is_here or not name_of(wished):
                continue
            yield files.reason("packages", wished, _PIPFILE, line)
            for host in hosts_in(wished):
                yield files.reason("hosts", host, _PIPFILE, re.escape(host))


def said_by_requirements(files: Files) -> Iterator[Reason]:
    found = (*files.below("", "*requirements*.txt"), *files.below("requirements", "*.txt"))
    for path in found:
        words = re.split(r"[-_./]|requirements|txt", path)
        if all(not word or word == "base" or is_for_tests(word) for word in words):
            yield files.reason(
                "requirements", path, path, said="what the project or its tests need"
            )


def said_in_requirements(files: Files, path: str) -> Iterator[Reason]:
    """Names and hosts in a requirements file and those that it includes."""
    for inner in (path, *included(files, path)):
        for number, line in enumerate((files.text(inner) or "").splitlines(), 1):
            plain = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].strip()
            if plain and not plain.startswith("-") and (name := name_of(plain)):
                said = shortened(plain)
                yield Reason(part="needs", value=name, path=inner, line=number, said=said)
            for host in hosts_in(plain):
                # Without the line: an address may hold a password.
                yield Reason(part="hosts", value=host, path=inner, line=number)


def included(files: Files, path: str) -> tuple[str, ...]:
    """Files that a requirements file names with `-r` and `-c`, and those that these name."""
    found: dict[str, None] = {}
    waiting = [path]
    while waiting and len(found) < 100:
        current = waiting.pop()
        folder = current.rpartition("/")[0]
        for name in re.findall(
            r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)",
            files.text(current) or "",
            re.MULTILINE,
        ):
            parts: list[str] = []
            for part in f"{folder}/{name}".split("/"):
                if part == ".." and parts:
                    parts.pop()
                elif part not in {"", "."}:
                    parts.append(part)
            inner = "/".join(parts)
            if files.has(inner) and inner not in found and inner != path:
                found[inner] = None
                waiting.append(inner)
    return tuple(found)


def said_of_python(files: Files) -> Iterator[Reason]:
    """A wish for an interpreter, and what is compiled."""
    if (text := files.text(".python-version")) and (wanted := versions.of_file(text)):
        yield files.reason("interpreter", wanted, ".python-version", r"\d")
    if (text := files.text("runtime.txt")) and (wanted := versions.of_file(text)):
        yield files.reason("interpreter", wanted, "runtime.txt", r"\d")
    compiles = _NATIVE.search(files.text("setup.py") or "") or re.search(
        r"maturin|scikit-build|mesonpy|setuptools-rust|[Cc]ython",
        files.text("pyproject.toml") or "",
    )
    if compiles:
        for path in files.walk(*_SOURCES):
            yield files.reason("native", path, path, said="compiled into the project")
