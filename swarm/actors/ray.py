"""The same parts as Ray actors. The only module that imports ray.

Shells hold no state of their own: each builds its part in its own process and passes calls on. A
restarted actor rebuilds itself (the coordinator from the journal, hosts from their leases, the registry
from heartbeats), so restarts and repeated calls are safe, and only therefore switched on.

Every actor's process imports this module, and half of what they all would do until they answer is to read
modules: so each shell imports by itself what it is built of, and the names of types are for the checker.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import ray
import ray.exceptions
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from swarm.actors.ports import HOSTS
from swarm.actors.rayenv import own_folder, sessions_folder
from swarm.domain.errors import Transient

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from swarm.actors.assembly import HostFolders
    from swarm.actors.crew import Cast
    from swarm.actors.places import Places
    from swarm.actors.ports import Entry, News, Orders
    from swarm.coordination.public_api import AgentCommand
    from swarm.domain.changes import Changes
    from swarm.domain.facts import SignedFact
    from swarm.domain.goals import Tracker
    from swarm.domain.names import AttemptId, Digest, GoalId, HostId, TreeHash
    from swarm.domain.tasks import Finding
    from swarm.engines.public_api import Found
    from swarm.forge.public_api import Outcome, Published, PublishRequest, Standing
    from swarm.models.public_api import Answer as Answered
    from swarm.models.public_api import Ask, Passed, Passing, RouteView
    from swarm.repository.public_api import Landing
    from swarm.settings.public_api import Settings
    from swarm.tools.public_api import Toolset

Answer = TypeVar("Answer")

STARTS = 3
FIRST_SECONDS = 5.0
"""So long those who come first are left alone at most: a machine that is busy elsewhere is no reason to let a
goal wait for its writers.
"""

OBJECT_STORE_BYTES = 256 << 20


# Reaching an actor ------------------------------------------------------------------------------


async def answered(call: Awaitable[Answer]) -> Answer:
    """The answer of an actor. Raises Transient while it is away; its own errors come as themselves."""
    try:
        return await call
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, Exception):
            raise cause from None
        raise
    except (ray.exceptions.RayActorError, ray.exceptions.GetTimeoutError) as error:
        raise Transient(f"an actor is away: {error}"[:300]) from error


@dataclass(frozen=True, slots=True)
class RemoteCoordinator:
    """Implements `CoordinatorPort` by calls to the coordinator's actor."""

    actor: Any

    async def attend(
        self, host: HostId, holding: tuple[tuple[AttemptId, int], ...], able: dict[GoalId, str]
    ) -> Orders:
        orders: Orders = await answered(self.actor.attend.remote(host, holding, able))
        return orders

    async def record(self, command: AgentCommand) -> tuple[str, ...]:
        said: tuple[str, ...] = await answered(self.actor.record.remote(command))
        return said

    async def keep_tree(
        self, attempt_id: AttemptId, step: int, base: TreeHash, changes: Changes
    ) -> TreeHash:
        call = self.actor.keep_tree.remote(attempt_id, step, base, changes)
        tree: TreeHash = await answered(call)
        return tree

    async def put(self, data: bytes) -> Digest:
        digest: Digest = await answered(self.actor.put.remote(data))
        return digest

    async def get(self, digest: Digest) -> bytes:
        data: bytes = await answered(self.actor.get.remote(digest))
        return data

    async def archive(self, goal_id: GoalId, tree: TreeHash) -> bytes:
        data: bytes = await answered(self.actor.archive.remote(goal_id, tree))
        return data

    async def changes(self, goal_id: GoalId, base: TreeHash, tree: TreeHash) -> Changes:
        changes: Changes = await answered(self.actor.changes.remote(goal_id, base, tree))
        return changes


@dataclass(frozen=True, slots=True)
class RemoteFacts:
    """The replicas of whichever actor this is the handle of. It travels in the registry's entries."""

    actor: Any

    async def exchange_facts(self, repository: str, vector: bytes, update: bytes) -> News:
        call = self.actor.exchange_facts.remote(repository, vector, update)
        news: News = await answered(call)
        return news

    async def hand_over(
        self, repository: str, facts: tuple[SignedFact, ...]
    ) -> tuple[SignedFact, ...]:
        call = self.actor.hand_over.remote(repository, facts)
        held: tuple[SignedFact, ...] = await answered(call)
        return held


