"""The books: double entry, so that money is only ever moved, and what was moved can be read again.

    world -> goal -> escrow of an attempt -> provider
                  <- what it did not use

A goal's budget is deposited once, a child goal's is drawn from its parent's. An attempt begins when its
escrow is filled; two attempts that race for the last money cannot both have it. What providers meter is a
fact and is posted even when it is more than the escrow holds: the goal pays, and the overdraft shows.

Beside the dollars stand credits: what agents have earned for their user in the market's own reckoning
(the task's value for right work, less its cost). They buy nothing. They are posted once provisionally, on
the checks' word, and once finally, when a human merges, closes or reverts; a second last word is refused.

All amounts are micro-USD. The sum over all accounts of one currency is always nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from swarm.domain.errors import Exhausted, Rejected

Currency = Literal["usd", "credit"]
WORLD, PROVIDER, MINT = "world", "provider", "mint"


@dataclass(frozen=True, slots=True)
class Entry:
    """So much went from one account to another."""

    source: str
    target: str
    amount: int
    why: str
    currency: Currency = "usd"


@dataclass(frozen=True, slots=True)
class Escrow:
    goal: str
    agent: str
    filled: int
    metered: int = 0
    settled: bool = False
    credited: int = 0
    """Provisionally, or finally once `final`."""

    final: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    balances: Mapping[tuple[Currency, str], int] = field(default_factory=dict)
    escrows: Mapping[str, Escrow] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()

    def balance(self, account: str, currency: Currency = "usd") -> int:
        return self.balances.get((currency, account), 0)

    def total(self, currency: Currency) -> int:
        """Nothing, or money was made or lost."""
        return sum(amount for (kind, _), amount in self.balances.items() if kind == currency)


def goal_account(goal: str) -> str:
    return f"goal:{goal}"


def escrow_account(attempt: str) -> str:
    return f"escrow:{attempt}"


def agent_account(agent: str) -> str:
    return f"agent:{agent}"


def deposit(ledger: Ledger, goal: str, amount: int, parent: str | None = None) -> Ledger:
    """Give a goal its budget. Raises Exhausted when its parent has not so much left."""
    if amount < 0:
        raise Rejected(f"a budget of {amount} is none")
    source = WORLD if parent is None else goal_account(parent)
    if parent is not None and ledger.balance(source) < amount:
        raise Exhausted(f"{parent} has {ledger.balance(source)} left, {goal} asks for {amount}")
    return _posted(ledger, [Entry(source, goal_account(goal), amount, "budget")])


def begin(ledger: Ledger, goal: str, attempt: str, agent: str, amount: int) -> Ledger:
    """Fill an attempt's escrow. Raises Exhausted when the goal has not so much left."""
    if attempt in ledger.escrows or amount < 0:
        raise Rejected(f"{attempt} has begun already, or asks for {amount}")
    free = ledger.balance(goal_account(goal))
    if free < amount:
        raise Exhausted(f"{goal} has {free} left, {attempt} needs {amount}")
    filled = _posted(ledger, [Entry(goal_account(goal), escrow_account(attempt), amount, "escrow")])
    return _with(filled, attempt, Escrow(goal, agent, amount))


def meter(ledger: Ledger, attempt: str, amount: int) -> Ledger:
    """A provider was paid. What the escrow does not hold, the goal pays."""
    escrow = _live(ledger, attempt)
    if amount < 0:
        raise Rejected(f"a bill of {amount} is none")
    held = min(amount, max(ledger.balance(escrow_account(attempt)), 0))
    paid = _posted(
        ledger,
        [
            Entry(escrow_account(attempt), PROVIDER, held, "metered"),
            Entry(goal_account(escrow.goal), PROVIDER, amount - held, "metered beyond the escrow"),
        ],
    )
    return _with(paid, attempt, replace(escrow, metered=escrow.metered + amount))


def settle(ledger: Ledger, attempt: str, worth: int = 0) -> Ledger:
    """The attempt is over: what it did not use goes back. `worth`: of its result, by the checks' word."""
    escrow = _live(ledger, attempt)
    earned = worth - escrow.metered
    rest = ledger.balance(escrow_account(attempt))
    back = Entry(escrow_account(attempt), goal_account(escrow.goal), rest, "not used")
    credit = _credit(escrow.agent, earned, "provisional")
    return _with(
        _posted(ledger, [back, credit]), attempt, replace(escrow, settled=True, credited=earned)
    )


def finish(ledger: Ledger, attempt: str, worth: int) -> Ledger:
    """The human's last word on a settled attempt: credits are corrected once, and never again."""
    escrow = ledger.escrows.get(attempt)
    if escrow is None or not escrow.settled or escrow.final:
        raise Rejected(f"{attempt} is not settled, or has had its last word")
    earned = worth - escrow.metered
    credit = _credit(escrow.agent, earned - escrow.credited, "final")
    return _with(_posted(ledger, [credit]), attempt, replace(escrow, final=True, credited=earned))


def _credit(agent: str, amount: int, why: str) -> Entry:
    source, target = (MINT, agent_account(agent)) if amount >= 0 else (agent_account(agent), MINT)
    return Entry(source, target, abs(amount), why, "credit")


def _live(ledger: Ledger, attempt: str) -> Escrow:
    escrow = ledger.escrows.get(attempt)
    if escrow is None or escrow.settled:
        raise Rejected(f"{attempt} has no escrow, or is settled already")
    return escrow


def _with(ledger: Ledger, attempt: str, escrow: Escrow) -> Ledger:
    return replace(ledger, escrows={**ledger.escrows, attempt: escrow})


def _posted(ledger: Ledger, entries: Iterable[Entry]) -> Ledger:
    balances = dict(ledger.balances)
    moved = tuple(entry for entry in entries if entry.amount)
    for entry in moved:
        for account, amount in ((entry.source, -entry.amount), (entry.target, entry.amount)):
            place = (entry.currency, account)
            balances[place] = balances.get(place, 0) + amount
    return replace(ledger, balances=balances, entries=(*ledger.entries, *moved))
