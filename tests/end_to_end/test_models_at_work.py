"""Goals that need a model, from the command line to the pull request; the model is a scripted server."""

import os
import signal
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest

from swarm.domain.events import (
    LeaseGranted,
    MarketCleared,
    QuestionAsked,
    StepRecorded,
    TaskSentBack,
)
from swarm.testing.git import a_repository, git
from swarm.testing.models import KEY
from swarm.testing.outside import (
    Answer,
    Outside,
    answer,
    contents,
    house_of,
    steps,
    wait_until,
)
from swarm.testing.wire import (
    FINE,
    Heard,
    ModelServer,
    Reply,
    Say,
    Use,
    a_model,
    by_role,
    in_turn,
    script,
)
from tests.end_to_end.projects import BUG, broken

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
PACKAGE = """\
{"name": "sums", "version": "1.0.0", "scripts": {
  "pretest": "npm install --fetch-retries=0 --registry=http://registry.example.org/ left-pad@1.3.0 || true",
  "test": "node --test"
}}
"""
JS_TEST = """\
const { test } = require('node:test');
const assert = require('node:assert');
const { sum } = require('./sum');
"""
SUBMIT = Use("submit", {"title": "Do what was asked", "why": "It was asked for; a test shows it."})


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    a_repository(tmp_path / "shop", SHOP)
    return tmp_path / "shop"


@pytest.fixture
def user(swarm: Outside) -> Outside:
    """With a key, and a model that costs what good ones do, though it runs here."""
    environ = {"ANTHROPIC_API_KEY": KEY, "SWARM_ENGINE_PRICE": "3/15/0.3"}
    return replace(swarm, environ=environ)


def asked(user: Outside, server: ModelServer, text: str, repository: Path, *argv: str) -> Answer:
    return user.run(
        text, repository, "--engine", "claude", "--base-url", server.url, "--json", *argv
    )


@pytest.mark.thorough
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
    with a_model(by_role(brain)) as server:
        ran = asked(user, server, "an unknown name should cost nothing, but total() crashes", shop)
    assert ran.code == 0, ran.told
    branch = ran.document["goal"]["id"]
    assert "PRICES.get(name, 0)" in git(shop, "show", f"swarm/{branch}:prices.py")
    assert "plum" in git(shop, "show", f"swarm/{branch}:test_unknown.py")
    assert any(
        isinstance(e, StepRecorded) and "test_unknown" in e.step.action for e in user.events()
    )


@pytest.mark.thorough
def test_the_key_is_in_one_file_while_goals_are_open_and_then_nowhere(
    user: Outside, shop: Path
) -> None:
    def brain(heard: Heard) -> Reply:
        held.append(holding_the_key(user.home))
        return Say("", (Use("give_up", {"reason": "no"}),))

    held: list[list[str]] = []
    with a_model(by_role(brain)) as server:
        ran = asked(user, server, "make it nicer", shop)
    assert ran.code != 0
    assert held[0] == ["keys/models.json"]
    wait_until(lambda: holding_the_key(user.home) == [])  # its process ends a moment later


def holding_the_key(home: Path) -> list[str]:
    return sorted(name for name, told in contents(home).items() if KEY.encode() in told)


def test_without_a_key_nothing_is_begun(swarm: Outside, shop: Path) -> None:
    ran = swarm.run("make it nicer", shop, "--engine", "claude")
    assert ran.code == 3
    assert "ANTHROPIC_API_KEY" in ran.told
    assert swarm.events() == []


@pytest.mark.thorough
def test_without_an_engine_a_goal_in_free_words_says_what_is_missing(
    user: Outside, shop: Path
) -> None:
    ran = user.run("make it nicer", shop)
    assert ran.code == 3
    assert "needs a model engine" in ran.told