def _own_facts() -> RemoteFacts:
    """For the actor whose process this is."""
    return RemoteFacts(ray.get_runtime_context().current_actor)


@dataclass(frozen=True, slots=True)
class RemoteRegistry:
    actor: Any

    async def announce(self, entry: Entry) -> None:
        await answered(self.actor.announce.remote(entry))

    async def watch(self, seen: int) -> tuple[int, tuple[Entry, ...]]:
        picture: tuple[int, tuple[Entry, ...]] = await answered(self.actor.watch.remote(seen))
        return picture


@dataclass(frozen=True, slots=True)
class RemotePublisher:
    """Reached by its name: it begins after the coordinator, which needs it last."""

    name: str

    @property
    def actor(self) -> Any:
        """Raises Transient before it has begun."""
        try:
            return ray.get_actor(self.name)
        except ValueError as error:
            raise Transient("the publisher has not begun yet") from error

    async def outcome(self, tracker: Tracker, number: int) -> Outcome:
        outcome: Outcome = await answered(self.actor.outcome.remote(tracker, number))
        return outcome

    async def findings(self, tracker: Tracker, number: int) -> tuple[Finding, ...]:
        found: tuple[Finding, ...] = await answered(self.actor.findings.remote(tracker, number))
        return found

    async def reverted(self, tracker: Tracker, number: int) -> str:
        commit: str = await answered(self.actor.reverted.remote(tracker, number))
        return commit

    async def show(self, tracker: Tracker, standing: Standing) -> None:
        await answered(self.actor.show.remote(tracker, standing))

    async def make_ready(self, tracker: Tracker, number: int) -> None:
        await answered(self.actor.make_ready.remote(tracker, number))

    async def why_revoked(self, tracker: Tracker) -> str:
        why: str = await answered(self.actor.why_revoked.remote(tracker))
        return why

    async def publish(self, request: PublishRequest) -> Published:
        published: Published = await answered(self.actor.publish.remote(request))
        return published

    async def withdraw(
        self, repository: str, goal_id: GoalId, tracker: Tracker | None = None
    ) -> int | None:
        call = self.actor.withdraw.remote(repository, goal_id, tracker)
        number: int | None = await answered(call)
        return number

    async def note_merge(self, number: int, how: Landing) -> None:
        await answered(self.actor.note_merge.remote(number, how))

    async def is_closed(self, number: int) -> bool:
        closed: bool = await answered(self.actor.is_closed.remote(number))
        return closed


@dataclass(frozen=True, slots=True)
class RemoteModels:
    """Implements `Minded` by calls to the gateway's actor."""

    actor: Any

    async def ask(self, ask: Ask) -> Answered:
        answer: Answered = await answered(self.actor.ask.remote(ask))
        return answer

    async def pass_on(self, passing: Passing) -> Passed:
        passed: Passed = await answered(self.actor.pass_on.remote(passing))
        return passed


def _packed(actor: Any) -> bytes:
    """A handle as a constructor's argument. As itself it would be kept in the object store, and whoever
    loses that can never be started again; these bytes travel with the description of the actor.
    """
    packed: bytes = ray.cloudpickle.dumps(actor)  # type: ignore[no-untyped-call]
    return packed


def _reached(packed: bytes) -> Any:
    """Only for what `_packed` made: it comes from the process that assembles the actors."""
    return ray.cloudpickle.loads(packed)


# Shells -----------------------------------------------------------------------------------------


class RegistryShell:
    def __init__(self) -> None:
        from swarm.actors.clock import SystemClock
        from swarm.actors.registry import Registry

        self._registry = Registry(SystemClock())

    @ray.method
    async def announce(self, entry: Entry) -> None:
        await self._registry.announce(entry)

    @ray.method
    async def watch(self, seen: int) -> tuple[int, tuple[Entry, ...]]:
        return await self._registry.watch(seen)

    @ray.method
    async def process(self) -> int:
        return os.getpid()


