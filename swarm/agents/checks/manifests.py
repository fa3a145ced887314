"""What the files say that a project is built from: whom they name, from where, and what is run by itself.

Text is read and nothing else: no file is imported, no tool of a language asked. A file that cannot be read
names nothing, and says so. Names are compared as their registries compare them.
"""

import ast
import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any

from swarm.domain.syntax import tree_of

MOST = 400_000
"""Characters of one file: nobody writes more by hand, and a reader's time is bounded."""

_REGISTRY = ""
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[[^\]]*\])?\s*(.*)", re.DOTALL)
_PLACE = re.compile(r"(?:git|hg|svn|bzr)\+\S+|(?:https?|ssh|git|file)://\S+|git@\S+", re.IGNORECASE)
_ELSEWHERE = ("git", "url", "path", "file", "tarball", "index", "registry", "source", "hg")
"""Keys of a table that say from where, in TOML's dialects."""

_INSTALLS = frozenset(
    {"preinstall", "install", "postinstall", "prepare", "preprepare", "postprepare", "prepublish",
     "dependencies"}
)  # fmt: skip
"""npm's scripts that run when somebody installs."""


@dataclass(frozen=True, slots=True)
class Named:
    """One thing that is brought in, or that is run when it is."""

    kind: str
    """`package`, `index` (where packages come from), or `script` (what runs when one installs)."""

    name: str
    source: str = _REGISTRY
    """From where, where that is not the usual registry."""

    version: str = ""

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, normal(self.name)


class Unreadable(ValueError):
    """The file has no form; what it names cannot be said."""


def normal(name: str) -> str:
    """As registries compare names: case, and `-`, `_`, `.` in any number, make no difference."""
    return re.sub(r"[-_.]+", "-", name).lower()


def reader_of(path: str) -> "Reader | None":
    """How a file of this name is read; None where it names no dependencies."""
    name = PurePosixPath(path).name
    for pattern, reader in _READERS:
        if fnmatchcase(path if "/" in pattern else name, pattern):
            return reader
    return None


def named_in(path: str, text: str) -> dict[tuple[str, str], Named]:
    """What the file names, by kind and name. Raises Unreadable."""
    reader = reader_of(path)
    if reader is None or not text.strip():
        return {}
    if len(text) > MOST:
        raise Unreadable(f"it has more than {MOST} characters")
    try:
        return {each.key: each for each in reader(text)}
    except (ValueError, TypeError, AttributeError, RecursionError, SyntaxError) as error:
        raise Unreadable(
            str(error).splitlines()[0] if str(error) else type(error).__name__
        ) from error
    except configparser.Error as error:
        raise Unreadable(error.message.splitlines()[0]) from error


# Python -----------------------------------------------------------------------------------------


def _requirement(text: str) -> Iterator[Named]:
    """PEP 508, or a place alone."""
    place = _PLACE.search(text)
    found = _NAME.fullmatch(text.strip())
    if found and (place is None or found.start(1) < place.start()) and "://" not in found[1]:
        name, rest = found.groups()
        is_place = rest.startswith("@")
        source = rest[1:].split(";")[0].strip() if is_place else _REGISTRY
        yield Named("package", name, source, "" if is_place else rest.split(";")[0].strip())
    elif place or text.strip().startswith((".", "/")):
        where = place[0] if place else text.strip()
        egg = re.search(r"#egg=([A-Za-z0-9._-]+)", where)
        yield Named("package", egg[1] if egg else where, where)


def _requirements(text: str) -> Iterator[Named]:
    """Files of pip's own: options, continued lines, hashes, comments."""
    joined = re.sub(r"\\\r?\n", " ", text)
    for line in joined.splitlines():
        told = re.sub(r"(^|\s)#.*", "", line).strip()
        told = re.sub(r"\s--(?:hash|config-settings?|global-option)[= ]\S+", "", told)
        option = re.match(r"(-[a-zA-Z]|--[a-z-]+)[= ]?\s*(.*)", told)
        if option is None:
            yield from _requirement(told) if told else ()
        elif option[1] in ("-i", "--index-url", "--extra-index-url", "-f", "--find-links"):
            yield Named("index", option[2], option[2])
        elif option[1] in ("-e", "--editable"):
            yield from _requirement(option[2])


