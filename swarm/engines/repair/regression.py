"""A test beside the failing ones that pins a repair where they only reach it through other code.

It asks the changed function itself, with arguments that a failing test gave it. Where it lies, what it is
called and how it is written follow the file of the failing test: pytest or unittest, quotes, annotations.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from swarm.domain.names import function_of
from swarm.domain.syntax import tree_of

_NAME = re.compile(r"[^0-9a-z]+")
_MOST_LINE = 100


@dataclass(frozen=True, slots=True)
class Regression:
    path: str
    text: str


def regression(call: Mapping[str, str], path: str, like: str) -> Regression:
    """`call`: module, name and arguments of the function, and what it `gives` or `raises`; `like`: the
    text of the failing test's file.
    """
    style = _Style.of(like)
    module, name = call["module"], call["name"]
    called = f"{name}({call['arguments']})"
    title = f"test_{_words(name)}_by_itself"
    body = (
        style.unittest(title, called, call) if style.classes else style.pytest(title, called, call)
    )
    head = [f"from {module} import {name}"]
    if style.classes:
        head.insert(0, "import unittest\n")
    elif "raises" in call:
        head.insert(0, "import pytest\n")
    return Regression(path, style.quoted("\n".join(head) + "\n\n\n" + body))


def paths_for(call: Mapping[str, str], beside: str) -> Iterator[str]:
    """Where the test may lie, the first free one: in the failing test's folder, named in the same way."""
    folder, name = PurePosixPath(beside).parent, PurePosixPath(beside).name
    stem = f"{_words(call['module'].rpartition('.')[2])}_{_words(call['name'])}"
    pattern = "{}_test.py" if name.endswith("_test.py") else "test_{}.py"
    for end in ("", "_regression", "_regression_2", "_regression_3"):
        yield (folder / pattern.format(stem + end)).as_posix()


def _words(name: str) -> str:
    return _NAME.sub("_", name.lower()).strip("_")


@dataclass(frozen=True, slots=True)
class _Style:
    classes: bool
    annotated: bool
    single: bool
    tabs: bool

    @classmethod
    def of(cls, text: str) -> "_Style":
        tree = _parsed(text)
        tests = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test")
        ]
        bases = [
            ast.unparse(b) for n in ast.walk(tree) if isinstance(n, ast.ClassDef) for b in n.bases
        ]
        return cls(
            classes=any(base.endswith("TestCase") for base in bases),
            annotated=bool(tests) and all(each.returns is not None for each in tests),
            single=text.count("'") > text.count('"'),
            tabs="\n\t" in text,
        )

    def pytest(self, title: str, called: str, call: Mapping[str, str]) -> str:
        arrow = " -> None" if self.annotated else ""
        if "raises" in call:
            inside = f"    with pytest.raises({call['raises']}):\n        {called}\n"
        else:
            inside = f"    {_equality(called, call['gives'])}\n"
        return self._indented(f"def {title}(){arrow}:\n{inside}")

    def unittest(self, title: str, called: str, call: Mapping[str, str]) -> str:
        arrow = " -> None" if self.annotated else ""
        if "raises" in call:
            inside = f"        with self.assertRaises({call['raises']}):\n            {called}\n"
        else:
            inside = f"        self.assertEqual({called}, {call['gives']})\n"
        name = "".join(word.capitalize() for word in title.split("_"))
        text = f"class {name}(unittest.TestCase):\n    def {title}(self){arrow}:\n{inside}"
        return self._indented(text)

    def _indented(self, text: str) -> str:
        return text.replace("    ", "\t") if self.tabs else text

    def quoted(self, text: str) -> str:
        """Strings as `repr` writes them have single quotes."""
        return text if self.single else _doubled(text)


def _equality(called: str, result: str) -> str:
    if result in ("True", "False"):
        return f"assert {called} is {result}"
    line = f"assert {called} == {result}"
    if len(line) <= _MOST_LINE:
        return line
    return f"expected = {result}\n    assert {called} == expected"


def _doubled(text: str) -> str:
    """With double quotes, as formatters write strings, where nothing has to be escaped for it."""
    lines = text.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        (row, start), (last, end) = token.start, token.end
        plain = token.type == tokenize.STRING and not set(token.string) & set('"\\')
        if plain and row == last and token.string.endswith("'") and "'" in token.string[:2]:
            begin = token.string.index("'")
            inside = token.string[begin + 1 : -1]
            if "'" not in inside:
                line = lines[row - 1]
                new = f'{token.string[:begin]}"{inside}"'
                lines[row - 1] = line[:start] + new + line[end:]
    return "".join(lines)


def function_at(text: str, line: int) -> str | None:
    """The module's own function around the line; None where it is a method's, or nobody's."""
    for node in _parsed(text).body:
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            return node.name
    return None


def is_asked_by(function: str, test: str, text: str) -> bool:
    """The test's own lines name the function; so they do when the test is not found."""
    name = function_of(test).rpartition("::")[2]
    for node in ast.walk(_parsed(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            lines = ast.get_source_segment(text, node) or function
            return re.search(rf"\b{re.escape(function)}\b", lines) is not None
    return True


def _parsed(text: str) -> ast.Module:
    """Empty where the interpreter that runs here cannot read it."""
    try:
        return tree_of(text)
    except (SyntaxError, ValueError):
        return ast.Module([], [])