class PublisherShell:
    def __init__(self, home: Path, settings: Settings) -> None:
        from swarm.actors.places import Places
        from swarm.actors.publishing import publisher_of

        self._publisher = publisher_of(Places(home), settings)

    @ray.method
    async def outcome(self, tracker: Tracker, number: int) -> Outcome:
        return await self._publisher.outcome(tracker, number)

    @ray.method
    async def findings(self, tracker: Tracker, number: int) -> tuple[Finding, ...]:
        return await self._publisher.findings(tracker, number)

    @ray.method
    async def reverted(self, tracker: Tracker, number: int) -> str:
        return await self._publisher.reverted(tracker, number)

    @ray.method
    async def show(self, tracker: Tracker, standing: Standing) -> None:
        await self._publisher.show(tracker, standing)

    @ray.method
    async def make_ready(self, tracker: Tracker, number: int) -> None:
        await self._publisher.make_ready(tracker, number)

    @ray.method
    async def why_revoked(self, tracker: Tracker) -> str:
        return await self._publisher.why_revoked(tracker)

    @ray.method
    async def publish(self, request: PublishRequest) -> Published:
        return await self._publisher.publish(request)

    @ray.method
    async def withdraw(
        self, repository: str, goal_id: GoalId, tracker: Tracker | None = None
    ) -> int | None:
        return await self._publisher.withdraw(repository, goal_id, tracker)

    @ray.method
    async def note_merge(self, number: int, how: Landing) -> None:
        await self._publisher.note_merge(number, how)

    @ray.method
    async def is_closed(self, number: int) -> bool:
        return await self._publisher.is_closed(number)


class GatewayShell:
    """The only process that reads the models' keys."""

    def __init__(self, home: Path) -> None:
        from swarm.actors.places import Places
        from swarm.actors.routes import gateway_of

        self._gateway = gateway_of(Places(home))
        self._gateway.warm_up()

    @ray.method
    async def ask(self, ask: Ask) -> Answered:
        return await self._gateway.ask(ask)

    @ray.method
    async def pass_on(self, passing: Passing) -> Passed:
        return await self._gateway.pass_on(passing)

    @ray.method
    async def process(self) -> int:
        return os.getpid()


class CoordinatorShell:
    def __init__(
        self,
        home: Path,
        settings: Settings,
        registry: bytes,
        publisher: str,
        hosts: tuple[str, ...],
    ) -> None:
        from swarm.actors.clock import SystemClock
        from swarm.actors.headquarters import coordinator_of
        from swarm.actors.places import Places
        from swarm.journal.public_api import open_journal

        places = Places(home)
        self._coordinator = coordinator_of(
            places,
            settings,
            open_journal(places.journal),
            RemoteRegistry(_reached(registry)),
            RemotePublisher(publisher),
            SystemClock(),
            "ray",
            frozenset(hosts),
            _own_facts(),
        )
        self._coordinator.rebuild()

    @ray.method
    async def run(self, forever: bool) -> None:
        await self._coordinator.run(forever=forever)

    @ray.method
    async def attend(
        self, host: HostId, holding: tuple[tuple[AttemptId, int], ...], able: dict[GoalId, str]
    ) -> Orders:
        return await self._coordinator.attend(host, holding, able)

    @ray.method
    async def record(self, command: AgentCommand) -> tuple[str, ...]:
        return await self._coordinator.record(command)

    @ray.method
    async def keep_tree(
        self, attempt_id: AttemptId, step: int, base: TreeHash, changes: Changes
    ) -> TreeHash:
        return await self._coordinator.keep_tree(attempt_id, step, base, changes)

    @ray.method
    async def put(self, data: bytes) -> Digest:
        return await self._coordinator.put(data)

    @ray.method
    async def get(self, digest: Digest) -> bytes:
        return await self._coordinator.get(digest)

    @ray.method
    async def archive(self, goal_id: GoalId, tree: TreeHash) -> bytes:
        return await self._coordinator.archive(goal_id, tree)

    @ray.method
    async def changes(self, goal_id: GoalId, base: TreeHash, tree: TreeHash) -> Changes:
        return await self._coordinator.changes(goal_id, base, tree)

    @ray.method
    async def exchange_facts(self, repository: str, vector: bytes, update: bytes) -> News:
        return await self._coordinator.office.replicas.exchange_facts(repository, vector, update)

    @ray.method
    async def hand_over(
        self, repository: str, facts: tuple[SignedFact, ...]
    ) -> tuple[SignedFact, ...]:
        return await self._coordinator.office.replicas.hand_over(repository, facts)

    @ray.method
    async def process(self) -> int:
        return os.getpid()


