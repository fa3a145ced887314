"""The best assignment of tasks to agents: a flow of most value, found by successive shortest paths.

    source -> lane -> group -> task -> agent -> sink

A task is carried by one agent, an agent carries as many tasks as it has slots, a group lets one of its
tasks through (they exclude each other), a lane at most so many in all. Each round sends one more task
along the path of most additional value (Dijkstra over reduced costs, Johnson's potentials), and ends
when more would not gain. Since the gains of the rounds never rise, what is then reached is the optimum
(Ahuja, Magnanti and Orlin, Network Flows, 1993, chapter 9.7). Integers throughout.
"""

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

Edge = tuple[str, str]
"""A task and an agent."""

_FAR = 1 << 400


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
    net = _Net()
    tasks = {task for task, _ in values}
    for number, lane in enumerate(lanes):
        net.link("source", ("lane", number), lane.slots)
        for place, group in enumerate(lane.groups):
            net.link(("lane", number), ("group", number, place), 1)
            for task in group:
                if task in tasks:
                    net.link(("group", number, place), ("task", task), 1)
    arcs = {
        edge: net.link(("task", edge[0]), ("agent", edge[1]), 1, -value)
        for edge, value in values.items()
    }
    for agent in dict.fromkeys(agent for _, agent in values):
        net.link(("agent", agent), "sink", capacities.get(agent, 0))
    net.send("source", "sink")
    return {task: agent for (task, agent), arc in arcs.items() if net.room[arc] == 0}


@dataclass(slots=True)
class _Net:
    """Arcs in pairs: arc n and its reverse, n ^ 1."""

    number: dict[object, int] = field(default_factory=dict)
    leaving: list[list[int]] = field(default_factory=list)
    head: list[int] = field(default_factory=list)
    room: list[int] = field(default_factory=list)
    cost: list[int] = field(default_factory=list)

    def link(self, tail: object, head: object, room: int, cost: int = 0) -> int:
        """Add an arc; returns its number. Tails must be named in the order source to sink."""
        arc = len(self.head)
        one, other = self._node(tail), self._node(head)
        self.leaving[one].append(arc)
        self.leaving[other].append(arc + 1)
        self.head += [other, one]
        self.room += [max(room, 0), 0]
        self.cost += [cost, -cost]
        return arc

    def _node(self, name: object) -> int:
        if name not in self.number:
            self.number[name] = len(self.leaving)
            self.leaving.append([])
        return self.number[name]

    def send(self, source: object, sink: object) -> None:
        """Send one unit after the other, while that makes the total cost less."""
        if sink not in self.number or source not in self.number:
            return
        start, end = self.number[source], self.number[sink]
        potential = self._first_potentials(start)
        while True:
            distance, arrived = self._shortest(start, end, potential)
            if distance[end] >= _FAR:
                return
            potential = [
                before + min(distance[node], distance[end]) for node, before in enumerate(potential)
            ]
            if potential[end] - potential[start] >= 0:
                return
            self._push(start, end, arrived)

    def _first_potentials(self, start: int) -> list[int]:
        """Shortest distances in a net without flow, which has no cycles (Bellman and Ford)."""
        distance = [_FAR] * len(self.leaving)
        distance[start] = 0
        changed = True
        while changed:
            changed = False
            for arc in range(0, len(self.head), 2):
                tail, head = self.head[arc ^ 1], self.head[arc]
                if self.room[arc] and distance[tail] < _FAR:
                    longer = distance[tail] + self.cost[arc]
                    if longer < distance[head]:
                        distance[head] = longer
                        changed = True
        return [each if each < _FAR else 0 for each in distance]

    def _shortest(self, start: int, end: int, potential: list[int]) -> tuple[list[int], list[int]]:
        """Dijkstra over reduced costs: distances, and the arc by which each node was reached."""
        distance, arrived = [_FAR] * len(self.leaving), [-1] * len(self.leaving)
        distance[start] = 0
        queue = [(0, start)]
        while queue:
            far, node = heapq.heappop(queue)
            if far > distance[node]:
                continue
            if node == end:
                break  # whatever is farther is cut to this distance anyway
            here = far + potential[node]
            for arc in self.leaving[node]:
                if not self.room[arc]:
                    continue
                head = self.head[arc]
                longer = here + self.cost[arc] - potential[head]
                if longer < distance[head]:
                    distance[head], arrived[head] = longer, arc
                    heapq.heappush(queue, (longer, head))
        return distance, arrived

    def _push(self, start: int, end: int, arrived: list[int]) -> None:
        node = end
        while node != start:
            arc = arrived[node]
            self.room[arc] -= 1
            self.room[arc ^ 1] += 1
            node = self.head[arc ^ 1]
