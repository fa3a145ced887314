"""Hard worlds: what the market's rule loses where its picture of the world is wrong.

Run `python -m benchmarks.market_hard`. Twelve made-up agents of three families at 240 tasks, learned online from nothing, five
orders, a right result worth $10. For each world the share of the best pair and of the best single agent in hindsight.

    plain          one difficulty for each task, as the market believes
    families       what is hard is so for a family, hardly for all
    stalls         the cheapest agent of all never finishes anything
    no skill       prices differ by a hundred, skills not at all
    value x 3      the market reckons with three times what a result is worth, value / 3 with a third

Then two checkers, of whom each accepts three wrong results of ten and refuses one right one of twenty, in the plain world.
A share of their errors is common: both are fooled, or neither. The market multiplies their errors, as if they had none in
common; `kin` means that it knows they are related, and reckons with half; `canaries` that both were asked about so many wrong
changes before, and what they said of each is known. `whole tasks` means that what fools them once fools
them at each attempt at that task. Beside its utility: what the same market gets that knows the errors of both together,
and what the second check is believed to add to a submission for ten cents, and adds.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from swarm.domain.money import CERTAIN, USD
from swarm.market.public_api import (
    WORLDS,
    CheckOffer,
    Checks,
    Joint,
    Joints,
    Setting,
    Weighed,
    bought,
    contest_in,
    made_up,
    stand,
    together,
)

SETTING = Setting(10 * USD, 5 * USD, 100_000, 100_000, 5)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two checkers."""

    name: str
    common: float = 0.0
    """Share of their errors that both make at once."""

    kin: bool = False
    whole_tasks: bool = False
    canaries: int = 0


ALPHA, BETA = 300_000, 50_000
"""Of each of the two."""

PAIRS = (
    Pair("independent"),
    Pair("half common", 0.5),
    Pair("all common", 1.0),
    Pair("none common, 8 canaries", canaries=8),
    Pair("half common, 8 canaries", 0.5, canaries=8),
    Pair("all common, 8 canaries", 1.0, canaries=8),
    Pair("none common, 60 canaries", canaries=60),
    Pair("half common, 60 canaries", 0.5, canaries=60),
    Pair("all common, 60 canaries", 1.0, canaries=60),
    Pair("half common, kin", 0.5, kin=True),
    Pair("all common, kin", 1.0, kin=True),
    Pair("half common, whole tasks", 0.5, whole_tasks=True),
    Pair("all common, whole tasks", 1.0, whole_tasks=True),
)


def main() -> dict[str, float]:
    return _worlds() | _checkers()


def _worlds() -> dict[str, float]:
    figures: dict[str, float] = {}
    print(f"{'world':>10} {'utility':>8} {'of the pair':>12} {'of the agent':>13} {'tries':>6}")
    for world in WORLDS:
        single, pair, told = contest_in(world, SETTING, ("market",))
        shares = (told.utility / pair.utility, told.utility / single.utility)
        print(
            f"{world.name:>10} {told.utility / USD:>8.3f} {shares[0]:>12.3f} {shares[1]:>13.3f}"
            f" {told.attempts / 1e6:>6.2f}",
            flush=True,
        )
        figures[f"{world.name}_of_pair"] = round(shares[0], 4)
    return figures


# Two checkers ---------------------------------------------------------------------------------


def _checkers() -> dict[str, float]:
    figures: dict[str, float] = {}
    print(
        f"\n{'two checkers':>25} {'believed':>9} {'true':>6} {'utility':>8} {'of who knows':>13}"
        f" {'wrong':>6} {'2nd believed':>13} {'true':>7}"
    )
    matrix = made_up(WORLDS[0])
    for pair in PAIRS:
        heard = {("checker-0", "checker-1"): _heard(pair)}
        seen, real = _weighed(_offers(pair.kin), heard), _weighed(_conditional(pair.common))
        believed, true = _both(seen), _both(real)
        checks = _accepting(pair)
        got = stand(matrix, _erring(believed), "market", checks)
        knows = stand(matrix, _erring(true), "market", checks)
        gains = [seen[1].gain, real[1].gain]
        print(
            f"{pair.name:>25} {believed[0] / 1e6:>9.3f} {true[0] / 1e6:>6.3f}"
            f" {got.utility / USD:>8.3f} {got.utility / knows.utility:>13.3f}"
            f" {got.wrong / 1e6:>6.3f} {gains[0] / USD:>13.2f} {gains[1] / USD:>7.2f}",
            flush=True,
        )
        figures[f"{pair.name}_of_who_knows"] = round(got.utility / knows.utility, 4)
    return figures


def _erring(errors: tuple[int, int]) -> Setting:
    return replace(SETTING, alpha=errors[0], beta=errors[1])


def _both(weighed: Sequence[Weighed]) -> tuple[int, int]:
    return together([each.offer for each in weighed])


def _weighed(
    offers: Sequence[CheckOffer], joints: Joints = MappingProxyType({})
) -> Sequence[Weighed]:
    """At a submission that is right with 60 %; after a refusal the task is worth half."""
    half = SETTING.value // 2
    order = [each.lineage for each in offers]
    return bought(
        600_000, SETTING.value, SETTING.wrong_cost, half, offers, required=order, joints=joints
    )


def _heard(pair: Pair) -> Joint:
    """What the two said of wrong changes, one by one."""
    dice, heard = random.Random("canaries"), Joint()
    for _ in range(pair.canaries):
        one, other = _verdicts(pair, False, dice)
        heard = heard.heard(passed=one, found=not other)
    return heard


def _offers(kin: bool) -> Sequence[CheckOffer]:
    """As the market sees them."""
    families = ("a", "a") if kin else ("a", "b")
    return [_offer(n, family, ALPHA, BETA) for n, family in enumerate(families)]


def _conditional(common: float) -> Sequence[CheckOffer]:
    """The first, and the second where the first has accepted."""
    alpha = common * CERTAIN + (1 - common) * ALPHA
    beta = (1 - common) * BETA
    return [_offer(0, "a", ALPHA, BETA), _offer(1, "b", round(alpha), round(beta))]


def _offer(number: int, family: str, alpha: int, beta: int) -> CheckOffer:
    name = f"checker-{number}"
    return CheckOffer(name, name, family, name, alpha, beta, USD // 10)


def _accepting(pair: Pair) -> Checks:
    def accept(task: int, right: bool, dice: random.Random) -> bool:
        source = random.Random(f"checkers:{task}:{right}") if pair.whole_tasks else dice
        return all(_verdicts(pair, right, source))

    return accept


def _verdicts(pair: Pair, right: bool, dice: random.Random) -> tuple[bool, bool]:
    """Whether each of the two accepts a result."""
    one, other = dice.random(), dice.random()
    if dice.random() < pair.common:
        other = one
    most = 1 - BETA / CERTAIN if right else ALPHA / CERTAIN
    return one < most, other < most


if __name__ == "__main__":
    main()