class HostShell:
    def __init__(
        self,
        name: str,
        home: Path,
        home_node: str,
        settings: Settings,
        coordinator: bytes,
        registry: bytes,
        cast: Callable[[Settings], Cast] | None = None,
        gateway: bytes = b"",
        views: tuple[RouteView, ...] = (),
        agents: tuple[Found, ...] = (),
        tools: Toolset | None = None,
    ) -> None:
        """`cast`: None = the agents that come with swarm; `gateway` and `views`: the models that can be
        asked, if there are any; `agents`: the user's; `tools`: others', that both may use.
        """
        from swarm.actors.assembly import host_of
        from swarm.actors.clock import SystemClock
        from swarm.actors.minds import minds_with
        from swarm.tools.public_api import Toolset

        models = RemoteModels(_reached(gateway)) if views else None
        minds = minds_with(views, models, agents, tools or Toolset())
        node = ray.get_runtime_context().get_node_id()
        self._host = host_of(
            name,
            node,
            _folders(home, at_home=node == home_node),
            settings,
            RemoteCoordinator(_reached(coordinator)),
            RemoteRegistry(_reached(registry)),
            SystemClock(),
            None if cast is None else cast(settings),
            _own_facts(),
            minds,
        )

    @ray.method
    async def run(self) -> None:
        await self._host.run()

    @ray.method
    async def exchange_facts(self, repository: str, vector: bytes, update: bytes) -> News:
        return await self._host.circle.replicas.exchange_facts(repository, vector, update)

    @ray.method
    async def hand_over(
        self, repository: str, facts: tuple[SignedFact, ...]
    ) -> tuple[SignedFact, ...]:
        return await self._host.circle.replicas.hand_over(repository, facts)

    @ray.method
    async def process(self) -> int:
        return os.getpid()


RegistryActor = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(RegistryShell)
PublisherActor = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(PublisherShell)
GatewayActor = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(GatewayShell)
CoordinatorActor = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(CoordinatorShell)
HostActor = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=-1)(HostShell)

CALLS = 1000
"""Calls that one actor has open at the same time: long polls wait inside."""


def _folders(home: Path, *, at_home: bool) -> HostFolders:
    """Another machine shares no disk with us: keys and work are its own."""
    from swarm.actors.assembly import HostFolders
    from swarm.actors.places import Places

    if at_home:
        places = Places(home)
        return HostFolders(places.keys, places.work)
    owner = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    own = Path(tempfile.gettempdir()) / f"swarm-host-{os.getuid()}-{owner}"
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    return HostFolders(own / "keys", own / "work")


# The troupe -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Troupe:
    """Handles of everything that was started."""

    registry: Any
    publisher: Any
    coordinator: Any
    hosts: Mapping[str, Any]
    gateway: Any = None
    work: Any = None
    """What the coordinator's work comes to, where it was sent to work."""

    def dismiss(self) -> None:
        """End every actor for good; what they knew is in the journal."""
        for actor in (*self.hosts.values(), self.coordinator, self.publisher, self.registry):
            ray.kill(actor)
        if self.gateway is not None:
            ray.kill(self.gateway)


