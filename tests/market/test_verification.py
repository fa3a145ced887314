"""How far checkers are trusted, which are asked, and who."""

from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.money import CERTAIN
from swarm.market.verification import (
    Author,
    Canaries,
    CheckOffer,
    bought,
    drawn,
    may_check,
    measured,
    rate,
    together,
    worth,
)


def an_offer(
    name: str, *, alpha: int = 100_000, beta: int = 50_000, price: int = 1, **kin: str
) -> CheckOffer:
    """Independent of all others unless said otherwise."""
    return CheckOffer(
        checker=name,
        principal=kin.get("principal", name),
        family=kin.get("family", name),
        lineage=kin.get("lineage", name),
        alpha=alpha,
        beta=beta,
        price=price,
    )


@given(st.integers(0, 200), st.integers(0, 200))
def test_an_interval_holds_the_share_and_narrows_with_canaries(errors: int, more: int) -> None:
    seen = errors + more
    found = rate(errors, seen)
    assert 0 <= found.low <= found.high <= CERTAIN
    if seen:
        assert found.low - 1 <= errors * CERTAIN // seen <= found.high + 1
        wider, narrower = rate(errors, seen), rate(4 * errors, 4 * seen)
        assert narrower.high - narrower.low <= wider.high - wider.low


def test_none_of_sixty_bad_changes_accepted_is_not_known_to_be_below_six_percent() -> None:
    canaries = Canaries()
    for _ in range(60):
        canaries = canaries.heard(good=False, accepted=False)
    assert 55_000 < canaries.alpha.high < 65_000
    assert canaries.beta.seen == 0


def test_independent_checks_multiply_their_false_acceptances_and_add_false_refusals() -> None:
    assert together([]) == (CERTAIN, 0)
    assert together([an_offer("a"), an_offer("b")]) == (10_000, 97_500)


def test_nobody_checks_kin() -> None:
    offer = an_offer("a", principal="p", family="f", lineage="l")
    assert may_check(offer, [Author("q", "g", "m")])
    for author in (Author("p", "g", "m"), Author("q", "f", "m"), Author("q", "g", "l")):
        assert not may_check(offer, [author])


def test_two_checkers_of_one_family_are_not_both_asked() -> None:
    offers = [an_offer(name, beta=0, price=0, family=kin) for name, kin in ("af", "bf", "cg")]
    asked = {o.checker for o in bought(CERTAIN // 2, 1000, 1000, 0, offers)}
    assert "c" in asked
    assert len(asked & {"a", "b"}) == 1


def test_a_check_that_costs_more_than_it_saves_is_not_bought() -> None:
    assert bought(CERTAIN // 2, 1000, 100, 0, [an_offer("a", price=1000)]) == ()
    assert bought(CERTAIN, 1000, 1000, 0, [an_offer("a")]) == ()


def test_what_is_required_is_asked_whatever_it_is_worth() -> None:
    tester = an_offer("tester", price=1000)
    assert bought(CERTAIN // 2, 1000, 100, 0, [], required=[tester]) == (tester,)


offers = st.lists(
    st.builds(
        lambda n, alpha, beta, price: an_offer(f"c{n}", alpha=alpha, beta=beta, price=price),
        st.integers(0, 99),
        st.sampled_from([0, 50_000, 300_000]),
        st.sampled_from([0, 50_000, 200_000]),
        st.integers(0, 300),
    ),
    max_size=4,
    unique_by=lambda offer: offer.checker,
)


@given(st.sampled_from([100_000, 500_000, 900_000]), offers)
def test_buying_one_by_one_is_near_the_best_of_all_sets(p: int, some: list[CheckOffer]) -> None:
    def value(chosen: tuple[CheckOffer, ...]) -> int:
        return worth(p, 1000, 1000, 300, chosen)

    every = chain.from_iterable(combinations(some, n) for n in range(len(some) + 1))
    found = value(bought(p, 1000, 1000, 300, some))
    assert value(()) <= found
    assert max(value(each) for each in every) - found <= 100


@given(st.sets(st.sampled_from("abcdefgh"), min_size=3))
def test_the_draw_depends_on_the_seed_and_not_on_the_order_of_names(names: set[str]) -> None:
    assert drawn("s", "g", 1, names, 2) == drawn("s", "g", 1, sorted(names, reverse=True), 2)
    draws = {drawn("s", "g", round_, names, 1) for round_ in range(40)}
    assert len(draws) == len(names) or len(names) > 5


def test_what_was_measured_corrects_what_was_set_by_as_much_as_was_seen() -> None:
    assert measured(Canaries(), 50_000, 60_000) == (50_000, 60_000)
    few = Canaries(bad=3, bad_accepted=3, good=1)
    many = Canaries(bad=300, bad_accepted=300, good=100)
    assert measured(few, 50_000, 60_000)[0] < 200_000 < 900_000 < measured(many, 50_000, 60_000)[0]
    assert measured(many, 50_000, 60_000)[1] == 10_000