def _pyproject(text: str) -> Iterator[Named]:
    read = tomllib.loads(text)
    project, tools = _table(read.get("project")), _table(read.get("tool"))
    build, poetry = _table(read.get("build-system")), _table(tools.get("poetry"))
    lists = [project.get("dependencies"), build.get("requires")]
    lists += _table(project.get("optional-dependencies")).values()
    lists += _table(read.get("dependency-groups")).values()
    uv, pdm = _table(tools.get("uv")), _table(tools.get("pdm"))
    lists += [uv.get("dev-dependencies"), uv.get("constraint-dependencies")]
    lists += [uv.get("override-dependencies"), *_table(pdm.get("dev-dependencies")).values()]
    for env in _table(_table(tools.get("hatch")).get("envs")).values():
        lists += [_table(env).get("dependencies"), _table(env).get("extra-dependencies")]
    for wanted in lists:
        for each in _texts(wanted):
            yield from _requirement(each)
    groups = [_table(each).get("dependencies") for each in _table(poetry.get("group")).values()]
    for group in (poetry.get("dependencies"), poetry.get("dev-dependencies"), *groups):
        yield from _entries(_table(group), but="python")
    yield from _entries(_table(uv.get("sources")))
    for places in (uv.get("index"), poetry.get("source"), pdm.get("source")):
        for place in places if isinstance(places, list) else ():
            if isinstance(url := _table(place).get("url"), str):
                yield Named("index", url, url)
    for key in ("index-url", "extra-index-url", "find-links"):
        for url in _texts(uv.get(key)):
            yield Named("index", url, url)
    if backend := build.get("build-backend"):
        yield Named(
            "script", "build-backend", "", f"{backend} {build.get('backend-path', '')}".strip()
        )


def _setup_cfg(text: str) -> Iterator[Named]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text)
    options = dict(parser["options"]) if parser.has_section("options") else {}
    has_extras = parser.has_section("options.extras_require")
    extras = dict(parser["options.extras_require"]) if has_extras else {}
    wanted = [
        options.get(key, "") for key in ("install_requires", "setup_requires", "tests_require")
    ]
    for lines in (*wanted, *extras.values()):
        for each in lines.splitlines():
            yield from _requirement(each) if each.strip() else ()


def _setup_py(text: str) -> Iterator[Named]:
    """The words in what `setup()` is told to require."""
    wanted = {"install_requires", "setup_requires", "tests_require", "extras_require"}
    lists = {"requires", "requirements", "install_requires", "extras", "dependencies"}
    for node in ast.walk(tree_of(text)):
        if isinstance(node, ast.keyword) and node.arg in wanted:
            yield from _words(node.value)
        elif isinstance(node, ast.keyword) and node.arg == "cmdclass":
            yield Named("script", "cmdclass", "", ast.unparse(node.value))
        elif isinstance(node, ast.Assign):
            names = [each.id.lower() for each in node.targets if isinstance(each, ast.Name)]
            if lists.intersection(names):
                yield from _words(node.value)


def _words(value: ast.expr) -> Iterator[Named]:
    keys = {id(key) for node in ast.walk(value) if isinstance(node, ast.Dict) for key in node.keys}
    for node in ast.walk(value):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in keys:
            yield from _requirement(node.value)


def _pipfile(text: str) -> Iterator[Named]:
    read = tomllib.loads(text)
    for group, wanted in read.items():
        if group not in ("source", "requires", "scripts", "pipenv"):
            yield from _entries(_table(wanted))
    for place in read.get("source", []):
        url = str(_table(place).get("url", ""))
        yield Named("index", url, url)


# JavaScript, Go, Rust, Ruby, Java -----------------------------------------------------------------


def _package_json(text: str) -> Iterator[Named]:
    read = _table(json.loads(text))
    groups = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
    for group in (*groups, "resolutions", "overrides"):
        for name, wanted in _table(read.get(group)).items():
            told = wanted if isinstance(wanted, str) else json.dumps(wanted, sort_keys=True)
            is_place = bool(re.match(r"[a-z+]+:|[\w.-]+/[\w.-]+(#|$)|\.{0,2}/", told))
            yield Named("package", name, told if is_place else _REGISTRY, "" if is_place else told)
    for name, told in _table(read.get("scripts")).items():
        if name in _INSTALLS:
            yield Named("script", name, "", str(told))


def _npmrc(text: str) -> Iterator[Named]:
    for line in text.splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if equals and key.lower().endswith("registry"):
            yield Named("index", value, value)


def _pip_conf(text: str) -> Iterator[Named]:
    for line in text.splitlines():
        key, equals, value = (part.strip() for part in line.partition("="))
        if equals and key.lower() in ("index-url", "extra-index-url", "find-links"):
            yield Named("index", value, value)


def _go_mod(text: str) -> Iterator[Named]:
    block = ""
    for line in text.splitlines():
        told = line.split("//")[0].strip()
        if opened := re.fullmatch(r"(require|replace)\s*\(", told):
            block = opened[1]
        elif told == ")":
            block = ""
        elif block or told.startswith(("require ", "replace ", "tool ")):
            yield from _go_line(told.removeprefix("require ").removeprefix("tool "), block)


