"""Puts a host's parts together: its crew, its sandboxes, its work.

Both runtimes are built from here and from `headquarters`; what differs is only how the parts reach each
other.
"""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from swarm.actors.clock import Clock
from swarm.actors.crew import Cast, CheckerMember, Crew, Member, PlannerMember
from swarm.actors.crew import Planner as PlannerPort
from swarm.actors.host import Host
from swarm.actors.knowledge import Knowledge
from swarm.actors.metering import SECONDS_PER_HOUR, Meter, cores_each
from swarm.actors.minds import Minds, planning_price, with_minds
from swarm.actors.ports import CoordinatorPort, FactsPort, RegistryPort, new_host
from swarm.actors.replicas import Circle, Replicas, kept_nowhere
from swarm.actors.reporting import Desk
from swarm.actors.trees import Trees
from swarm.actors.workbench import HostWorkbench, mode_of
from swarm.actors.writing import WriterMember
from swarm.agents.public_api import (
    PRINCIPALS,
    BehaviourReviewer,
    Bounds,
    Checker,
    Planner,
    Runs,
    StaticReviewer,
    SuiteTester,
    ThinkingChecker,
)
from swarm.domain.bids import AgentCard, Curve, Role, Row
from swarm.domain.goals import Goal
from swarm.domain.names import AgentId, HostId, Principal
from swarm.domain.tasks import TaskKind
from swarm.engines.public_api import Engine, repair_engines
from swarm.identity.public_api import KeyRing, verify_digest
from swarm.memory.public_api import open_replica
from swarm.sandbox.public_api import (
    Limits,
    SandboxHost,
    SandboxMode,
    open_host,
    remove_leftovers,
    why_not,
)
from swarm.services.public_api import Services
from swarm.settings.public_api import Settings

PLAN_CPU_SECONDS = 20
CHECK_CPU_SECONDS = 10
PLANNER = AgentId("planner-suite")

CAPACITY = 2
"""Leases that one agent carries out at the same time."""


@dataclass(frozen=True, slots=True)
class HostFolders:
    """Where a host keeps its keys and its work. On another machine these are that machine's own."""

    keys: Path
    work: Path


def host_of(
    name: str,
    node: str,
    folders: HostFolders,
    settings: Settings,
    coordinator: CoordinatorPort,
    registry: RegistryPort,
    clock: Clock,
    cast: Cast | None = None,
    facts: FactsPort | None = None,
    minds: Minds | None = None,
) -> Host:
    """`facts`: how others reach its replicas; None = in this process. `minds`: models to ask."""
    host = new_host(name)
    work = folders.work / name
    boxes = _Boxes(work / "boxes", folders.work / "services")
    trees = Trees(work / "trees", coordinator.archive)
    limits = limits_of(settings)

    def workbench(goal: Goal) -> HostWorkbench:
        return HostWorkbench(
            goal=goal,
            host=boxes.host(mode_of(goal)),
            trees=trees,
            compare=coordinator.changes,
            limits=limits,
            meter=Meter(settings.cpu_hour),
            services=boxes.services(mode_of(goal)),
        )

    replicas = Replicas(lambda _: open_replica(verify=verify_digest), kept_nowhere)
    circle = Circle(host, registry, replicas)
    knowledge = _knowledge(name, folders, circle, clock)
    whole = with_minds(cast or default_cast(settings), minds, PLANNER, clock)
    crew = crew_of(
        name, host, folders, settings, knowledge, clock, whole, thinking=planning_price(minds)
    )
    return Host(
        host=host,
        name=name,
        node=node,
        crew=crew,
        coordinator=coordinator,
        registry=registry,
        workbench=workbench,
        probe=boxes.probe,
        close=boxes.close,
        desk=Desk(coordinator),
        circle=circle,
        facts=facts or replicas,
        heartbeat_seconds=settings.heartbeat_seconds,
    )


def limits_of(settings: Settings) -> Limits:
    return Limits(
        wall_seconds=settings.command_minutes * 60,
        cpu_seconds=settings.command_minutes * 60,
        memory_bytes=settings.memory_mb << 20,
        processes=settings.processes,
        cpus=settings.cpus,
        tmp_bytes=settings.tmp_mb << 20,
    )


class _Boxes:
    """The sandbox hosts of one process, one a mode, opened when first needed."""

    def __init__(self, scratch: Path, sealed: Path) -> None:
        """`sealed`: data of services, which all hosts of a machine share."""
        self._scratch = scratch
        self._sealed = sealed
        self._hosts: dict[SandboxMode, SandboxHost] = {}
        self._services: dict[SandboxMode, Services] = {}

    def host(self, mode: SandboxMode) -> SandboxHost:
        if mode not in self._hosts:
            self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
            remove_leftovers(self._scratch)
            self._hosts[mode] = open_host(self._scratch, mode, Path(sys.executable))
        return self._hosts[mode]

    def services(self, mode: SandboxMode) -> Services:
        if mode not in self._services:
            self._services[mode] = Services(self.host(mode), self._sealed)
        return self._services[mode]

    async def close(self) -> None:
        for host in self._hosts.values():
            await host.close()

    async def probe(self, goal: Goal) -> str:
        """Why a goal cannot be worked on here; empty = it can."""
        python = Path(goal.environment.python)
        if not os.access(python, os.X_OK):
            return f"there is no interpreter {python} on this machine"
        mode = mode_of(goal)
        if mode == "unsafe-worktree":
            return ""
        self._scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        return await asyncio.to_thread(why_not, self._scratch, mode)


