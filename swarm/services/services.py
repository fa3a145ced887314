"""From what is wanted to what a sandbox needs to show and run."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from swarm.domain.errors import Lacking
from swarm.domain.services import ServiceKind, ServiceSpec
from swarm.sandbox.public_api import BaseRef, Layer, Sandbox, SandboxHost, SandboxSpec
from swarm.services import custom, postgres, redis
from swarm.services.plan import Plan
from swarm.services.programs import Candidate, Program, candidates, chosen, versions
from swarm.services.seeding import Seeder
from swarm.services.served import ServedSandbox, begin
from swarm.services.store import Store

_OF_A_PROGRAM: tuple[ServiceKind, ...] = ("postgres", "redis")


@dataclass(frozen=True, slots=True)
class Prepared:
    """Services that are seeded and sealed, ready for any number of sandboxes."""

    plans: tuple[Plan, ...] = ()
    layers: tuple[Layer, ...] = ()

    def shown_in(self, spec: SandboxSpec) -> SandboxSpec:
        """The same sandbox, with the data and the programs of the services to be seen in it."""
        programs = tuple(path for plan in self.plans for path in plan.readonly)
        return replace(
            spec,
            layers=(*spec.layers, *self.layers),
            readonly=tuple(dict.fromkeys((*spec.readonly, *programs))),
        )

    async def begin(self, sandbox: Sandbox) -> ServedSandbox:
        """Start them in a sandbox made from `shown_in`, or restored from a checkpoint of one."""
        return await begin(sandbox, self.plans)


@dataclass(slots=True)
class Services:
    """Prepares services for the sandboxes of one host."""

    host: SandboxHost
    folder: Path
    """Where sealed directories are kept; several processes of a machine may share it."""

    _known: dict[tuple[Candidate, ...], tuple[Program, ...]] = field(default_factory=dict)

    async def prepare(
        self, wanted: tuple[ServiceSpec, ...], python: Path, spec: SandboxSpec, base: BaseRef
    ) -> Prepared:
        """Seed what is not seeded yet, from the files of `base`.

        `python` is the project's interpreter, whose wheels may bring programs; `spec` is what the
        services' sandboxes are to be otherwise. Raises Lacking where a program is missing or the
        sandboxes have no network of their own, Rejected when a seed fails.
        """
        if not wanted:
            return Prepared()
        plans = await self._plans(wanted, python, spec, base)
        shown = Prepared(plans).shown_in(spec)
        seeder = Seeder(self.host, Store(self.folder), shown, base)
        layers = [Layer(plan.data, await seeder.sealed(plan)) for plan in plans]
        return Prepared(plans, tuple(layers))

    async def _plans(
        self, wanted: tuple[ServiceSpec, ...], python: Path, spec: SandboxSpec, base: BaseRef
    ) -> tuple[Plan, ...]:
        kinds = [kind for kind in _OF_A_PROGRAM if any(each.kind == kind for each in wanted)]
        found = {kind: candidates(kind, python, spec.layers) for kind in kinds}
        shown = {path for each in found.values() for one in each for path in one.readonly}
        looked_at = replace(spec, readonly=tuple(dict.fromkeys((*spec.readonly, *sorted(shown)))))
        known = await self._ask(found, looked_at, base)
        return tuple(_plan(each, known, first=_is_first(each, wanted)) for each in wanted)

    async def _ask(
        self, found: dict[ServiceKind, tuple[Candidate, ...]], spec: SandboxSpec, base: BaseRef
    ) -> dict[ServiceKind, tuple[Program, ...]]:
        if any(each not in self._known for each in found.values()) or not found:
            sandbox = await self.host.create(spec, base)
            try:
                _demand_own_network(sandbox)
                for each in found.values():
                    self._known[each] = await versions(sandbox, each)
            finally:
                await sandbox.destroy()
        return {kind: self._known[each] for kind, each in found.items()}


def _demand_own_network(sandbox: Sandbox) -> None:
    if not sandbox.guarantees.own_network:
        raise Lacking(
            "the tests want services, and sandboxes here have no network of their own: a server"
            f" would stand beside the machine's own, or be taken for it (mode {sandbox.mode})",
            advice="a machine where namespaces work; `swarm doctor` says what hinders them here",
        )


def _is_first(spec: ServiceSpec, wanted: tuple[ServiceSpec, ...]) -> bool:
    return next(each for each in wanted if each.kind == spec.kind) is spec


def _plan(spec: ServiceSpec, known: dict[ServiceKind, tuple[Program, ...]], *, first: bool) -> Plan:
    match spec.kind:
        case "postgres":
            program = chosen(spec, known["postgres"], postgres.OLDEST)
            return postgres.plan(spec, program, first=first)
        case "redis":
            return redis.plan(spec, chosen(spec, known["redis"], redis.OLDEST), first=first)
        case "command":
            return custom.plan(spec)
