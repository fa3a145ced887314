"""Goals that need a model, from the command line to the pull request; the model is a scripted server."""

from dataclasses import replace
from pathlib import Path

import pytest

from swarm.domain.events import StepRecorded
from swarm.testing.git import a_repository, git
from swarm.testing.models import KEY
from swarm.testing.outside import Answer, Outside
from swarm.testing.wire import ModelServer, Say, Use, a_model, script

CART = """\
from prices import price


def total(items):
    return sum(price(name) * count for name, count in items)
"""
PRICES = """\
PRICES = {"apple": 3, "pear": 4}


def price(name):
    return PRICES[name]
"""
TEST = """\
from cart import total


def test_total():
    assert total([("apple", 2)]) == 6
"""
SHOP = {"cart.py": CART, "prices.py": PRICES, "test_cart.py": TEST}
SUBMIT = Use("submit", {"title": "Do what was asked", "why": "It was asked for; a test shows it."})


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    a_repository(tmp_path / "shop", SHOP)
    return tmp_path / "shop"


@pytest.fixture
def user(swarm: Outside) -> Outside:
    return replace(swarm, environ={"ANTHROPIC_API_KEY": KEY})


def asked(user: Outside, server: ModelServer, text: str, repository: Path, *argv: str) -> Answer:
    return user.run(
        text, repository, "--engine", "claude", "--base-url", server.url, "--json", *argv
    )


def test_a_bug_without_a_failing_test_gets_one_first(user: Outside, shop: Path) -> None:
    test = "\n\ndef test_an_unknown_name_costs_nothing():\n    assert total([('plum', 1)]) == 0\n"
    brain = script(
        Say("", (Use("write", {"path": "test_unknown.py", "content": "from cart import total" + test}),
                 Use("test", {"ids": ["test_unknown.py::test_an_unknown_name_costs_nothing"]}))),
        Say("", (Use("edit", {"path": "prices.py", "old": "PRICES[name]",
                              "new": "PRICES.get(name, 0)"}),)),
        Say("", (SUBMIT,)),
        Say("", (SUBMIT,)),
    )  # fmt: skip
    with a_model(brain) as server:
        ran = asked(user, server, "an unknown name should cost nothing, but total() crashes", shop)
    assert ran.code == 0, ran.told
    branch = ran.document["goal"]["id"]
    assert "PRICES.get(name, 0)" in git(shop, "show", f"swarm/{branch}:prices.py")
    assert "plum" in git(shop, "show", f"swarm/{branch}:test_unknown.py")
    assert any(
        isinstance(e, StepRecorded) and "test_unknown" in e.step.action for e in user.events()
    )
