"""Mistakes that the tests of the market must catch: each is planted into a copy, and the tests run there.

Run `python -m benchmarks.market_mutants [NAME...]`. Prints a line for each; the exit code is 1 when a mutant
lives, or when a mutant no longer fits the code (then its place has moved: plant it anew).
"""

import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 300


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str
    path: str
    """In `swarm/`."""

    old: str
    new: str
    tests: str
    """The file of `tests/` that should notice."""


MUTANTS = (
    Mutant(
        "a full lane never changes its mind",
        "market/flow.py",
        "-lost if n == lane and not room else _NEVER",
        "_NEVER",
        "market/test_flow.py",
    ),
    Mutant(
        "tasks of one goal do not need each other",
        "coordination/worth.py",
        "likely = likely * _chance(each) // CERTAIN",
        "pass",
        "coordination/test_worth.py",
    ),
    Mutant(
        "half a goal is worth half of it",
        "coordination/worth.py",
        "PARTIAL = CERTAIN // 2",
        "PARTIAL = CERTAIN",
        "coordination/test_worth.py",
    ),
    Mutant(
        "an agent's last word is added to its class's, not put in place of the one before",
        "market/learning.py",
        "told = pool.told + after.told - before.told",
        "told = pool.told + after.told",
        "market/test_learning.py",
    ),
    Mutant(
        "pay foreign principals the whole value",
        "market/pivot.py",
        "value + -after // SCALE",
        "value",
        "market/test_pivot.py",
    ),
    Mutant(
        "settle twice",
        "market/ledger.py",
        "if escrow is None or escrow.settled:",
        "if escrow is None:",
        "market/test_ledger.py",
    ),
    Mutant(
        "two last words",
        "market/ledger.py",
        "if escrow is None or not escrow.settled or escrow.final:",
        "if escrow is None or not escrow.settled:",
        "market/test_ledger.py",
    ),
    Mutant(
        "the last money twice",
        "market/ledger.py",
        "if free < amount:",
        "if free < 0:",
        "market/test_ledger.py",
    ),
    Mutant(
        "keep what was not used",
        "market/ledger.py",
        "rest = ledger.balance(escrow_account(attempt))",
        "rest = 0",
        "market/test_ledger.py",
    ),
    Mutant(
        "a reviewer of the author's principal",
        "coordination/purchasing.py",
        "if card.principal not in subject.authors and",
        "if",
        "coordination/test_purchasing.py",
    ),
    Mutant(
        "checkers of one family count twice",
        "market/verification.py",
        "or self.family == other.family",
        "or False",
        "market/test_verification.py",
    ),
    Mutant(
        "checkers of different makers never err together",
        "market/verification.py",
        "joint = joints.get((other.lineage, offer.lineage), Joint())",
        "joint = Joint()",
        "market/test_verification.py",
    ),
    Mutant(
        "what both checkers find counts as found by the second alone",
        "market/verification.py",
        "self.found_of_passed + (passed and found),",
        "self.found_of_passed + found,",
        "market/test_verification.py",
    ),
    Mutant(
        "buy every check",
        "market/verification.py",
        "told.append(Weighed(best, gain, bool(needed) or gain > 0, kin, part))",
        "told.append(Weighed(best, gain, True, kin, part))",
        "market/test_verification.py",
    ),
    Mutant(
        "draw reviewers by name",
        "market/verification.py",
        'f"{seed}|{goal}|{round_}|{name}".encode()',
        'f"{name}".encode()',
        "market/test_verification.py",
    ),
    Mutant(
        "trust claims in spite of experience",
        "market/judging.py",
        "if self.experience:\n            return [self._prob",
        "if False:\n            return [self._prob",
        "market/test_judging.py",
    ),
    Mutant(
        "a stopped lease is a failure",
        "coordination/lessons.py",
        "if attempt.outcome in _RULINGS:",
        'if attempt.outcome != "working":',
        "coordination/test_lessons.py",
    ),
    Mutant(
        "forget what was learned at a restart",
        "coordination/lessons.py",
        "table[event.agent_id, event.kind] = event.experience",
        "return",
        "coordination/test_lessons.py",
    ),
    Mutant(
        "believe the checks",
        "market/learning.py",
        "return (CERTAIN - beta) / CERTAIN, alpha / CERTAIN",
        "return 1.0, 0.0",
        "market/test_learning.py",
    ),
    Mutant(
        "learn from one's own outcome how hard the task was",
        "market/learning.py",
        "if other != number:",
        "if True:",
        "market/test_learning.py",
    ),
    Mutant(
        "newcomers are strangers to their class",
        "market/learning.py",
        "return prior(round(others[0] * 1000), round(math.sqrt(others[1]) * 1000), start.slopes)",
        "return start.skill",
        "market/test_learning.py",
    ),
    Mutant(
        "never forget a former version",
        "market/learning.py",
        "if known.version == each.version:",
        "if True:",
        "market/test_learning.py",
    ),
    Mutant(
        "trust quotes in spite of bills",
        "market/learning.py",
        "factor = (trust + done) * CERTAIN // (trust + said)",
        "factor = CERTAIN",
        "market/test_learning.py",
    ),
    Mutant(
        "forget that failures correlate",
        "market/belief.py",
        "self._known[bearings] = weights",
        "self._known[bearings] = WEIGHTS",
        "market/test_belief.py",
    ),
    Mutant(
        "forget families",
        "market/belief.py",
        "return _ACROSS_FAMILIES",
        "return 1.0",
        "market/test_belief.py",
    ),
    Mutant(
        "a search that found nothing speaks for all searches",
        "market/belief.py",
        "return _ACROSS_SEARCHES if one in _SEARCHES else 1.0",
        "return 1.0",
        "market/test_belief.py",
    ),
    Mutant(
        "count a repeated failure in full",
        "market/belief.py",
        "yield _AGAIN if failure.strategy in seen else 1.0",
        "yield 1.0",
        "market/test_belief.py",
    ),
    Mutant(
        "pick by V p - c",
        "market/index.py",
        "net // accept if accept else min(-1, -cost)",
        "net // SURE if accept else min(-1, -cost)",
        "market/test_index.py",
    ),
    Mutant(
        "ignore alpha in the index",
        "market/index.py",
        "wrong = (CERTAIN - p_ppm) * alpha_ppm",
        "wrong = 0",
        "market/test_index.py",
    ),
    Mutant(
        "ignore beta in the index",
        "market/index.py",
        "right = p_ppm * (CERTAIN - beta_ppm)",
        "right = p_ppm * CERTAIN",
        "market/test_index.py",
    ),
    Mutant(
        "ignore capacity",
        "market/flow.py",
        "slots=[capacities[agent] for agent in agents],",
        "slots=[99 for agent in agents],",
        "market/test_allocation.py",
    ),
    Mutant(
        "ignore the budget of all awards together",
        "market/allocation.py",
        "if _cost(rest, over) <= rest.budget:",
        "if True:",
        "market/test_allocation.py",
    ),
    Mutant(
        "no stop rule",
        "market/clearing.py",
        "for bid, _, trial in left if trial.sigma <= 0",
        "for bid, _, trial in left if trial.sigma < -(10**30)",
        "market/test_clearing.py",
    ),
    Mutant(
        "waiting costs nothing",
        "market/judging.py",
        "return [bid.price + delay_cost * bid.seconds for bid in bids]",
        "return [bid.price for bid in bids]",
        "market/test_clearing.py",
    ),
    Mutant(
        "ties by name",
        "market/clearing.py",
        'f"{seed}|{task_id}|{agent_id}".encode()',
        'f"{task_id}|{agent_id}".encode()',
        "market/test_clearing.py",
    ),
    Mutant(
        "ignore touch sets",
        "market/clearing.py",
        "clashes=frozenset(overlapping({task.task_id: task.contract.touch for task in writing})),",
        "clashes=frozenset(),",
        "market/test_clearing.py",
    ),
)


def main(names: list[str]) -> int:
    chosen = [each for each in MUTANTS if not names or each.name in names]
    lived = 0
    with (
        tempfile.TemporaryDirectory(prefix="swarm-mutants-") as folder,
        ThreadPoolExecutor(2) as pool,
    ):
        begun = {pool.submit(_outcome, each, Path(folder)): each for each in chosen}
        for done in as_completed(begun):
            print(f"{done.result():>8}  {begun[done].name}", flush=True)
            lived += done.result() != "caught"
    print(f"{len(chosen) - lived} of {len(chosen)} caught")
    return int(lived > 0)


def _outcome(mutant: Mutant, folder: Path) -> str:
    copy = folder / mutant.name.replace(" ", "-").replace("'", "")
    copy.mkdir()
    for name in ("swarm", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    path = copy / "swarm" / mutant.path
    text = path.read_text()
    if text.count(mutant.old) != 1:
        return "misfit"
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-x",
                "-q",
                "-p",
                "no:cacheprovider",
                f"tests/{mutant.tests}",
            ],
            cwd=copy,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        )
    except subprocess.TimeoutExpired:
        return "caught"
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    return {0: "LIVES", 1: "caught"}.get(done.returncode, "misfit")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