def _go_line(told: str, block: str) -> Iterator[Named]:
    if block == "replace" or told.startswith("replace "):
        old, _, new = told.removeprefix("replace ").partition("=>")
        yield Named("package", f"{old.split()[0]} (replaced)", new.strip())
    elif parts := told.split():
        yield Named("package", parts[0], _REGISTRY, parts[1] if len(parts) > 1 else "")


def _cargo(text: str) -> Iterator[Named]:
    read = tomllib.loads(text)
    targets = [_table(each) for each in _table(read.get("target")).values()]
    for holder in (read, _table(read.get("workspace")), *targets):
        for group in ("dependencies", "dev-dependencies", "build-dependencies"):
            yield from _entries(_table(holder.get(group)))
    for group in ("patch", "replace"):
        for name, wanted in _table(read.get(group)).items():
            yield Named(
                "package", f"{name} ({group})", json.dumps(wanted, sort_keys=True, default=str)
            )
    if build := _table(read.get("package")).get("build"):
        yield Named("script", "build", "", str(build))


def _gemfile(text: str) -> Iterator[Named]:
    for line in text.splitlines():
        told = line.strip()
        if found := re.match(r"(?:gem|spec\.add_\w*dependency)[ (]+['\"]([^'\"]+)['\"](.*)", told):
            elsewhere = re.search(r"\b(?:git|github|path|source)\b\W{1,8}([^'\"\s,]+)", found[2])
            place = elsewhere[1] if elsewhere else _REGISTRY
            yield Named("package", found[1], place, "" if place else found[2].strip(" ,)"))
        elif found := re.match(r"source[ (]+['\"]([^'\"]+)['\"]", told):
            yield Named("index", found[1], found[1])


def _pom(text: str) -> Iterator[Named]:
    """By their tags: XML of a stranger is not handed to a parser that knows entities."""
    for piece in re.split(r"<(?:dependency|plugin)>", text)[1:]:
        block = re.split(r"</(?:dependency|plugin)>", piece, maxsplit=1)[0]
        parts = dict(re.findall(r"<(groupId|artifactId|version)>([^<]*)</", block))
        parts = {key: value.strip() for key, value in parts.items()}
        name = f"{parts.get('groupId', '')}:{parts.get('artifactId', '')}"
        yield Named("package", name, _REGISTRY, parts.get("version", ""))
    for piece in re.split(r"<(?:pluginR|r)epository>", text)[1:]:
        if found := re.search(r"<url>([^<]*)</url>", piece.partition("epository>")[0]):
            yield Named("index", found[1].strip(), found[1].strip())


def _gradle(text: str) -> Iterator[Named]:
    for found in re.finditer(r"['\"]([\w.-]+:[\w.-]+)(?::([\w.+\[\](),-]*))?['\"]", text):
        yield Named("package", found[1], _REGISTRY, found[2] or "")
    for url in re.findall(r"\burl\b\W{1,8}(https?://[^'\"\s)]+)", text):
        yield Named("index", url, url)


# Tables -----------------------------------------------------------------------------------------


def _entries(wanted: Mapping[str, Any], but: str = "") -> Iterator[Named]:
    """`name = "1.2"`, or a table that may say from where."""
    for name, told in wanted.items():
        if name == but:
            continue
        for each in told if isinstance(told, list) else [told]:
            entry = {"version": each} if isinstance(each, str) else _table(each)
            place = " ".join(f"{key} {entry[key]}" for key in _ELSEWHERE if entry.get(key))
            real = str(entry.get("package", name))
            yield Named("package", real, place, str(entry.get("version", "")))


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(e for e in value if isinstance(e, str)) if isinstance(value, list) else ()


Reader = Callable[[str], Iterator[Named]]
_READERS: tuple[tuple[str, Reader], ...] = (
    ("pyproject.toml", _pyproject),
    ("*requirements*.txt", _requirements),
    ("*requirements*.in", _requirements),
    ("*requirements/*.txt", _requirements),
    ("*requirements/*.in", _requirements),
    ("*constraints*.txt", _requirements),
    ("setup.cfg", _setup_cfg),
    ("setup.py", _setup_py),
    ("Pipfile", _pipfile),
    ("package.json", _package_json),
    (".npmrc", _npmrc),
    ("pip.conf", _pip_conf),
    ("go.mod", _go_mod),
    ("Cargo.toml", _cargo),
    ("Gemfile", _gemfile),
    ("*.gemspec", _gemfile),
    ("pom.xml", _pom),
    ("build.gradle", _gradle),
    ("build.gradle.kts", _gradle),
)
