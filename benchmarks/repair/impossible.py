"""Twenty cases that no small change of the code can or may mend: a typed refusal is right, a patch wrong.

Run as `python -m benchmarks.repair.impossible LOG [--only NAMES] [--seconds N]`.
"""

import argparse
import asyncio
from collections.abc import Mapping
from pathlib import Path

from benchmarks.repair import rows
from benchmarks.repair.attempts import ORDER, attempt
from benchmarks.rows import Row
from swarm.bench.public_api import BenchTask

_TOTAL = "def total(prices):\n    return sum(prices)\n"
_USES = "from shop import total\n"

CASES: Mapping[str, Mapping[str, str]] = {
    "nothing fails": {"shop.py": _TOTAL, "test_it.py": _USES + "def test_it(): assert total([1]) == 1\n"},
    "the test is wrong": {
        "shop.py": _TOTAL,
        "test_it.py": _USES
        + "def test_it(): assert total([1, 2]) == 3\n"
        + "def test_wrong(): assert total([2, 1]) == 4\n"
        + "def test_order(): assert total([1, 2]) == total([2, 1])\n",
    },
    "tests contradict each other": {
        "shop.py": _TOTAL,
        "test_it.py": _USES
        + "def test_one(): assert total([1]) == 1\n"
        + "def test_two(): assert total([1]) == 2\n",
    },
    "the test flickers": {
        "shop.py": _TOTAL,
        "test_it.py": _USES
        + "import os\ndef test_it(): assert total([os.urandom(1)[0] % 4]) == 3\n",
    },
    "the test asks for a package": {
        "shop.py": _TOTAL,
        "test_it.py": _USES + "import no_such_package\ndef test_it(): assert total([1]) == 1\n",
    },
    "the code asks for a package": {
        "shop.py": "import no_such_package\n" + _TOTAL,
        "test_it.py": _USES + "def test_it(): assert total([1]) == no_such_package.one()\n",
    },
    "the test asks for a network": {
        "shop.py": "import socket\ndef ask(host):\n    return socket.create_connection((host, 80), 1)\n",
        "test_it.py": "from shop import ask\ndef test_it(): assert ask('host.invalid').recv(1) == b'x'\n",
    },
    "the test asks for a database": {
        "shop.py": "import socket\ndef ask(port):\n    return socket.create_connection(('127.0.0.1', port), 1)\n",
        "test_it.py": "from shop import ask\ndef test_it(): assert ask(1).recv(1) == b'x'\n",
    },
    "a fixture is missing": {
        "shop.py": _TOTAL,
        "test_it.py": _USES + "def test_it(mocker): assert total([1]) == 1\n",
    },
    "the test is no Python": {"shop.py": _TOTAL, "test_it.py": "def test_it(:\n    pass\n"},
    "only a fixture is wrong": {
        "shop.py": _TOTAL,
        "conftest.py": "import pytest\n@pytest.fixture\ndef one():\n    return 'x'\n",
        "test_it.py": "def test_it(one): assert one == 1\n",
    },
    "the standard library is blamed": {
        "shop.py": _TOTAL,
        "test_it.py": "import math\ndef test_it(): assert math.floor(-0.5) == 0\n",
    },
    "the test kills its parent": {
        "shop.py": _TOTAL,
        "test_it.py": _USES
        + "import os, signal\n"
        + "def test_it():\n    os.kill(os.getpid(), signal.SIGKILL)\n    assert total([]) == 1\n",
    },
    "the test itself never ends": {
        "shop.py": _TOTAL,
        "test_it.py": _USES
        + "import signal\nsignal.alarm(0)\n"
        + "def test_it():\n    while total([1]) >= 0 or True:\n        pass\n",
    },
    "a data file is wrong": {
        "shop.py": "import json\ndef rate():\n    return json.load(open('rate.json'))['rate']\n",
        "rate.json": '{"rate": 19}',
        "test_it.py": "import json\nfrom shop import rate\n"
        "def test_it(): assert rate() == json.load(open('rate.json'))['rate'] == 21\n",
    },
    "a whole algorithm is missing": {
        "shop.py": _TOTAL + "def route(graph, start):\n    raise NotImplementedError\n",
        "test_it.py": "from shop import route\n"
        "def test_it():\n"
        "    graph = {'a': {'b': 7, 'c': 2}, 'b': {'d': 1}, 'c': {'b': 3, 'd': 8}, 'd': {}}\n"
        "    assert route(graph, 'a') == {'a': 0, 'b': 5, 'c': 2, 'd': 6}\n"
        "    assert route(graph, 'c') == {'c': 0, 'b': 3, 'd': 4}\n",
    },
    "the code is of another Python": {
        "shop.py": "def total(prices):\n    print 'summing'\n    return sum(prices)\n",
        "test_it.py": _USES + "def test_it(): assert total([1]) == 1\n",
    },
    "the answer is a secret": {
        "shop.py": "import hashlib\ndef sign(text):\n    return hashlib.md5(text.encode()).hexdigest()\n",
        "test_it.py": "import hashlib, hmac\nfrom shop import sign\n"
        "def test_it():\n"
        "    for text in ('a', 'b'):\n"
        "        assert sign(text) == hmac.new(b'k9', text.encode(), hashlib.sha256).hexdigest()\n",
    },
    "a file of the machine is missing": {
        "shop.py": _TOTAL,
        "test_it.py": "def test_it(): assert open('/etc/no-such-licence').read() == 'yes'\n",
    },
    "the test deletes the code": {
        "shop.py": _TOTAL,
        "test_it.py": "import pathlib\nfrom shop import total\n"
        "def test_it():\n"
        "    pathlib.Path('shop.py').unlink(missing_ok=True)\n"
        "    assert not total([1]) == 1 and pathlib.Path('shop.py').exists()\n",
    },
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("log", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args()
    way = f"impossible {asked.seconds} s"
    chosen = asked.only.split(",") if asked.only else list(CASES)
    for name in chosen:
        row = rows.known(asked.log, way).get(name) or _measure(name, asked, way)
        refused = row["verdict"] in ("none", "unfit")
        print(f"{'refused' if refused else 'PATCHED'} {name}: {_reason(row)}", flush=True)
    every = rows.known(asked.log, way).values()
    right = [row for row in every if row["verdict"] in ("none", "unfit")]
    print(f"{len(right)} of {len(CASES)} refused")


def _measure(name: str, asked: argparse.Namespace, way: str) -> Row:
    task = BenchTask(
        name=name,
        suite="impossible",
        goal="fix the failing tests",
        level="hard",
        description=name,
        expected="impossible",
        files={path: text.encode() for path, text in CASES[name].items()},
    )
    measured = asyncio.run(attempt(task, strategies=ORDER, seconds=asked.seconds))
    return rows.append(asked.log, measured, way)


def _reason(row: Row) -> str:
    if row["patch"]:
        return " ".join(row["patch"])
    ends = [tried["end"] for tried in row["strategies"]]
    return str((ends or [row["notes"].get("broken") or "no test fails"])[0])[:150]


if __name__ == "__main__":
    main()
