"""PostgreSQL as a plan, and its traps.

The settings are for a server whose disk is a sandbox. A sandbox never loses power: it is copied while
every process in it stands still, or it is thrown away. What the operating system was given is
therefore there afterwards, and what PostgreSQL does against power loss is only in the way:

* `fsync=off`. Otherwise recovery after a rollback first opens every file of the cluster for writing,
  and each file so opened is copied up from the sealed layer: ten seconds instead of half a one.
* `full_page_writes=off`. A page cannot be torn: a stopped process has finished its write.
* `synchronous_commit` stays on. What was committed is then in the files, not only in memory, and a
  checkpoint of the sandbox holds every commit that a client was told of.

Every file that is opened for writing is copied as a whole, so there are few, small files of the log
(1 MB each, neither recycled nor filled with zeros), and nothing runs in the background that rewrites
tables which nobody used.

A `postmaster.pid` in what was restored is a lie: the process it names is another one by now, or a
process of the test's. It is removed before every start, which would be reckless anywhere else; here
no server over these data can be alive, since ending a command or a sandbox ends all that it started.
PostgreSQL does not run as user 0; nothing in a sandbox does.
"""

from pathlib import Path

from swarm.domain.services import ServiceSpec
from swarm.services.plan import HOST, Plan, Seeding, data_of, quiet, url_of
from swarm.services.programs import Program

OLDEST = (12,)
_SOCKETS = "/tmp"  # noqa: S108 - a sandbox's own
_SEGMENT_MB = 1

_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": _SOCKETS,
    "fsync": "off",
    "full_page_writes": "off",
    "wal_recycle": "off",
    "wal_init_zero": "off",
    "min_wal_size": f"{2 * _SEGMENT_MB}MB",
    "max_wal_size": "64MB",
    "autovacuum": "off",
    "shared_buffers": "16MB",
    # Its own beginning and end, and why it ended: not the errors that tests provoke.
    "log_min_messages": "log",
    "logging_collector": "off",
}

_CREATE = 'chmod 700 "$1" && exec "$2" -D "$1" -U "$3" "$4" "$5" "$6" "$7" "$8"'
_SERVE = (
    'data="$1"; log="$2"; shift 2; rm -f "$data/postmaster.pid"; '
    # A change of mode copies up, even one that changes nothing.
    '[ "$(stat -c %a "$data")" = 700 ] || chmod 700 "$data"; '
    'exec "$@" -D "$data" >>"$log" 2>&1'
)


def plan(spec: ServiceSpec, program: Program, *, first: bool) -> Plan:
    """`first`: of its kind; clients find it without being told."""
    folder = program.folder
    client = ("-h", HOST, "-p", str(spec.listens_on), "-U", spec.user)
    return Plan(
        spec=spec,
        identity=program.line,
        create=_create(spec, folder),
        serve=_serve(spec, program),
        ready=(str(folder / "pg_isready"), "-q", *client, "-d", "postgres"),
        seedings=_seedings(spec, folder / "psql", client),
        stop_signal="INT",
        usual=_usual(spec) if first else {},
        scheme="postgresql",
        programs=folder,
        readonly=program.candidate.readonly,
    )


def _create(spec: ServiceSpec, folder: Path) -> tuple[str, ...]:
    return quiet(
        _CREATE, str(data_of(spec)), str(folder / "initdb"), spec.user,
        "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", f"--wal-segsize={_SEGMENT_MB}",
    )  # fmt: skip


def _serve(spec: ServiceSpec, program: Program) -> tuple[str, ...]:
    settings = {**_SETTINGS, "port": str(spec.listens_on)}
    if program.version >= (18,):
        settings["io_method"] = "sync"  # no helpers that a frozen copy would have to wait for
    options = (word for name, value in settings.items() for word in ("-c", f"{name}={value}"))
    log = f"/tmp/swarm-{spec.called}.log"  # noqa: S108
    return quiet(_SERVE, str(data_of(spec)), log, str(program.candidate.server), *options)


def _seedings(spec: ServiceSpec, psql: Path, client: tuple[str, ...]) -> tuple[Seeding, ...]:
    run = (str(psql), "-X", "-q", "-v", "ON_ERROR_STOP=1", *client)
    files = [
        Seeding((*run, "-d", spec.database, "-f", f"./{each}"), each) for each in spec.seed
    ]  # fmt: skip
    if spec.database == "postgres":
        return tuple(files)
    create = Seeding(
        (*run, "-d", "postgres", "-c", f'CREATE DATABASE "{spec.database}"'), "CREATE DATABASE"
    )
    return (create, *files)


def _usual(spec: ServiceSpec) -> dict[str, str]:
    secret = {"PGPASSWORD": spec.password} if spec.password else {}
    return {
        "DATABASE_URL": url_of(spec, "postgresql"),
        "PGHOST": HOST,
        "PGPORT": str(spec.listens_on),
        "PGUSER": spec.user,
        "PGDATABASE": spec.database,
        **secret,
    }
