"""What a role may do in its sandbox, checked before one is made.

`files-only`: files are read and written through the supervisor, and the process inside refuses to
start anything. `exec`: commands run. `exec+model`: the same, and the caller serves one socket inside
(`Sandbox.listen`) that leads to its gateway; no host can be reached. `exec+provider`: for agents that
talk to their provider by themselves: some hosts through the proxy, and a credential shown read-only.
"""

from swarm.domain.errors import Rejected
from swarm.sandbox.port import CLOSED, SandboxSpec


def check(spec: SandboxSpec) -> None:
    """Raises Rejected where profile and network contradict each other."""
    if spec.profile in ("files-only", "exec+model") and spec.network != CLOSED:
        raise Rejected(f"a sandbox of profile {spec.profile} reaches no host")
    if spec.profile == "exec+provider" and spec.network == CLOSED:
        raise Rejected(
            "a sandbox of profile exec+provider needs the hosts of its provider",
            advice="name them as the allowed network, or choose exec",
        )


def executes(spec: SandboxSpec) -> bool:
    return spec.profile != "files-only"


def weaknesses(spec: SandboxSpec) -> tuple[str, ...]:
    """What is not held any more, to be recorded with what was done in it."""
    found = []
    if spec.network.allowed:
        hosts = ", ".join(f"{host}:{port}" for host, port in spec.network.allowed)
        found.append(f"what is read inside can be sent to {hosts}")
    if spec.profile == "exec+provider":
        found.append("what runs inside can read and use the provider's credential")
    return tuple(found)
