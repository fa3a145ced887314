"""How far a checker can be trusted, what a check is worth, and who checks.

A checker's errors are measured on canaries: changes of which it is known whether they are right. alpha is
the share of bad ones that it accepts, beta the share of good ones that it refuses, each with an interval,
since ten canaries say little. Checkers that are independent multiply: one more check is worth what its
refusals save, less the right work that it refuses and its price.

Two checkers of one principal, of one model family, or with the same lineage of prompts are not
independent, nor is one who is any of these to an author: such a one is reckoned with as half of an opinion, and the
vote counts it as none (`swarm.quorum`). Two of different makers can be fooled by the same changes all the same. Canaries
that both were asked about tell: what the second finds of what the first lets through, against what it finds at all.
Who reviews is drawn by a seed that is fixed before the change exists, so that nobody can write for a reviewer.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from swarm.domain.money import CERTAIN, MicroUsd, Ppm

_PRIOR_GOOD, _PRIOR_ALL = 1, 2
"""Before any canary: one of two, like a coin that was thrown twice."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with an interval of 95 %, in parts per million."""

    mean: Ppm
    low: Ppm
    high: Ppm
    seen: int


def rate(errors: int, seen: int) -> Rate:
    """Wilson's interval (JASA 22, 1927); the mean leans to one half while little was seen."""
    mean = (errors + _PRIOR_GOOD) * CERTAIN // (seen + _PRIOR_ALL)
    if seen == 0:
        return Rate(mean, 0, CERTAIN, 0)
    z = Fraction(196, 100)
    share = Fraction(errors, seen)
    middle = (share + z * z / (2 * seen)) / (1 + z * z / seen)
    inside = share * (1 - share) / seen + z * z / (4 * seen * seen)
    root = Fraction(_root(int(inside * 10**24)), 10**12)
    half = z * root / (1 + z * z / seen)
    low, high = max(middle - half, Fraction(0)), min(middle + half, Fraction(1))
    return Rate(mean, int(low * CERTAIN), -int(-high * CERTAIN), seen)


