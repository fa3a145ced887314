"""What was reserved and spent on models, durable before a call leaves.

One file, one line a fact, only ever appended. A reservation is on the disk before its call; what it
came to follows when the call has ended. After a crash a reservation without an end counts as spent in
full, because nobody knows better: so an account never comes to more than its cap. A last line that was
cut off by a crash was not on the disk, and no call followed it.
"""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from swarm.domain.errors import Exhausted, Lacking
from swarm.domain.money import dollars


@dataclass(slots=True)
class Balance:
    """Micro-USD."""

    spent: int = 0
    reserved: int = 0

    @property
    def total(self) -> int:
        return self.spent + self.reserved


@dataclass(slots=True)
class Ledger:
    path: Path
    parked: dict[str, int] = field(default_factory=dict)
    """Routes that asked us to wait, until then (milliseconds since 1970)."""

    _balances: dict[str, Balance] = field(default_factory=dict)
    _open: dict[int, tuple[str, int]] = field(default_factory=dict)
    _next: int = 1
    _file: int = -1

    def __post_init__(self) -> None:
        """Raises Lacking when the file cannot be read or is damaged."""
        try:
            known = self.path.read_bytes() if self.path.exists() else b""
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            whole = known.rfind(b"\n") + 1
            if whole < len(known):
                os.ftruncate(self._file, whole)
        except OSError as error:
            raise Lacking(f"the ledger {self.path} cannot be used: {error}") from error
        for line in known[:whole].splitlines():
            self._fold(line)
        for number in tuple(self._open):
            account, amount = self._open.pop(number)
            self._close(account, amount, amount)

    def _fold(self, line: bytes) -> None:
        try:
            told = json.loads(line)
            match told["what"]:
                case "reserved":
                    self._begin(told["id"], told["account"], told["amount"])
                case "settled":
                    account, amount = self._open.pop(told["id"])
                    self._close(account, amount, told["cost"])
                case "parked":
                    self.parked[told["route"]] = told["until"]
        except (ValueError, KeyError, TypeError) as error:
            raise Lacking(
                f"the ledger {self.path} is damaged: {line[:80]!r}",
                advice="what was spent is not known; put the file aside to begin a new one",
            ) from error

    def balance(self, account: str) -> Balance:
        return self._balances.setdefault(account, Balance())

    def reserve(self, account: str, amount: int, cap: int) -> int:
        """The reservation's number, once it is on the disk. Raises Exhausted beyond the cap."""
        total = self.balance(account).total
        if total + amount > cap:
            raise Exhausted(
                f"a call may cost {dollars(amount)}, and {dollars(max(cap - total, 0))} of"
                f" {dollars(cap)} are left for models"
            )
        number = self._next
        self._begin(number, account, amount)
        told = {"what": "reserved", "id": number, "account": account, "amount": amount}
        try:
            self._append(told, durable=True)
        except BaseException:
            self._open.pop(number)
            self._close(account, amount, amount)
            raise
        return number

    def settle(self, number: int, cost: int) -> None:
        """What the call came to: never more than was reserved, or the price table is wrong."""
        account, amount = self._open.pop(number)
        self._close(account, amount, cost)
        self._append({"what": "settled", "id": number, "cost": cost}, durable=False)

    def park(self, route: str, until: int) -> None:
        self.parked[route] = until
        self._append({"what": "parked", "route": route, "until": until}, durable=True)

    def close(self) -> None:
        os.close(self._file)

    def _begin(self, number: int, account: str, amount: int) -> None:
        self._open[number] = (account, amount)
        self.balance(account).reserved += amount
        self._next = max(self._next, number + 1)

    def _close(self, account: str, amount: int, cost: int) -> None:
        balance = self.balance(account)
        balance.reserved -= amount
        balance.spent += cost

    def _append(self, told: dict[str, object], *, durable: bool) -> None:
        line = json.dumps(told, separators=(",", ":")).encode() + b"\n"
        try:
            written = os.write(self._file, line)
            if written < len(line):
                raise OSError("no space left")
            if durable:
                os.fdatasync(self._file)
        except OSError as error:
            raise Exhausted(f"the ledger {self.path} cannot be written: {error}") from error
