"""Any other program as a plan: what the repository says of it, and a folder for its data."""

from swarm.domain.services import ServiceSpec
from swarm.services.plan import Plan, data_of, quiet

_SERVE = 'log="$1" && shift && exec "$@" >>"$log" 2>&1'


def plan(spec: ServiceSpec) -> Plan:
    own = (f"SERVICE_DATA={data_of(spec)}", f"SERVICE_PORT={spec.listens_on}")
    log = f"/tmp/swarm-{spec.called}.log"  # noqa: S108
    return Plan(
        spec=spec,
        identity="",
        create=(),
        serve=quiet(_SERVE, log, "/usr/bin/env", *own, *spec.command),
        ready=("/usr/bin/env", *own, *spec.ready),
        seedings=(),
        stop_signal="TERM",
        usual={},
        scheme="http",
    )