@pytest.mark.thorough
def test_a_feature_over_three_files_comes_with_its_tests(user: Outside, shop: Path) -> None:
    new_test = (
        "from cart import total\n\n\ndef test_ten_and_more_are_cheaper():\n"
        "    assert total([('apple', 10)]) == 27\n"
    )
    brain = script(
        Say("", (Use("list"), Use("read", {"path": "cart.py"}), Use("search", {"pattern": "price"}))),
        Say("", (Use("write", {"path": "test_discount.py", "content": new_test}), Use("test"))),
        Say("", (Use("write", {"path": "discounts.py",
                               "content": "def share(count):\n    return 0.9 if count >= 10 else 1\n"}),
                 Use("edit", {"path": "cart.py", "old": "from prices import price\n",
                              "new": "from discounts import share\nfrom prices import price\n"}),
                 Use("edit", {"path": "cart.py", "old": "price(name) * count",
                              "new": "price(name) * count * share(count)"}))),
        Say("", (Use("note", {"text": "discounts live in discounts.py"}), Use("test"))),
        Say("", (SUBMIT,)),
        Say("", (SUBMIT,)),
    )  # fmt: skip
    with a_model(by_role(brain)) as server:
        ran = asked(user, server, "ten or more of one kind should be 10 % cheaper", shop)
    assert ran.code == 0, ran.told
    branch = f"swarm/{ran.document['goal']['id']}"
    names = git(shop, "diff", "--name-only", "HEAD", branch).split()
    assert names == ["cart.py", "discounts.py", "test_discount.py"]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("rename price to price_of everywhere",
         (Use("run", {"command": "sed -i 's/\\bprice(/price_of(/; s/import price$/import price_of/'"
                                 " cart.py prices.py && cat cart.py prices.py"}), Use("test"))),
        ("write a README that says what this is",
         (Use("write", {"path": "README.md", "content": "# Shop\n\n`cart.total` adds prices up.\n"}),)),
    ],
    ids=["refactoring", "documentation"],
)  # fmt: skip
def test_what_changes_no_behaviour_passes_the_checks(
    user: Outside, shop: Path, text: str, uses: tuple[Use, ...]
) -> None:
    brain = script(Say("", uses), Say("", (SUBMIT,)), Say("", (SUBMIT,)))
    with a_model(by_role(brain)) as server:
        ran = asked(user, server, text, shop)
    assert ran.code == 0, ran.told


@pytest.mark.thorough
@pytest.mark.skipif(which("npm") is None, reason="there is no node on this machine")
def test_a_javascript_project_is_worked_on_with_the_command_that_it_names(
    user: Outside, tmp_path: Path
) -> None:
    files = {
        "package.json": PACKAGE,
        "sum.js": "exports.sum = (a, b) => a - b;\n",
        "zero.test.js": JS_TEST + "test('of zero', () => assert.equal(sum(1, 0), 1));\n",
    }
    a_repository(tmp_path / "js", files)
    more = JS_TEST + "test('of two', () => assert.equal(sum(1, 2), 3));\n"
    brain = script(
        Say("", (Use("write", {"path": "two.test.js", "content": more}), Use("test"))),
        Say("", (Use("edit", {"path": "sum.js", "old": "a - b", "new": "a + b"}), Use("test"))),
        Say("", (SUBMIT,)),
        Say("", (SUBMIT,)),
    )
    with a_model(by_role(brain)) as server:
        ran = asked(user, server, "sum subtracts", tmp_path / "js")
    assert ran.code == 0, ran.told
    before, after = (next(h.told for h in server.heard if h.answered == at) for at in (1, 2))
    assert "1 of 2 tests that pass; these fail: of two" in before
    assert "2 of 2 tests that pass" in after
    branch = f"swarm/{ran.document['goal']['id']}"
    assert "a + b" in git(tmp_path / "js", "show", f"{branch}:sum.js")
    text = user.call("pr", "show", "1").told
    assert "the test command succeeds and tells of 2 of 2 tests that pass" in text
    assert "of two fails without the change and passes with it" in text
    assert "registry.example.org first, while this ran: npm test" in text


