"""Code that reaches for the interpreter or the test runner instead of the bug.

Code under test runs in its tests' interpreter and can make any report say anything. This reads the
syntax tree of added code for the known ways there. It is a list of doors, not a proof: code that
finds another door, or walks through one that was open on the base, is not seen here. Dynamic code
and dynamic imports count as doors, since what is behind them cannot be read.
"""

import ast
import sys
from collections import Counter
from dataclasses import dataclass

from swarm.domain.syntax import tree_of
from swarm.domain.tasks import Finding

_FORBIDDEN_MODULES = {
    "gc": "interpreter", "ctypes": "interpreter", "_ctypes": "interpreter", "cffi": "interpreter",
    "atexit": "interpreter", "builtins": "interpreter", "faulthandler": "interpreter",
    "_thread": "interpreter", "marshal": "dynamic-code", "runpy": "dynamic-code",
    "code": "dynamic-code", "codeop": "dynamic-code", "imp": "dynamic-code",
    "_pytest": "test-runner", "pluggy": "test-runner", "_frozen_importlib": "interpreter",
    "_imp": "interpreter", "_testcapi": "interpreter", "sitecustomize": "interpreter",
    "sys.monitoring": "interpreter", "multiprocessing.forkserver": "interpreter",
}  # fmt: skip
_TEST_MODULES = {"pytest": "test-runner", "unittest": "test-runner", "doctest": "test-runner"}
_FORBIDDEN_NAMES = {
    "sys": {
        "modules", "meta_path", "path_hooks", "path_importer_cache", "settrace", "setprofile",
        "monitoring", "addaudithook", "excepthook", "unraisablehook", "displayhook", "_getframe",
        "_getframemodulename", "_current_frames", "_current_exceptions", "__stdout__", "__stderr__",
        "__excepthook__", "path", "call_tracing", "orig_argv",
    },
    "os": {"_exit", "abort", "kill", "killpg", "fork", "forkpty", "register_at_fork", "dup2",
           "execv", "execve", "execl", "execle", "execlp", "execlpe", "execvp", "execvpe"},
    "signal": {"raise_signal", "pthread_kill"},
    "inspect": {"currentframe", "stack", "getouterframes", "getinnerframes", "trace"},
    "traceback": {"walk_stack", "extract_stack"},
    "threading": {"settrace", "setprofile", "settrace_all_threads", "setprofile_all_threads",
                  "excepthook", "_shutdown"},
    "types": {"CodeType", "FunctionType", "FrameType"},
    "importlib": {"reload", "machinery", "_bootstrap"},
    "site": {"addsitedir"},
}  # fmt: skip
_FRAME_ATTRIBUTES = frozenset(
    {"f_back", "f_globals", "f_locals", "f_builtins", "f_trace", "f_code", "tb_frame", "gi_frame",
     "cr_frame", "ag_frame", "__globals__", "__subclasses__", "__builtins__", "__code__",
     "__closure__", "__loader__"}
)  # fmt: skip
_DYNAMIC_CALLS = frozenset({"exec", "eval", "compile", "breakpoint"})
_WHOLE_ONLY_AS_OWNER = frozenset({"sys", "os", "importlib", "types", "inspect", "threading"})
_HIDDEN = frozenset({"sys", "os", "gc", "builtins", "ctypes", "inspect", "atexit", "_os", "_sys"})
"""Modules that other modules hold as attributes: `logging.sys`."""

_TELLTALES = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION", "_pytest", "/proc/")
_HOOK_PREFIX = "pytest_"


@dataclass(frozen=True, slots=True)
class Use:
    """One place in code; two are the same use when rule and text agree."""

    rule: str
    what: str
    line: int


_WORDS = {
    "interpreter": "reaches into the interpreter",
    "test-runner": "reaches into the test runner",
    "frames": "reaches into frames or code objects",
    "dynamic-code": "runs code that cannot be read beforehand",
    "patches": "changes a module or class that is not its own",
    "detects-tests": "asks whether it is being tested",
    "always-equal": "defines an equality that is always true",
    "unreadable": "cannot be read as Python",
}


def new_intrusions(path: str, base: str | None, text: str, *, is_test: bool) -> list[Finding]:
    """What the text of one file does that its text on the base did not."""
    before = Counter((use.rule, use.what) for use in uses(base or "", is_test=is_test))
    findings = []
    for use in uses(text, is_test=is_test):
        key = (use.rule, use.what)
        if before[key] > 0:
            before[key] -= 1
            continue
        message = f"`{use.what}` {_WORDS[use.rule]}"
        findings.append(
            Finding(rule=f"tampering.{use.rule}", message=message, path=path, line=use.line)
        )
    return findings