def _root(number: int) -> int:
    guess = 1 << ((number.bit_length() + 1) // 2)
    while guess and guess * guess > number:
        guess = (guess + number // guess) // 2
    return guess


@dataclass(frozen=True, slots=True)
class Canaries:
    """What a checker said of changes of which it was known whether they are right."""

    bad: int = 0
    bad_accepted: int = 0
    good: int = 0
    good_refused: int = 0

    def heard(self, *, good: bool, accepted: bool) -> "Canaries":
        return Canaries(
            self.bad + (not good),
            self.bad_accepted + (not good and accepted),
            self.good + good,
            self.good_refused + (good and not accepted),
        )

    @property
    def alpha(self) -> Rate:
        return rate(self.bad_accepted, self.bad)

    @property
    def beta(self) -> Rate:
        return rate(self.good_refused, self.good)


_WEIGHT = 20
"""So many canaries the rate that was set counts for: a judgement."""


def measured(canaries: Canaries, alpha: Ppm, beta: Ppm) -> tuple[Ppm, Ppm]:
    """The rates that were set, corrected by what was seen: a beta distribution's mean, so that three
    canaries move little and a hundred nearly decide.
    """
    return (
        (alpha * _WEIGHT + canaries.bad_accepted * CERTAIN) // (_WEIGHT + canaries.bad),
        (beta * _WEIGHT + canaries.good_refused * CERTAIN) // (_WEIGHT + canaries.good),
    )


@dataclass(frozen=True, slots=True)
class Joint:
    """What two checkers said of the same wrong changes, the second with a view to being asked after the first."""

    wrong: int = 0
    passed: int = 0
    """Accepted by the first."""

    found: int = 0
    """Refused by the second."""

    found_of_passed: int = 0

    def heard(self, *, passed: bool, found: bool) -> "Joint":
        return Joint(
            self.wrong + 1,
            self.passed + passed,
            self.found + found,
            self.found_of_passed + (passed and found),
        )

    @property
    def expected(self) -> Fraction:
        """So many of those passed the second would have found, had the two nothing in common."""
        return Fraction(self.passed * self.found, self.wrong) if self.wrong else Fraction(0)


HALF = CERTAIN // 2
"""What kin share before they were measured together: a judgement."""

_FINDINGS = 5
"""So many expected findings that judgement counts for: as many as the rates of `_WEIGHT` canaries are good for
where each of two checkers finds one wrong change of two."""


def shared(joint: Joint, judged: Ppm = 0) -> Ppm:
    """Of what the second finds, the share that it misses in what the first lets through.

    Nothing where the two err independently of each other, everything where the second finds only what the first has
    found: 1 - P(first passes, second finds) / P(first passes) P(second finds). The ratio is shrunk to what was `judged`
    beforehand, as the mean of a gamma distribution over counts of Poisson (Gelman et al., Bayesian Data
    Analysis, 2013, chapter 2.6). A second that complements the first counts as independent of it.
    """
    found = Fraction((CERTAIN - judged) * _FINDINGS, CERTAIN) + joint.found_of_passed
    return max(int((1 - found / (_FINDINGS + joint.expected)) * CERTAIN), 0)


def shared_between(joint: Joint) -> tuple[Ppm, Ppm]:
    """The interval of 95 % of what was seen alone, the share that the second finds at all taken as known."""
    if not joint.expected:
        return 0, CERTAIN
    seen, finds = rate(joint.found_of_passed, joint.passed), Fraction(joint.found, joint.wrong)
    low, high = (max(CERTAIN - int(each / finds), 0) for each in (seen.high, seen.low))
    return low, high


@dataclass(frozen=True, slots=True)
class CheckOffer:
    """A checker that could be asked. Errors in parts per million, the price in micro-USD."""

    checker: str
    principal: str
    family: str
    lineage: str
    alpha: Ppm
    beta: Ppm
    price: MicroUsd

    def is_kin(self, other: "CheckOffer") -> bool:
        return (
            self.principal == other.principal
            or self.family == other.family
            or (bool(self.lineage) and self.lineage == other.lineage)
        )


def together(offers: Sequence[CheckOffer]) -> tuple[Ppm, Ppm]:
    """Errors of asking all of them, each of whom can refuse; nobody asked accepts everything."""
    alpha, kept = Fraction(1), Fraction(1)
    for offer in offers:
        alpha *= Fraction(offer.alpha, CERTAIN)
        kept *= 1 - Fraction(offer.beta, CERTAIN)
    return int(alpha * CERTAIN), int((1 - kept) * CERTAIN)


def worth(
    p: Ppm, value: MicroUsd, wrong_cost: MicroUsd, again: MicroUsd, offers: Sequence[CheckOffer]
) -> MicroUsd:
    """Of a submission that is right with chance p, after asking these one after the other.

    `again`: what the task is worth after a refusal. A checker is only paid if those before it accepted.
    """
    right, wrong = Fraction(p, CERTAIN), Fraction(CERTAIN - p, CERTAIN)
    bill = Fraction(0)
    for offer in offers:
        bill += (right + wrong) * offer.price
        right *= 1 - Fraction(offer.beta, CERTAIN)
        wrong *= Fraction(offer.alpha, CERTAIN)
    refused = 1 - right - wrong
    total = right * value - wrong * wrong_cost + refused * again - bill
    return total.numerator // total.denominator


@dataclass(frozen=True, slots=True)
class Weighed:
    """An offer as it was reckoned with at its turn, and whether it was bought."""

    offer: CheckOffer
    gain: MicroUsd
    """What it adds to those bought before it, its price taken off."""

    bought: bool
    kin: str
    """The checker, or `the author`, whose opinion it partly shares; its alpha is told with that in it."""

    shared: Ppm
    """How much of it."""


Joints = Mapping[tuple[str, str], Joint]
"""By the lineages of the first and the second."""


def bought(
    p: Ppm,
    value: MicroUsd,
    wrong_cost: MicroUsd,
    again: MicroUsd,
    offers: Iterable[CheckOffer],
    families: Collection[str] = (),
    required: Sequence[str] = (),
    joints: Joints = MappingProxyType({}),
) -> tuple[Weighed, ...]:
    """Which checks to buy: one more as long as the best one more is worth its price. All offers, in their turns.

    `required` are lineages that are asked first, and whatever they are worth; `families` are those of the authors.
    """
    left, chosen, told = list(offers), list[CheckOffer](), list[Weighed]()
    while left:
        needed = [each for name in required for each in left if each.lineage == name][:1]
        seen = [_as_seen(each, chosen, families, joints) for each in needed or left]
        now = worth(p, value, wrong_cost, again, chosen)
        gains = [
            (worth(p, value, wrong_cost, again, [*chosen, each]) - now, each, kin, part)
            for each, kin, part in seen
        ]
        gain, best, kin, part = max(gains, key=lambda each: (each[0], each[1].checker))
        told.append(Weighed(best, gain, bool(needed) or gain > 0, kin, part))
        chosen += [best] if told[-1].bought else []
        left = [each for each in left if each.checker != best.checker]
    return tuple(told)


def _as_seen(
    offer: CheckOffer, chosen: Iterable[CheckOffer], families: Collection[str], joints: Joints
) -> tuple[CheckOffer, str, Ppm]:
    """With what it shares in its alpha, with whom it shares most, and how much that is."""
    found = [(_in_common(offer, each, joints), each.checker) for each in chosen]
    found += [(HALF, "the author")] if offer.family in families else []
    part, kin = max(found, key=lambda each: each[0], default=(0, ""))
    return weakened(offer, part), kin if part else "", part


def _in_common(offer: CheckOffer, other: CheckOffer, joints: Joints) -> Ppm:
    joint = joints.get((other.lineage, offer.lineage), Joint())
    return shared(joint, HALF if offer.is_kin(other) else 0)


def weakened(offer: CheckOffer, part: Ppm) -> CheckOffer:
    """Of one that shares so much with an author or with another checker: that part of what it would find has been
    found, or is not seen by either.
    """
    return replace(offer, alpha=offer.alpha + (CERTAIN - offer.alpha) * part // CERTAIN)


def point_of_alpha(p: Ppm, wrong_cost: MicroUsd, again: MicroUsd) -> MicroUsd:
    """What a hundredth more of alpha costs, for a submission that is right with chance p."""
    return (CERTAIN - p) * (wrong_cost + again) // (CERTAIN * 100)


def drawn(seed: str, goal: str, round_: int, names: Iterable[str], count: int) -> tuple[str, ...]:
    """The reviewers of a round, by a seed that was on record before the change was written."""
    keyed = sorted(
        set(names),
        key=lambda name: hashlib.sha256(f"{seed}|{goal}|{round_}|{name}".encode()).digest(),
    )
    return tuple(keyed[:count])