@pytest.mark.thorough
def test_a_question_stops_the_goal_and_its_answer_goes_on_with_it(
    user: Outside, shop: Path
) -> None:
    def brain(heard: Heard) -> Reply:
        if heard.answered == 0:
            return Say("", (Use("ask", {"question": "What does an unknown name cost?"}),))
        if heard.answered == 1:
            cost = "7" if "seven" in heard.told else "0"
            new = {"path": "prices.py", "old": "PRICES[name]", "new": f"PRICES.get(name, {cost})"}
            return Say("", (Use("edit", new),))
        return Say("", (SUBMIT,))

    with a_model(by_role(brain)) as server:
        running = user.start_run(
            "unknown names must not crash", shop, "--engine", "claude", "--base-url", server.url
        )
        user.wait_for(QuestionAsked)
        (goal,) = user.goal_ids()
        assert user.call("say", goal, "it costs seven").code == 0
        ran = answer(running)
    assert ran.code == 0, ran.told
    assert "PRICES.get(name, 7)" in git(shop, "show", f"swarm/{goal}:prices.py")


@pytest.mark.thorough
def test_the_cheap_one_goes_first_where_a_failing_test_shows_the_bug(
    user: Outside, tmp_path: Path
) -> None:
    with a_model(by_role(script(Say("", (Use("give_up", {"reason": "not needed"}),))))) as server:
        ran = asked(user, server, BUG, broken(tmp_path / "calc"))
        assert ran.code == 0, ran.told
        assert not any(is_work(heard) for heard in server.heard)
    granted = [e for e in user.events() if isinstance(e, LeaseGranted)]
    writers = [e.family for e in granted if e.agent_id.startswith("writer-")]
    assert writers == ["repair"]
    (cleared,) = [e for e in user.events() if isinstance(e, MarketCleared)
                  if any(s.agent_id == "writer-claude" for s in e.clearing.scores)][:1]  # fmt: skip
    assert {s.agent_id for s in cleared.clearing.scores} >= {"writer-claude", "writer-templates"}


@pytest.mark.thorough
def test_what_searching_cannot_do_goes_to_the_model_in_the_same_market(
    user: Outside, tmp_path: Path
) -> None:
    test = "from shapes import area\n\n\ndef test_area():\n    assert area('circle', 2) == 12\n"
    files = {"shapes.py": "def area(kind, size):\n    raise NotImplementedError(kind)\n",
             "test_shapes.py": test}  # fmt: skip
    a_repository(tmp_path / "shapes", files)
    body = "def area(kind, size):\n    return {'circle': 3, 'square': 1}[kind] * size * size\n"
    brain = script(
        Say("", (Use("write", {"path": "shapes.py", "content": body}),)),
        Say("", (SUBMIT,)),
        Say("", (SUBMIT,)),
    )
    with a_model(by_role(brain)) as server:
        ran = asked(user, server, "make test_area pass", tmp_path / "shapes")
    assert ran.code == 0, ran.told
    families = [e.family for e in user.events() if isinstance(e, LeaseGranted)]
    assert "model:claude-sonnet-5-5" in families


@pytest.mark.thorough
@pytest.mark.chaos
def test_a_killed_coordinator_repeats_no_turn_and_pays_none_twice(
    user: Outside, shop: Path
) -> None:
    def brain(heard: Heard) -> Reply:
        if heard.answered < 6:
            return Say("", (Use("run", {"command": f"echo {heard.answered} >> log.txt"}),))
        if heard.answered == 6:
            return Say("", (Use("write", {"path": "README.md", "content": "hello\n"}),
                            Use("run", {"command": "cat log.txt; rm log.txt"})))  # fmt: skip
        return Say("", (SUBMIT,))

    with a_model(by_role(brain)) as server:
        process = user.start_run("say hello in a README", shop, "--engine", "claude",
                                 "--base-url", server.url)  # fmt: skip
        user.wait_for(StepRecorded, 3)
        house = house_of(process.pid)
        assert house
        os.kill(process.pid, signal.SIGKILL)
        os.kill(house, signal.SIGKILL)
        answer(process)
        done = sum(steps(user.events()).values())
        ran = user.call("resume", "--runtime", "inline", "--json")
    assert ran.code == 0, ran.told
    turns = [heard.answered for heard in server.heard if is_work(heard)]
    again = {turn for turn in turns if turns.count(turn) > 1}
    assert sorted(set(turns)) == list(range(9))
    assert again <= {done}, "only the call that was under way at the kill may be made again"
    assert len(turns) - len(set(turns)) <= 1
    assert max(steps(user.events()).values()) == 1


