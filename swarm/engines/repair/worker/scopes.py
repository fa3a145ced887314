"""Which names can be used where, and what was seen in them."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator

from swarm.engines.repair.worker.sources import DEFINITIONS, FUNCTIONS, Source

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)


def local_names(source: Source, node: ast.AST) -> list[str]:
    """Names of the enclosing comprehensions, lambdas and functions, innermost first."""
    found: list[str] = []
    for outer in [node, *source.ancestors(node)]:
        if isinstance(outer, _COMPREHENSIONS):
            for generator in outer.generators:
                found += _stored(generator.target)
        elif isinstance(outer, ast.Lambda):
            found += arguments(outer.args)
        elif isinstance(outer, FUNCTIONS):
            found += [*arguments(outer.args), *_assigned(outer)]
    return list(dict.fromkeys(found))


def arguments(args: ast.arguments) -> list[str]:
    plain = [each.arg for each in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    return plain + [each.arg for each in (args.vararg, args.kwarg) if each is not None]


def module_names(source: Source) -> list[str]:
    """Functions, classes, constants and imports of the file."""
    found: list[str] = []
    for statement in source.tree.body:
        if isinstance(statement, DEFINITIONS):
            found.append(statement.name)
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            found += [(each.asname or each.name).split(".")[0] for each in statement.names]
        else:
            found += _stored(statement)
    return list(dict.fromkeys(found))


def used_names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _stored(node: ast.AST) -> list[str]:
    return [
        each.id
        for each in ast.walk(node)
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)
    ]


@functools.lru_cache(maxsize=256)
def _assigned(function: ast.AST) -> tuple[str, ...]:
    """Kept, because it is asked again for every expression of the function."""
    return tuple(dict.fromkeys(_assigned_below(function)))


def _assigned_below(node: ast.AST) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, DEFINITIONS):
            yield child.name
        elif isinstance(child, (*_COMPREHENSIONS, ast.Lambda)):
            continue
        else:
            if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                yield child.id
            yield from _assigned_below(child)
