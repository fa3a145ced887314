"""Made-up worlds whose truth is known: how far what is believed of agents is from their true chances.

Run `python -m benchmarks.market_worlds`. Agents of four classes differ in skill, in how loudly they claim and in how
much their claims say; tasks differ in difficulty, which claims feel. Checks err both ways. `error` is the mean
distance, over ten bins of what is believed, to the mean true chance in the bin; `rmse` is that of single tasks.

    plain        as described
    drifting     skills take a random walk while they are learned
    shaped       an agent does well until it is trusted, then fails
"""

import math
import random
from dataclasses import dataclass
from statistics import fmean

from swarm.domain.experience import Experience
from swarm.domain.money import CERTAIN
from swarm.domain.names import AgentId
from swarm.domain.tasks import TaskKind
from swarm.market.public_api import Key, Tried, known_of, lessons, mean

AGENTS, OUTCOMES, SEEN, SEEDS = 24, 1200, 600, 3
ALPHA = BETA = 100_000
WORLDS = ("plain", "drifting", "shaped")


@dataclass(slots=True)
class Agent:
    name: AgentId
    family: str
    skill: float
    loudness: float
    slope: float
    turns: bool = False


def main() -> dict[str, float]:
    figures: dict[str, float] = {}
    print(f"{'world':>12} {'error':>7} {'rmse':>7} {'of claims: error':>17} {'rmse':>7}")
    for world in WORLDS:
        runs = [_run(world, seed) for seed in range(SEEDS)]
        ours, raw, deep, claimed = (fmean(each[n] for each in runs) for n in range(4))
        print(f"{world:>12} {ours:>7.3f} {deep:>7.3f} {raw:>17.3f} {claimed:>7.3f}", flush=True)
        figures[f"{world}_error"] = round(ours, 4)
    return figures


def _run(world: str, seed: int) -> tuple[float, float, float, float]:
    dice = random.Random(f"{world}:{seed}")
    agents = [_agent(n, dice) for n in range(AGENTS)]
    if world == "shaped":
        agents[0].turns = True
    table: dict[Key, Experience] = {}
    for number in range(OUTCOMES):
        _learn(world, agents, number, table, dice)
    judged = [_judged(agents, table, dice) for _ in range(SEEN)]
    return (
        _binned([(believed, true) for believed, _, true in judged]),
        _binned([(claim, true) for _, claim, true in judged]),
        _apart([(believed, true) for believed, _, true in judged]),
        _apart([(claim, true) for _, claim, true in judged]),
    )


def _agent(number: int, dice: random.Random) -> Agent:
    kind = number % 4
    return Agent(
        name=AgentId(f"agent-{number}"),
        family=f"family-{kind}",
        skill=(0.25, 0.5, 0.8, 0.75)[kind] + dice.gauss(0, 0.1),
        loudness=(0.2, 1.5, 1.2, 1.8)[kind] + dice.gauss(0, 0.6),
        slope=dice.uniform(0.3, 1.0),
    )


def _task(agent: Agent, hardness: float, dice: random.Random) -> tuple[float, float]:
    """True chance and claim."""
    logit = 6 * (agent.skill - hardness) - 0.5
    claim = agent.loudness + agent.slope * logit + dice.gauss(0, 0.5)
    return _sigmoid(logit), _sigmoid(claim)


def _learn(
    world: str, agents: list[Agent], number: int, table: dict[Key, Experience], dice: random.Random
) -> None:
    hardness, agent = dice.betavariate(2, 2), agents[number % AGENTS]
    true, claim = _task(agent, hardness, dice)
    if agent.turns and number > OUTCOMES // 2:
        agent.skill = 0.0
    if world == "drifting":
        agent.skill = min(max(agent.skill + dice.gauss(0, 0.02), 0.0), 1.0)
    luck = dice.random()
    right = luck < true
    accepted = dice.random() < (1 - BETA / CERTAIN if right else ALPHA / CERTAIN)
    claimed = round(claim * CERTAIN)
    tried = Tried(
        agent.name, agent.family, "model", claimed, claimed, "accepted" if accepted else "refused"
    )
    for name, found in lessons([tried], table, TaskKind.WRITE, ALPHA, BETA).items():
        table[name, TaskKind.WRITE] = found


def _judged(
    agents: list[Agent], table: dict[Key, Experience], dice: random.Random
) -> tuple[float, float, float]:
    agent = dice.choice(agents)
    true, claim = _task(agent, dice.betavariate(2, 2), dice)
    skill = known_of(table, agent.name, "model", TaskKind.WRITE)
    assert skill is not None
    return mean(skill, round(claim * CERTAIN)), claim, true


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))


def _binned(pairs: list[tuple[float, float]]) -> float:
    ordered = sorted(pairs)
    size = len(ordered) // 10
    bins = [ordered[n : n + size] for n in range(0, len(ordered), size)]
    return sum(len(b) * abs(fmean(p for p, _ in b) - fmean(t for _, t in b)) for b in bins) / len(
        ordered
    )


def _apart(pairs: list[tuple[float, float]]) -> float:
    return math.sqrt(fmean((one - other) ** 2 for one, other in pairs))


if __name__ == "__main__":
    main()
