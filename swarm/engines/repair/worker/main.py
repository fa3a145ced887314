"""One request in, one answer out.

The answer goes to what was standard output when the process began; what tests print goes nowhere.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

Say = Callable[[dict[str, Any]], None]


def serve(request: dict[str, Any]) -> None:
    """Answer and leave. `refusal` is an answer too: why this interpreter cannot serve.

    The answer is the last line; a long search says what it has found so far in lines before it.
    """
    out = os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(null, stream)
    refusal = _refusal()

    def say(answer: dict[str, Any]) -> None:
        data = json.dumps(answer).encode() + b"\n"
        while data:
            data = data[os.write(out, data) :]

    say({"refusal": refusal} if refusal else _answered(request, say))
    os._exit(0)


def _refusal() -> str:
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 9):  # noqa: UP036 - the target's version, not ours
        return "repair needs Python 3.9 or later in the target's environment; it has " + found
    if not sys.platform.startswith("linux"):
        return "repair needs Linux; this is " + sys.platform
    try:
        import pytest
    except ImportError:
        return "repair needs pytest 7 or later in the target's environment; it has none"
    if int(pytest.__version__.split(".")[0]) < 7:
        return "repair needs pytest 7 or later; the target's environment has " + pytest.__version__
    return ""


def _answered(request: dict[str, Any], say: Say) -> dict[str, Any]:
    try:
        return _work(request, say)
    except BaseException:  # noqa: BLE001 - the one place where a bug of ours becomes an answer
        return {"crash": traceback.format_exc()}


def _work(request: dict[str, Any], say: Say) -> dict[str, Any]:
    from swarm.engines.repair.worker.comparing import compare
    from swarm.engines.repair.worker.finding import find, find_cold, plan
    from swarm.engines.repair.worker.observing import observe
    from swarm.engines.repair.worker.pinning import pin
    from swarm.engines.repair.worker.rechecking import greens, recheck
    from swarm.engines.repair.worker.suite import Suite, collect, run_plainly
    from swarm.engines.repair.worker.tracing import Importing, trace

    if request["kind"] == "run":
        return run_plainly(request["options"], request["files"])
    if request.get("phase") == "cold" and request["kind"] == "search":
        return find_cold(request, say)
    kinds: dict[str, Callable[[Suite, dict[str, Any]], dict[str, Any]]] = {
        "trace": trace,
        "observe": observe,
        "compare": compare,
        "recheck": recheck,
        "greens": greens,
        "pin": pin,
        "plan": plan,
        "search": lambda suite, request: find(suite, request, say),
    }
    answer: dict[str, Any] = {}
    importing = Importing(request["root"])

    def work(suite: Suite) -> None:
        importing.stop()
        answer.update(kinds[request["kind"]](suite, request))

    if request.get("importing"):
        importing.start()
    status = collect(request["options"], request["files"], work)
    if request.get("importing") and answer:
        answer["importing"] = importing.functions
    return answer or {"nothing": f"pytest collected nothing and ended with status {status}"}