def is_work(heard: Heard) -> bool:
    """A writer asks; nobody else may submit."""
    return "submit" in heard.tools


@pytest.mark.thorough
def test_a_goal_of_two_parts_is_split_and_both_are_in_the_pull_request(
    user: Outside, shop: Path
) -> None:
    parts = [{"title": f"Write {name}", "description": f"Write a file {name} about it.",
              "kind": "document"} for name in ("ONE.md", "TWO.md")]  # fmt: skip

    def brain(heard: Heard) -> Reply:
        name = "ONE.md" if "Write ONE.md" in heard.everything else "TWO.md"
        if heard.answered == 0:
            return Say("", (Use("write", {"path": name, "content": f"# {name}\n"}),))
        return Say("", (SUBMIT,))

    plan = script(Say("", (Use("plan", {"tasks": parts}),)))
    with a_model(by_role(brain, plan=plan)) as server:
        ran = asked(user, server, "write ONE.md and TWO.md", shop, "--budget", "3")
    assert ran.code == 0, ran.told
    branch = f"swarm/{ran.document['goal']['id']}"
    assert git(shop, "diff", "--name-only", "HEAD", branch).split() == ["ONE.md", "TWO.md"]


@pytest.mark.thorough
def test_what_a_reviewer_shows_is_mended_and_the_pull_request_tells_whose_opinion_it_is(
    user: Outside, shop: Path
) -> None:
    """The first change loses what held before; the reviewer's check shows it, and the writer hears it."""
    check = "from cart import total\n\n\ndef test_pears():\n    assert total([('pear', 1)]) == 4\n"
    wrong = {"problem": "pears cost nothing any more", "check": check}

    def work(heard: Heard) -> Reply:
        if heard.answered == 0:
            lost = {
                "path": "prices.py",
                "old": "PRICES[name]",
                "new": "3 if name == 'apple' else 0",
            }
            return Say("", (Use("edit", lost),))
        if "pears cost nothing" in heard.told:
            mended = {"path": "prices.py", "old": "3 if name == 'apple' else 0",
                      "new": "PRICES.get(name, 0)"}  # fmt: skip
            return Say("", (Use("edit", mended),))
        return Say("", (SUBMIT,))

    review = in_turn(Say("", (Use("review", {"verdict": "wrong", "findings": [wrong]}),)), FINE)
    with a_model(by_role(work, review=review)) as server:
        ran = asked(user, server, "unknown names must not crash", shop)
    assert ran.code == 0, ran.told
    goal = ran.document["goal"]["id"]
    assert "PRICES.get(name, 0)" in git(shop, "show", f"swarm/{goal}:prices.py")
    (sent,) = [e for e in user.events() if isinstance(e, TaskSentBack)]
    assert "test_pears" in sent.findings[0].message
    assert "votes are one opinion" in user.call("pr", "show", "1").told