def assemble(
    home: Path,
    settings: Settings,
    *,
    hosts: tuple[str, ...] = HOSTS,
    placement: Mapping[str, Mapping[str, float]] | None = None,
    cast: Callable[[Settings], Cast] | None = None,
    forever: bool | None = None,
) -> Troupe:
    """Start the actors in the cluster that this process is connected to.

    Coordinator, registry and publisher stay on this machine; hosts float, or go where the custom
    resources of `placement` are. `cast` is called on each host for its agents. With `forever` the
    coordinator is sent to work at once, until no goal is open or for ever; without, the caller does that.

    The first host plans, and nobody else has anything to do before there is a plan: so the other hosts and
    the publisher begin when those before them answer, and these have the processors until then.
    """
    here = ray.get_runtime_context().get_node_id()
    at_home: dict[str, Any] = {
        "scheduling_strategy": NodeAffinitySchedulingStrategy(here, soft=False),
        "max_concurrency": CALLS,
    }
    publishing = f"publisher-{secrets.token_hex(8)}"
    registry = RegistryActor.options(**at_home).remote()
    coordinator = CoordinatorActor.options(**at_home).remote(
        home, settings, _packed(registry), publishing, hosts
    )
    work = None if forever is None else coordinator.run.remote(forever)
    minds = _minds(home, settings)
    gateway = GatewayActor.options(**at_home).remote(home) if minds.views else None
    known = (home, here, settings, _packed(coordinator), _packed(registry), cast)
    asked = (b"" if gateway is None else _packed(gateway), minds.views, minds.agents, minds.tools)

    def begun(names: tuple[str, ...]) -> dict[str, Any]:
        return {
            name: _begin_host((placement or {}).get(name, {}), name, *known, *asked)
            for name in names
        }

    first = begun(hosts[:1])
    present = [each.process.remote() for each in (registry, coordinator, *first.values())]
    ray.wait(present, num_returns=len(present), timeout=FIRST_SECONDS)
    others = begun(hosts[1:])
    publisher = PublisherActor.options(name=publishing, **at_home).remote(home, settings)
    return Troupe(registry, publisher, coordinator, first | others, gateway, work)


def _begin_host(resources: Mapping[str, float], *known: Any) -> Any:
    """A host at work. `known`: what its shell is built with."""
    host = HostActor.options(resources=dict(resources), max_concurrency=CALLS).remote(*known)
    host.run.remote()
    return host


@dataclass(frozen=True, slots=True)
class _Minds:
    """What hosts are told of those whom agents may ask."""

    views: tuple[RouteView, ...]
    agents: tuple[Found, ...]
    tools: Toolset | None


def _minds(home: Path, settings: Settings) -> _Minds:
    """Reads no more modules than there is something to read: this process stands before all others."""
    from swarm.actors.places import Places

    places = Places(home)
    views: tuple[RouteView, ...] = ()
    agents: tuple[Found, ...] = ()
    tools = None
    if places.routes.exists():
        from swarm.actors.clock import SystemClock
        from swarm.actors.routes import views_of

        views = views_of(places, SystemClock())
    if places.own_agents.exists() or settings.tool_servers:
        from swarm.actors.minds import agents_of, tools_of

        agents, tools = agents_of(places), tools_of(places, settings.tool_servers)
    return _Minds(views, agents, tools)


def run_on_ray(places: Places, settings: Settings, *, address: str | None, forever: bool) -> None:
    """Work until no goal is open. Raises Transient when Ray cannot be started."""
    with connected(address):
        troupe = assemble(places.home, settings, forever=forever)
        try:
            ray.get(troupe.work)
        except ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, Exception):
                raise error.cause from None
            raise


@contextmanager
def connected(address: str | None) -> Iterator[None]:
    """A Ray of our own, or the cluster at `address`; left at the end by whoever came first."""
    if ray.is_initialized():
        yield
        return
    for attempt in range(1, STARTS + 1):
        try:
            _init(address)
            break
        except Exception as error:
            ray.shutdown()
            if not _did_not_start(error):
                raise
            if attempt == STARTS:
                raise Transient(f"Ray did not start: {error}"[:500]) from error
    try:
        yield
    finally:
        ray.shutdown()


def _did_not_start(error: Exception) -> bool:
    """A machine that is busy elsewhere lets Ray's start time out; for that Ray raises a bare Exception."""
    known = (ray.exceptions.RaySystemError, ConnectionError, TimeoutError, RuntimeError)
    return isinstance(error, known) or type(error) is Exception


def _init(address: str | None) -> None:
    common: dict[str, Any] = {
        "namespace": f"swarm-{version('bidswarm')}",
        "log_to_driver": False,
        "logging_level": "ERROR",
    }
    if address is not None:
        ray.init(address=address, **common)
        return
    ray.init(
        include_dashboard=False,
        object_store_memory=OBJECT_STORE_BYTES,
        _temp_dir=str(sessions_folder(own_folder())),
        **common,
    )
