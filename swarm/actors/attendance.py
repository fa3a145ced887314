"""Who is there: hosts as the registry shows them, and what each said it can work on."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from swarm.actors.ports import Entry
from swarm.domain.ballots import Voter
from swarm.domain.bids import AgentCard
from swarm.domain.names import GoalId, HostId


@dataclass(slots=True)
class Attendance:
    expected: frozenset[str]
    """Names of the hosts that are to come."""

    whole_at: float = 0.0
    """When all of them were last seen, or waiting for them began."""

    _entries: tuple[Entry, ...] = ()
    _able: dict[HostId, dict[GoalId, str]] = field(default_factory=dict)
    """Why a host cannot work on a goal; empty = it can."""

    def see(self, entries: tuple[Entry, ...], now: float) -> None:
        """The registry's picture has changed, or was looked at again."""
        self._entries = entries
        if self.expected <= {entry.name for entry in entries}:
            self.whole_at = now
        self._able = {entry.host: self._able.get(entry.host, {}) for entry in entries}

    def hear(self, host: HostId, able: dict[GoalId, str]) -> bool:
        """What a host can work on. True when that is new."""
        if self._able.get(host) == able:
            return False
        self._able[host] = dict(able)
        return True

    def has_told(self, host: HostId, goal_id: GoalId) -> bool:
        return goal_id in self._able.get(host, {})

    def cards(self) -> Iterator[AgentCard]:
        return (card for entry in self._entries for card in entry.cards)

    def able_cards(self, goal_id: GoalId) -> tuple[AgentCard, ...]:
        """Those whose hosts can work on the goal."""
        able = {host for host, told in self._able.items() if told.get(goal_id) == ""}
        return tuple(card for card in self.cards() if card.host in able)

    def roster(self) -> tuple[Voter, ...]:
        """The voters who are there now, fixed into the policy when a round is opened."""
        return tuple(
            Voter(
                agent_id=card.agent_id,
                principal=card.principal,
                role=card.role,
                family=card.family,
                public_key=card.public_key,
            )
            for card in sorted(self.cards(), key=lambda card: card.agent_id)
            if card.role == "tester" or card.role == "reviewer"
        )

    def is_complete(self, goal_id: GoalId, *, waited: bool) -> bool:
        """Whether all hosts that are expected have said if they can work on this goal. Once it was
        `waited` for them, those who are there have to do.
        """
        told = {each.name for each in self._entries if self.has_told(each.host, goal_id)}
        return self.expected <= told or (waited and bool(told))

    def why_nobody(self, goal_id: GoalId) -> str:
        """Why none of those who are there can work on the goal; empty while one can."""
        told = [able[goal_id] for able in self._able.values() if goal_id in able]
        return "; ".join(dict.fromkeys(told)) if all(told) else ""

    def is_replaced(self, host: HostId) -> bool:
        """A later start of the same host is there in its place."""
        present = {entry.host: entry.name for entry in self._entries}
        return host not in present and _name_of(host) in present.values()


def _name_of(host: HostId) -> str:
    """A host's name without the part that is new at each start."""
    return host.split("#", 1)[0]
