"""The best assignment of tasks to agents: a flow of most value, found by successive shortest paths.

    source -> lane -> group -> agent -> sink

A group lets one of its tasks through (they exclude each other), so to each agent it is worth what its best
task there is. An agent carries as many groups as it has slots, a lane at most so many in all. Each round
adds one more group along the path of most additional value: the group goes to an agent, which hands one
that it holds on to another, and so on to a free slot; where a lane is full, one of its groups is given up for
another. Rounds end when one more would not gain. Since their gains never rise, what is then reached is the optimum
(Ahuja, Magnanti and Orlin, Network Flows, 1993, chapter 9.7).

Tasks are many and agents few, so paths are sought over agents only: what handing on costs between each two
is kept, and only full agents hand on. Integers throughout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Edge = tuple[str, str]
"""A task and an agent."""

_NEVER = -(1 << 300)
"""Less than all values together can make good."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Tasks of which at most `slots` may be begun, in groups of which each lets one through."""

    groups: tuple[tuple[str, ...], ...]
    slots: int


def best_assignment(
    values: Mapping[Edge, int], capacities: Mapping[str, int], lanes: tuple[Lane, ...]
) -> dict[str, str]:
    """The assignment of most total value; agent by task. Every value must be above 0.

    Among assignments of equal value it is decided by their order in `values`: see that none are.
    """
    bidding = dict.fromkeys(agent for _, agent in values)
    agents = [agent for agent in bidding if capacities.get(agent, 0) > 0]
    if not agents:
        return {}
    by_task = _by_task(values, agents)
    groups = [(n, group) for n, lane in enumerate(lanes) for group in lane.groups]
    if len(by_task) == 1:
        return _alone(by_task, agents, lanes)
    search = _Search(
        worths=[_worths(by_task, group, len(agents)) for _, group in groups],
        lane_of=[lane for lane, _ in groups],
        slots=[capacities[agent] for agent in agents],
        room=[lane.slots for lane in lanes],
    )
    search.fill()
    return {
        _let_through(by_task, groups[group][1], agent): agents[agent]
        for agent, held in enumerate(search.held)
        for group in held
    }


def _alone(
    by_task: Mapping[str, list[int]], agents: Sequence[str], lanes: Sequence[Lane]
) -> dict[str, str]:
    """One task only: who is best at it."""
    ((task, worths),) = by_task.items()
    may_begin = any(lane.slots > 0 and any(task in each for each in lane.groups) for lane in lanes)
    best = max(range(len(agents)), key=worths.__getitem__)
    return {task: agents[best]} if may_begin else {}


def _by_task(values: Mapping[Edge, int], agents: Sequence[str]) -> dict[str, list[int]]:
    """What each task is worth to each agent, by number."""
    number = {agent: n for n, agent in enumerate(agents)}
    found: dict[str, list[int]] = {}
    for (task, agent), value in values.items():
        if agent in number:
            if task not in found:
                found[task] = [_NEVER] * len(agents)
            found[task][number[agent]] = value
    return found


def _worths(by_task: Mapping[str, list[int]], group: Sequence[str], agents: int) -> list[int]:
    rows = [by_task[task] for task in group if task in by_task]
    if not rows:
        return [_NEVER] * agents
    return rows[0] if len(rows) == 1 else [max(column) for column in zip(*rows, strict=True)]


def _let_through(by_task: Mapping[str, list[int]], group: Sequence[str], agent: int) -> str:
    return max((task for task in group if task in by_task), key=lambda task: by_task[task][agent])