def uses(text: str, *, is_test: bool) -> list[Use]:
    """Every door the text goes through. Test files may use the test runner as tests do."""
    try:
        tree = tree_of(text)
        reader = _Reader(is_test=is_test)
        reader.visit(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return [Use("unreadable", type(error).__name__, getattr(error, "lineno", 0) or 0)]
    return sorted(reader.found, key=lambda use: (use.line, use.rule, use.what))


class _Reader(ast.NodeVisitor):
    def __init__(self, *, is_test: bool) -> None:
        self._is_test = is_test
        self._modules: dict[str, str] = {}
        self.found: list[Use] = []

    def _note(self, rule: str, what: str, node: ast.AST) -> None:
        self.found.append(Use(rule, what, getattr(node, "lineno", 0)))

    def _module_rule(self, name: str) -> str | None:
        top = name.partition(".")[0]
        rule = _FORBIDDEN_MODULES.get(name) or _FORBIDDEN_MODULES.get(top)
        if rule is None and not self._is_test:
            rule = _TEST_MODULES.get(top)
        return rule

    # Imports bind names to modules; `import sys as s` must not hide anything.

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            rule = self._module_rule(alias.name)
            if rule:
                self._note(rule, f"import {alias.name}", node)
            bound = alias.asname or alias.name.partition(".")[0]
            self._modules[bound] = alias.name if alias.asname else bound

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        rule = None if node.level else self._module_rule(module)
        for alias in node.names:
            full = f"{module}.{alias.name}"
            inner = rule or (None if node.level else self._module_rule(full))
            if inner:
                self._note(inner, f"from {module} import {alias.name}", node)
            elif (not node.level and self._forbidden(module, alias.name)) or (
                not node.level and alias.name in _HIDDEN
            ):
                self._note("interpreter", full, node)

    @staticmethod
    def _forbidden(module: str, name: str) -> bool:
        names = _FORBIDDEN_NAMES.get(module)
        return names is not None and (name in names or name in {"*", "__dict__"})

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in _FRAME_ATTRIBUTES:
            self._note("frames", f".{node.attr}", node)
        if isinstance(node.value, ast.Name):
            module = self._modules.get(node.value.id, "")
            if self._forbidden(module, node.attr):
                self._note("interpreter", f"{module}.{node.attr}", node)
            if module and node.attr in _HIDDEN:
                self._note("interpreter", f"{module}.{node.attr}", node)
            if isinstance(node.ctx, ast.Store | ast.Del) and self._foreign(node.value.id):
                self._note("patches", f"{module}.{node.attr} =", node)
            return
        self.generic_visit(node)

    def _foreign(self, name: str) -> bool:
        top = self._modules.get(name, "").partition(".")[0]
        return top in sys.stdlib_module_names or top in {"pytest", "_pytest", "pluggy"}

    def visit_Name(self, node: ast.Name) -> None:
        module = self._modules.get(node.id, "")
        guarded = {"sys"} if self._is_test else _WHOLE_ONLY_AS_OWNER
        if module in guarded and isinstance(node.ctx, ast.Load):
            self._note("interpreter", f"{module} handed on", node)
        if node.id in {"__builtins__", "__loader__", "__spec__", "__import__"}:
            self._note("dynamic-code", node.id, node)
        if node.id in _DYNAMIC_CALLS and isinstance(node.ctx, ast.Load):
            self._note("dynamic-code", node.id, node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if "import_module" in {name, attribute}:
            self._dynamic_import(node)
        if name in {"setattr", "delattr"} and node.args:
            self._patched(node.args[0], node)
        if name in {"getattr", "vars"} and node.args and isinstance(node.args[0], ast.Name):
            self._reached(node)
            for each in node.args[1:]:
                self.visit(each)
            return
        self.generic_visit(node)

    def _dynamic_import(self, node: ast.Call) -> None:
        first = node.args[0] if node.args else None
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            self._note("dynamic-code", "import_module(...)", node)
        elif rule := self._module_rule(first.value):
            self._note(rule, f"import_module({first.value!r})", node)

    def _patched(self, target: ast.expr, node: ast.Call) -> None:
        if isinstance(target, ast.Name) and self._foreign(target.id):
            self._note("patches", f"setattr({target.id}, ...)", node)

    def _reached(self, node: ast.Call) -> None:
        """`getattr(os, name)`: harmless only with a name that can be read and is harmless."""
        owner = node.args[0]
        assert isinstance(owner, ast.Name)
        module = self._modules.get(owner.id, "")
        if module not in _FORBIDDEN_NAMES:
            return
        name = node.args[1] if len(node.args) > 1 else None
        word = name.value if isinstance(name, ast.Constant) else None
        if not isinstance(word, str) or self._forbidden(module, word) or word in _HIDDEN:
            self._note("interpreter", ast.unparse(node)[:80], node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and any(word in node.value for word in _TELLTALES):
            self._note("detects-tests", repr(node.value)[:60], node)
        if not self._is_test and node.value in ("pytest", "unittest"):
            self._note("detects-tests", repr(node.value), node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if node.name == "load_tests" or node.name.startswith(_HOOK_PREFIX):
            self._note("test-runner", f"def {node.name}", node)
        if node.name == "__eq__" and _returns_true(node):
            self._note("always-equal", "def __eq__", node)
        self.generic_visit(node)

    def visit_Assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == "pytest_plugins":
                self._note("test-runner", "pytest_plugins =", node)
            if isinstance(target, ast.Attribute) and _is_dunder(target.attr):
                self._note("patches", f".{target.attr} =", node)
        self.generic_visit(node)


def _returns_true(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    last = node.body[-1]
    return (
        isinstance(last, ast.Return)
        and isinstance(last.value, ast.Constant)
        and last.value.value is True
        and all(isinstance(each, ast.Expr | ast.Return) for each in node.body)
    )


def _is_dunder(name: str) -> bool:
    return name in {"__eq__", "__ne__", "__bool__", "__class__", "__hash__", "__instancecheck__"}