@pytest.mark.thorough
def test_a_second_model_reviews_what_the_first_wrote_and_is_an_opinion_of_its_own(
    user: Outside, shop: Path
) -> None:
    brain = script(
        Say("", (Use("write", {"path": "pears.md", "content": "Pears cost 4.\n"}),)),
        Say("", (SUBMIT,)),
    )
    check = "from cart import total\n\n\ndef test_pears():\n    assert total([('pear', 1)]) == 4\n"
    doubt = {"problem": "pears might cost nothing now", "check": check}
    doubts = script(Say("", (Use("review", {"verdict": "wrong", "findings": [doubt]}),)))
    critics = by_role(script(Say("")), review=doubts)
    with a_model(by_role(brain)) as writes, a_model(critics) as reviews:
        user.home.mkdir(mode=0o700)
        lines = ["[models.review]", 'engine = "openai"', 'model = "other-1"', 'price = "3/15/0.3"']
        settings = "\n".join([*lines, f'url = "{reviews.openai_url}"'])
        (user.home / "swarm.toml").write_text(settings)
        ran = asked(user, writes, "say in pears.md what pears cost", shop)
    assert ran.code == 0, ran.told
    assert {"submit", "plan"} <= {tool for heard in writes.heard for tool in heard.tools}
    assert not {"review", "cases"} & {tool for heard in writes.heard for tool in heard.tools}
    assert all(heard.body["model"] == "other-1" for heard in reviews.heard)
    assert {"review", "cases"} & {tool for heard in reviews.heard for tool in heard.tools}
    assert "asked claude-sonnet-5-5, so their votes" not in user.call("pr", "show", "1").told
    goal = ran.document["goal"]["id"]
    again = user.call("verify", goal, "--rerun", "--json")
    assert again.code == 0, again.told


@pytest.mark.thorough
def test_a_task_that_its_writer_splits_is_done_by_others_in_one_pull_request(
    user: Outside, shop: Path
) -> None:
    parts = [{"title": f"Write {name}", "description": f"Write a file {name} about it."}
             for name in ("ONE.md", "TWO.md")]  # fmt: skip

    def work(heard: Heard) -> Reply:
        if "This is a part" not in heard.everything:
            return Say("", (Use("split", {"reason": "two files", "parts": parts}),))
        name = "ONE.md" if "# Task\nWrite ONE.md" in heard.everything else "TWO.md"
        if heard.answered == 0:
            return Say("", (Use("write", {"path": name, "content": f"# {name}\n"}),))
        return Say("", (SUBMIT,))

    with a_model(by_role(work)) as server:
        ran = asked(user, server, "write two pages about it", shop, "--budget", "3")
    assert ran.code == 0, ran.told
    assert '"partial": true' not in ran.out
    branch = f"swarm/{ran.document['goal']['id']}"
    assert git(shop, "diff", "--name-only", "HEAD", branch).split() == ["ONE.md", "TWO.md"]


@pytest.mark.thorough
def test_a_bug_whose_change_comes_without_a_test_is_sent_back_until_one_shows_it(
    user: Outside, shop: Path
) -> None:
    task = {
        "title": "Unknown names cost nothing",
        "description": "They must not crash.",
        "kind": "bug",
    }
    test = "from cart import total\n\n\ndef test_plum():\n    assert total([('plum', 1)]) == 0\n"

    def work(heard: Heard) -> Reply:
        if heard.answered == 0:
            mend = {"path": "prices.py", "old": "PRICES[name]", "new": "PRICES.get(name, 0)"}
            return Say("", (Use("edit", mend),))
        if "comes without a test" in heard.told:
            return Say("", (Use("write", {"path": "test_plum.py", "content": test}),))
        return Say("", (SUBMIT,))

    plan = script(Say("", (Use("plan", {"tasks": [task]}),)))
    with a_model(by_role(work, plan=plan)) as server:
        ran = asked(user, server, "an unknown name should cost nothing", shop)
    assert ran.code == 0, ran.told
    (sent,) = [e for e in user.events() if isinstance(e, TaskSentBack)]
    assert [finding.rule for finding in sent.findings] == ["new-test"]
    assert "plum" in git(shop, "show", f"swarm/{ran.document['goal']['id']}:test_plum.py")