class _Search:
    """Who holds which groups so far, by number.

    Nodes of a path are agents, and behind them full lanes: who gives up one of a lane's groups lets
    another agent begin one that waits.
    """

    __slots__ = (
        "_before",
        "_lane_of",
        "_passed",
        "_ranked",
        "_room",
        "_rows",
        "_slots",
        "_waits",
        "_worths",
        "held",
    )

    def __init__(
        self, worths: list[list[int]], lane_of: list[int], slots: list[int], room: list[int]
    ) -> None:
        self._worths, self._lane_of, self._slots, self._room = worths, lane_of, slots, room
        self._waits = [True] * len(worths)
        self._ranked = [self._rank(lane) for lane in range(len(room))]
        self._passed = [[0] * len(slots) for _ in room]
        self._rows: dict[int, list[int]] = {}
        self._before = [0] * (len(slots) + len(room))
        self.held: list[list[int]] = [[] for _ in slots]

    def fill(self) -> None:
        """Begin one more group after the other, while that gains."""
        while True:
            gains, came = self._gains()
            ends = [agent for agent, held in enumerate(self.held) if len(held) < self._slots[agent]]
            end = max(ends, key=gains.__getitem__, default=-1)
            if end < 0 or gains[end] <= 0:
                return
            self._move(end, came)

    # Seeking a path ----------------------------------------------------------------------------

    def _gains(self) -> tuple[list[int], list[int]]:
        """What one more group at each node gains at most, and from which node it comes (-1: it waits).

        Only full agents hand on: from one with a free slot nothing is gained by it. What was gained a
        round before are potentials: in the order of how little less it is now, each node is done once.
        """
        agents = len(self.held)
        gains = self._entries([lane for lane, room in enumerate(self._room) if room > 0])
        gains += [_NEVER] * len(self._room)
        came = [-1] * len(gains)
        hands_on = [len(held) == n for held, n in zip(self.held, self._slots, strict=True)]
        hands_on += [True] * len(self._room)
        before = self._before
        due = {node for node in range(agents) if hands_on[node]}
        while due:
            node = max(due, key=lambda each: gains[each] - before[each])
            due.discard(node)
            here = gains[node]
            for other, more in enumerate(self._row(node)):
                if here + more > gains[other]:
                    gains[other], came[other] = here + more, node
                    if hands_on[other]:
                        due.add(other)
        self._before = gains
        return gains, came

    def _row(self, node: int) -> list[int]:
        """What handing on from this node to each other one gains: mostly a loss."""
        if node not in self._rows:
            agents = len(self.held)
            full = node < agents
            self._rows[node] = self._handing_on(node) if full else self._entries([node - agents])
        return self._rows[node]

    def _handing_on(self, agent: int) -> list[int]:
        rows = []
        for group in self.held[agent]:
            worths, lane = self._worths[group], self._lane_of[group]
            lost = worths[agent]
            row = [worth - lost for worth in worths]
            row += [
                -lost if n == lane and not room else _NEVER for n, room in enumerate(self._room)
            ]
            rows.append(row)
        return rows[0] if len(rows) == 1 else list(map(max, *rows))

    def _entries(self, lanes: Sequence[int]) -> list[int]:
        """The most that a group of these lanes which waits is worth to each agent."""
        found = [_NEVER] * len(self.held)
        for lane in lanes:
            for agent in range(len(found)):
                group = self._next(lane, agent)
                if group >= 0 and self._worths[group][agent] > found[agent]:
                    found[agent] = self._worths[group][agent]
        return found

    def _next(self, lane: int, agent: int) -> int:
        """The lane's most valuable group for the agent that waits; -1: none does."""
        ranked, at = self._ranked[lane][agent], self._passed[lane][agent]
        while at < len(ranked) and not self._waits[ranked[at]]:
            at += 1
        self._passed[lane][agent] = at
        return ranked[at] if at < len(ranked) else -1

    def _rank(self, lane: int) -> list[list[int]]:
        """For each agent the lane's groups that it may have, the most valuable first."""
        mine = [group for group, its in enumerate(self._lane_of) if its == lane]
        ranked = []
        for column in zip(*(self._worths[group] for group in mine), strict=True):
            worth = [(value, group) for value, group in zip(column, mine, strict=True) if value > 0]
            ranked.append([group for _, group in sorted(worth, reverse=True)])
        return ranked or [[] for _ in self._slots]

    # Going along it ----------------------------------------------------------------------------

    def _move(self, end: int, came: Sequence[int]) -> None:
        """Hand groups on along the path, from its end back to the group that begins."""
        agents, node = len(self.held), end
        while (before := came[node]) >= 0:
            self._rows.pop(node, None)
            if before < agents:
                group = self._handed(before, node)
                self.held[before].remove(group)
                self.held[node].append(group)
                node = before
            else:
                lane = before - agents
                self._begin(lane, node)
                node = came[before]
                self._give_up(lane, node)
        self._rows.pop(node, None)
        lanes = [lane for lane, room in enumerate(self._room) if room > 0]
        waiting = [
            (self._worths[g][node], lane) for lane in lanes if (g := self._next(lane, node)) >= 0
        ]
        _, lane = max(waiting)
        self._begin(lane, node)
        self._room[lane] -= 1
        if not self._room[lane]:
            self._rows.clear()

    def _handed(self, agent: int, other: int) -> int:
        return max(
            self.held[agent],
            key=lambda group: self._worths[group][other] - self._worths[group][agent],
        )

    def _begin(self, lane: int, agent: int) -> None:
        group = self._next(lane, agent)
        self._waits[group] = False
        self.held[agent].append(group)
        self._rows.pop(len(self.held) + lane, None)

    def _give_up(self, lane: int, agent: int) -> None:
        mine = [group for group in self.held[agent] if self._lane_of[group] == lane]
        group = min(mine, key=lambda group: self._worths[group][agent])
        self.held[agent].remove(group)
        self._waits[group] = True
        self._passed[lane] = [0] * len(self.held)
        self._rows.pop(len(self.held) + lane, None)