def _knowledge(name: str, folders: HostFolders, circle: Circle, clock: Clock) -> Knowledge:
    author = AgentId(f"{name}-host")
    return Knowledge(circle, KeyRing(folders.keys).signer(author), author, clock)


def crew_of(
    name: str,
    host: HostId,
    folders: HostFolders,
    settings: Settings,
    knowledge: Knowledge,
    clock: Clock,
    cast: Cast,
    thinking: int = 0,
) -> Crew:
    """The members that belong on the host of this name: `planning`, `writing` or `reviewing`.

    `thinking`: what a model's part of a plan costs, in micro-USD.
    """
    hiring = _Hiring(host, KeyRing(folders.keys), settings, knowledge, clock, thinking)
    kind = name.partition("-")[0]
    if kind == "planning":
        testers = (hiring.checker(each, "tester") for each in cast.testers)
        return Crew((hiring.planner(cast.planner), *testers))
    if kind == "writing":
        return Crew(tuple(hiring.writer(engine) for engine in cast.engines))
    reviewers = (hiring.checker(each, "reviewer") for each in cast.reviewers)
    return Crew((*reviewers, *(hiring.critic(each) for each in cast.critics)))


def default_cast(settings: Settings) -> Cast:
    """Agents that need no model."""
    return Cast(
        planner=Planner(PLANNER),
        engines=repair_engines(
            settings.cpu_hour // SECONDS_PER_HOUR, cores=cores_each(settings.writers)
        ),
        testers=testers_of(settings),
        reviewers=reviewers_of(settings),
    )


@dataclass(frozen=True, slots=True)
class _Hiring:
    """Gives agents their keys and cards."""

    host: HostId
    ring: KeyRing
    settings: Settings
    knowledge: Knowledge
    clock: Clock
    thinking: int = 0

    def planner(self, planner: PlannerPort) -> Member:
        curve = _curve(TaskKind.PLAN, "", PLAN_CPU_SECONDS * self._cpu_price + self.thinking)
        card = self._card(PLANNER, "planner", "suite", Principal("local/planner-suite"), (curve,))
        return PlannerMember(card, planner, self.knowledge)

    def checker(self, checker: Checker, role: Role) -> Member:
        kind = TaskKind.TEST if role == "tester" else TaskKind.REVIEW
        agent_id = AgentId(f"{role}-{checker.aspect}")
        curve = _curve(kind, checker.aspect, CHECK_CPU_SECONDS * self._cpu_price)
        principal = PRINCIPALS[checker.aspect]
        card = self._card(agent_id, role, checker.aspect, principal, (curve,))
        return CheckerMember(card, checker, self.ring.signer(agent_id), self.clock)

    def critic(self, critic: ThinkingChecker) -> Member:
        """It votes as a reviewer, whatever it tries: nobody needs a model's yes."""
        agent_id = AgentId(f"reviewer-{critic.aspect}")
        price = CHECK_CPU_SECONDS * self._cpu_price + critic.price
        curve = _curve(TaskKind.REVIEW, critic.aspect, price)
        principal = PRINCIPALS[critic.aspect]
        card = self._card(agent_id, "reviewer", critic.aspect, principal, (curve,), critic.family)
        return CheckerMember(card, critic, self.ring.signer(agent_id), self.clock)

    def writer(self, engine: Engine) -> Member:
        agent_id = AgentId(f"writer-{engine.strategy}")
        principal = Principal(f"local/{engine.family}-{engine.strategy}")
        card = self._card(
            agent_id, "writer", engine.strategy, principal, engine.curves(), engine.family
        )
        return WriterMember(card, engine, self.knowledge, self.settings.cpu_hour)

    @property
    def _cpu_price(self) -> int:
        """Micro-USD for a second of one processor."""
        return self.settings.cpu_hour // SECONDS_PER_HOUR

    def _card(
        self,
        agent_id: AgentId,
        role: Role,
        strategy: str,
        principal: Principal,
        curves: tuple[Curve, ...],
        family: str = "rules",
    ) -> AgentCard:
        return AgentCard(
            agent_id=agent_id,
            role=role,
            engine=family,
            strategy=strategy,
            family=family,
            principal=principal,
            public_key=self.ring.signer(agent_id).public_key,
            capacity=CAPACITY,
            curves=curves,
            host=self.host,
        )


def testers_of(settings: Settings) -> tuple[Checker, ...]:
    return (SuiteTester(Runs(wall_seconds=settings.command_minutes * 60.0)),)


def reviewers_of(settings: Settings) -> tuple[Checker, ...]:
    bounds = Bounds(file_bytes=settings.max_file_bytes)
    return (StaticReviewer(protected=settings.protected, bounds=bounds), BehaviourReviewer())


def _curve(kind: TaskKind, aspect: str, price: int) -> Curve:
    """Plans and checks nearly always come to an answer; their price is processor time."""
    row = Row(price=price, seconds=30, probability=950_000)
    return Curve(kind=kind, aspect=aspect, rows=(row,))
