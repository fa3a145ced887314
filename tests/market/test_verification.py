"""How far checkers are trusted, which are asked, and who."""

from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.money import CERTAIN
from swarm.market.verification import (
    Canaries,
    CheckOffer,
    Joint,
    Weighed,
    bought,
    drawn,
    measured,
    rate,
    shared,
    shared_between,
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


def asked(found: tuple[Weighed, ...]) -> list[str]:
    return [each.offer.checker for each in found if each.bought]


def test_kin_of_an_author_is_reckoned_with_as_half_of_an_opinion() -> None:
    (found,) = bought(CERTAIN // 2, 1000, 1000, 0, [an_offer("a", family="f")], ["f"])
    assert (found.offer.alpha, found.kin) == (550_000, "the author")


def test_the_second_of_a_family_adds_less_than_a_stranger() -> None:
    offers = [an_offer(name, beta=0, price=0, family=kin) for name, kin in ("af", "bf", "cg")]
    found = {each.offer.checker: each for each in bought(CERTAIN // 2, 1000, 1000, 0, offers)}
    assert [found["c"].kin, found["b"].kin, found["a"].kin] == ["", "", "b"]
    assert found["a"].offer.alpha == 550_000
    assert found["a"].gain < found["c"].gain


def test_kin_is_who_shares_a_principal_a_family_or_a_lineage() -> None:
    one = an_offer("a", principal="p", family="f", lineage="l")
    assert an_offer("b", principal="p").is_kin(one)
    assert an_offer("b", family="f").is_kin(one)
    assert an_offer("b", lineage="l").is_kin(one)
    assert not an_offer("b").is_kin(one)
    assert not an_offer("b", lineage="").is_kin(an_offer("c", lineage=""))


def test_a_check_that_costs_more_than_it_saves_is_not_bought() -> None:
    assert asked(bought(CERTAIN // 2, 1000, 100, 0, [an_offer("a", price=1000)])) == []
    assert asked(bought(CERTAIN, 1000, 1000, 0, [an_offer("a")])) == []


def test_what_is_required_is_asked_first_whatever_it_is_worth() -> None:
    offers = [an_offer("better"), an_offer("tester", price=1000)]
    found = bought(CERTAIN // 2, 1000, 100, 0, offers, required=["tester"])
    assert (found[0].offer.checker, found[0].bought, found[0].gain < 0) == ("tester", True, True)


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
def test_what_is_bought_gains_and_one_more_would_not(p: int, some: list[CheckOffer]) -> None:
    def value(chosen: list[CheckOffer]) -> int:
        return worth(p, 1000, 1000, 300, chosen)

    found = bought(p, 1000, 1000, 300, some)
    chosen = [each.offer for each in found if each.bought]
    assert all(value([]) <= value([each]) + 1 <= value(chosen) + 1 for each in chosen[:1])
    assert all(value([each]) <= max(value(chosen), value([])) for each in some)
    assert all(value([*chosen, e.offer]) <= value(chosen) for e in found if not e.bought)


@given(st.sampled_from([100_000, 500_000, 900_000]), offers)
def test_the_order_in_which_checks_are_offered_changes_nothing(
    p: int, some: list[CheckOffer]
) -> None:
    assert bought(p, 1000, 1000, 300, some) == bought(p, 1000, 1000, 300, some[::-1])


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


def joint(passed_both: int, first_only: int, second_only: int, neither: int) -> Joint:
    """Counts of wrong changes, by who accepted them."""
    found = Joint()
    for times, passed, finds in (
        (passed_both, True, False),
        (first_only, True, True),
        (second_only, False, False),
        (neither, False, True),
    ):
        for _ in range(times):
            found = found.heard(passed=passed, found=finds)
    return found


counts = st.integers(0, 30)


@given(counts, counts, counts, counts, st.sampled_from([0, CERTAIN // 2]))
def test_a_wrong_change_that_both_pass_never_makes_them_more_independent(
    both: int, first: int, second: int, neither: int, judged: int
) -> None:
    before = shared(joint(both, first, second, neither), judged)
    assert 0 <= before <= CERTAIN
    assert shared(joint(both + 1, first, second, neither), judged) >= before
    assert shared(joint(both, first + 1, second, neither), judged) <= before


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_errors_that_multiply_share_nothing_and_errors_in_common_nearly_all(
    one: int, other: int, times: int
) -> None:
    apart = joint(one * other, one * (10 - other), (10 - one) * other, (10 - one) * (10 - other))
    assert shared(apart) == 0
    same = joint(100 * times, 0, 0, 100 * times)
    assert shared(same) > 900_000


def test_what_is_judged_holds_until_both_were_asked_about_the_same_changes() -> None:
    assert (shared(Joint()), shared(Joint(), 500_000)) == (0, 500_000)
    assert shared_between(Joint()) == (0, CERTAIN)
    few, many = joint(2, 0, 0, 2), joint(200, 0, 0, 200)
    assert 0 < shared(few) < shared(many)
    assert shared_between(few)[0] < shared_between(many)[0]


@given(counts, counts, counts, counts)
def test_the_interval_holds_the_share_that_was_seen(
    both: int, first: int, second: int, neither: int
) -> None:
    heard = joint(both, first, second, neither)
    low, high = shared_between(heard)
    assert 0 <= low <= high <= CERTAIN
    if heard.expected:
        seen = max(CERTAIN - int(heard.found_of_passed / heard.expected * CERTAIN), 0)
        assert low - 1 <= seen <= high + 1


def test_a_stranger_that_passes_what_another_passes_is_reckoned_with_as_its_kin() -> None:
    offers = [an_offer(name, alpha=300_000, beta=0, price=10) for name in "ab"]
    joints = {pair: joint(300, 0, 0, 700) for pair in (("a", "b"), ("b", "a"))}
    stranger, kin = (
        bought(CERTAIN // 2, 1000, 1000, 0, offers, joints=known)[1] for known in ({}, joints)
    )
    assert (stranger.bought, stranger.kin, stranger.offer.alpha) == (True, "", 300_000)
    assert (kin.bought, kin.kin) == (False, "b")
    assert kin.offer.alpha > 950_000


@given(offers, counts, counts, counts, counts)
def test_no_check_together_with_others_accepts_more_than_it_does_alone(
    some: list[CheckOffer], both: int, first: int, second: int, neither: int
) -> None:
    heard = joint(both, first, second, neither)
    joints = {(one.lineage, other.lineage): heard for one in some for other in some}
    found = bought(CERTAIN // 2, 1000, 1000, 300, some, joints=joints)
    chosen = [each.offer for each in found if each.bought]
    independent = [each for each in some if each.checker in {e.checker for e in chosen}]
    assert together(independent)[0] <= together(chosen)[0] + 3
    assert together(chosen)[0] <= min((e.alpha for e in chosen), default=CERTAIN)
