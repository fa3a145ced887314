"""Python's text as a tree, one text at a time.

Some releases of CPython count the depth of a growing tree once for all threads: where the collector runs code
in the middle of one tree, and another thread grows its own meanwhile, `ast.parse` ends in a SystemError ("AST
constructor recursion depth mismatch"; seen with 3.11.7). Checks of one change run side by side.
"""

import ast
import threading

_ONE_AT_A_TIME = threading.Lock()


def tree_of(text: str | bytes) -> ast.Module:
    """Raises what `ast.parse` does for what is no Python: SyntaxError, ValueError, RecursionError."""
    with _ONE_AT_A_TIME:
        return ast.parse(text)
