"""Laws of the shared words: one byte form, money that adds up, ids that name their parents."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm.domain.bids import Condition, quote
from swarm.domain.canonical import canonical
from swarm.domain.errors import Exhausted, Lacking, NeedsHuman, Rejected, SwarmError, Transient
from swarm.domain.money import dollars, micro_usd
from swarm.domain.names import goal_of, nth_attempt, nth_task, task_of
from swarm.testing.coordination import a_card, a_contract
from swarm.testing.events import GOAL

trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), trees))
def test_the_order_of_keys_does_not_change_the_bytes(value: dict[str, object]) -> None:
    assert canonical(value) == canonical(dict(reversed(value.items())))  # type: ignore[arg-type]


def test_a_float_has_no_canonical_form() -> None:
    with pytest.raises(ValueError, match="no canonical form"):
        canonical({"a": [1, {"b": 0.5}]})  # type: ignore[dict-item]


@given(st.integers(-(10**12), 10**12))
def test_money_survives_being_written_and_read(amount: int) -> None:
    assert micro_usd(dollars(abs(amount))) == abs(amount)
    assert dollars(amount).startswith("-") == (amount < 0)


@pytest.mark.parametrize("text", ["", "two", "nan", "inf", "0.0000001", "1,5"])
def test_what_is_no_amount_of_dollars_is_rejected(text: str) -> None:
    with pytest.raises(Rejected):
        micro_usd(text)


def test_ids_name_their_parents() -> None:
    task = nth_task(GOAL, 2)
    assert (goal_of(task), task_of(nth_attempt(task, 3))) == (GOAL, task)
    assert goal_of(nth_attempt(task, 3)) == GOAL


@pytest.mark.parametrize("kind", [Transient, Rejected, Exhausted, NeedsHuman, Lacking])
def test_an_error_is_itself_on_the_other_side(kind: type[SwarmError]) -> None:
    error = kind("why")
    error.advice = "what to do"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.advice) == (kind, "why", "what to do")


def test_an_agent_bids_only_for_what_it_offers() -> None:
    assert quote(a_card("ann"), a_contract()) is not None
    assert quote(a_card("ann", "tester", aspects=("suite",)), a_contract()) is None


def test_an_absent_feature_counts_as_none_of_it() -> None:
    assert Condition(feature="suspects", at_most=3).holds(a_contract())
    assert not Condition(feature="suspects", at_least=1).holds(a_contract())
