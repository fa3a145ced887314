"""Errors that changed code raises no more, or swallows. Pure.

Told over a whole file, so that moving a check or an error into another function changes nothing. A kind
of error that is gone blocks a change that no failing test asks for; a repair may have to take one away.
"""

import ast
from collections import Counter
from collections.abc import Iterator

from swarm.domain.syntax import tree_of
from swarm.domain.tasks import Finding

_BROAD = frozenset({"Exception", "BaseException", ""})


def lost_handling(path: str, before: str, after: str, *, asked: bool) -> tuple[Finding, ...]:
    """`asked`: failing tests ask for the change."""
    try:
        old, new = tree_of(before), tree_of(after)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    return (*_silenced(path, old, new, asked=asked), *_swallowed(path, old, new))


def _silenced(path: str, old: ast.Module, new: ast.Module, *, asked: bool) -> Iterator[Finding]:
    """Kinds of errors that the file raises no more at all."""
    was, now = Counter(_raised(old)), Counter(_raised(new))
    for name in sorted(was.keys() - now.keys()):
        yield Finding(
            rule="error-removed",
            message=f"`{name}` was raised here {was[name]} time{'s' * (was[name] > 1)}, and is no more",
            path=path,
            blocks=not asked,
        )


def _raised(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            yield ast.unparse(node.exc.func if isinstance(node.exc, ast.Call) else node.exc)


def _swallowed(path: str, old: ast.Module, new: ast.Module) -> Iterator[Finding]:
    """Handlers that take any error and raise none."""
    known = Counter(_said(each) for each in _catching_all(old))
    for handler in _catching_all(new):
        if known[_said(handler)] > 0:
            known[_said(handler)] -= 1
            continue
        yield Finding(
            rule="error-swallowed",
            message="takes every error, and raises none: what goes wrong there is seen by nobody",
            path=path,
            line=handler.lineno,
        )


def _catching_all(tree: ast.Module) -> Iterator[ast.ExceptHandler]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node):
            raises = any(
                isinstance(each, ast.Raise) for body in node.body for each in ast.walk(body)
            )
            if not raises:
                yield node


def _is_broad(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any((ast.unparse(kind) if kind is not None else "") in _BROAD for kind in kinds)


def _said(handler: ast.ExceptHandler) -> str:
    return ast.unparse(handler)
