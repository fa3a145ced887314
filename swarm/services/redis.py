"""Redis as a plan.

Its data are one file, the log of commands. Redis writes to it before it answers a client, so a copy
of a sandbox whose processes stand still holds all that clients were told of; `appendfsync no` leaves
out only what helps against power loss, which a sandbox does not know. Nothing is rewritten in the
background: that would copy all data for every checkpoint.
"""

from swarm.domain.services import ServiceSpec
from swarm.services.plan import HOST, Plan, Seeding, data_of, quiet, url_of
from swarm.services.programs import Program

OLDEST = (5,)

_SERVE = 'cd "$1" && log="$2" && shift 2 && exec "$@" >>"$log" 2>&1'
_SETTINGS = {
    "bind": HOST,
    "appendonly": "yes",
    "appendfsync": "no",
    "auto-aof-rewrite-percentage": "0",
    "save": "",
    "daemonize": "no",
}


def plan(spec: ServiceSpec, program: Program, *, first: bool) -> Plan:
    server = program.candidate.server
    client = (
        str(server.with_name(server.name.replace("-server", "-cli"))),
        "-h", HOST, "-p", str(spec.listens_on),
    )  # fmt: skip
    return Plan(
        spec=spec,
        identity=program.line,
        create=(),
        serve=_serve(spec, program),
        # It exits with 0 whatever the answer is: `LOADING` is one too.
        ready=quiet('[ "$("$@" 2>&1)" = PONG ]', *client, "PING"),
        seedings=tuple(_fill(client, each) for each in spec.seed),
        stop_signal="TERM",
        usual=_usual(spec) if first else {},
        scheme="redis",
        programs=program.folder,
        readonly=program.candidate.readonly,
    )


def _serve(spec: ServiceSpec, program: Program) -> tuple[str, ...]:
    settings = {**_SETTINGS, "port": str(spec.listens_on), "dir": str(data_of(spec))}
    options = (word for name, value in settings.items() for word in (f"--{name}", value))
    log = f"/tmp/swarm-{spec.called}.log"  # noqa: S108
    return quiet(_SERVE, str(data_of(spec)), log, str(program.candidate.server), *options)


def _fill(client: tuple[str, ...], file: str) -> Seeding:
    """In a pipe, so that an error ends it with a status that says so."""
    return Seeding(
        quiet('from="$1" && shift && exec "$@" <"$from"', f"./{file}", *client, "--pipe"), file
    )


def _usual(spec: ServiceSpec) -> dict[str, str]:
    port = str(spec.listens_on)
    return {"REDIS_URL": url_of(spec, "redis"), "REDIS_HOST": HOST, "REDIS_PORT": port}
