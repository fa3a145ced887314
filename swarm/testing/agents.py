"""Coding agents for tests: programs on a PATH of their own, with a plan instead of a mind, and a login.

They are found, started and read as the real ones are; what they do is done for real, in the sandbox that
they are started in.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swarm.domain.changes import Changes
from swarm.engines.acp.talk import AcpTalk
from swarm.engines.cli.engine import AgentEngine
from swarm.engines.cli.finding import Found
from swarm.engines.cli.makers import MAKERS
from swarm.engines.cli.talk import CliTalk, RelayTalk, Talk
from swarm.engines.port import Done, Engine, GaveUp, Item, StepTaken
from swarm.models.public_api import Passages
from swarm.sandbox.public_api import Limits, SandboxMode
from swarm.testing import agent_program
from swarm.testing.agent_program import Act
from swarm.testing.engine import an_assignment
from swarm.testing.sandbox import a_sandbox

SECRET = "canary-login-70c1f2"  # noqa: S105 - what must be found nowhere
RENEWS = "canary-renewal-51ab09"
"""The part of a login that no agent may see."""

FAR = 4_102_444_800
"""Seconds since 1970: a login that lasts."""


INTERPRETER = sys.executable if " " not in sys.executable else str(Path(sys.executable).resolve())
"""What the first line of a program can name: nothing with a blank in it."""


def an_agent(folder: Path, speech: str, *runs: Sequence[Act], name: str = "") -> Path:
    """The program, in `folder/bin`. Each run does the next list of acts; later ones the last."""
    program = folder / "bin" / (name or (MAKERS[speech].program if speech in MAKERS else speech))
    program.parent.mkdir(parents=True, exist_ok=True)
    source = Path(agent_program.__file__).read_text(encoding="utf-8")
    plan = json.dumps([list(each) for each in runs])
    start = f"\nmain(json.loads({plan!r}), {speech!r})\n"
    program.write_text(f"#!{INTERPRETER}\n{source}{start}")
    program.chmod(0o755)
    return program


def a_login(home: Path, name: str, until: int = FAR) -> Path:
    """A login as the agent itself would write it."""
    maker = MAKERS[name]
    told: dict[str, object] = {
        "claude-code": {
            "claudeAiOauth": {
                "accessToken": SECRET,
                "refreshToken": RENEWS,
                "expiresAt": until * 1000,
                "scopes": ["user:inference"],
                "subscriptionType": "max",
            }
        },
        "codex": {
            "OPENAI_API_KEY": None,
            "tokens": {
                "id_token": "i",
                "access_token": SECRET,
                "refresh_token": RENEWS,
                "account_id": "a",
            },
            "last_refresh": "2026-01-01T00:00:00Z",
        },
        "opencode": {
            "anthropic": {
                "type": "oauth",
                "refresh": RENEWS,
                "access": SECRET,
                "expires": until * 1000,
            },
            "openai": {"type": "api", "key": RENEWS},
        },
        "gemini": {
            "access_token": SECRET,
            "refresh_token": RENEWS,
            "expiry_date": until * 1000,
        },
    }
    file = home / maker.folder / maker.file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told[name]))
    file.chmod(0o600)
    return file


def found_at(program: Path, name: str, home: Path, shows: tuple[Path, ...] = ()) -> Found:
    """As it would be found, without looking for it."""
    more = (Path(sys.prefix), Path(sys.base_prefix), program.parent, *shows)
    return Found(
        name=name,
        argv=(sys.executable, str(program)),
        shows=tuple(str(each) for each in dict.fromkeys(more)),
        home=str(home),
        hosts=tuple((host, 443) for host in MAKERS[name].hosts) if name in MAKERS else (),
    )


@dataclass(slots=True)
class Stage:
    """One repository, one agent, one sandbox with whole walls; plays a piece of an attempt."""

    folder: Path
    files: Mapping[str, str]
    name: str = "claude-code"
    idle_seconds: float = 60.0
    now: int = 1_790_000_000
    mode: SandboxMode = "namespaces"
    models: Passages | None = None
    """Through which the agent asks, instead of a login."""

    engines: list[AgentEngine] = field(default_factory=list)
    """Those that played, in order."""

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def tree(self) -> Path:
        return self.folder / "box" / "repository"

    def engine(self, *runs: Sequence[Act]) -> AgentEngine:
        program = an_agent(self.folder / "agent", self.name, *runs)
        found = found_at(program, self.name, self.home)
        talk: Talk = CliTalk(found, self.idle_seconds)
        title = "An agent"
        if self.models is not None:
            found = found.model_copy(update={"relayed": True, "hosts": ()})
            talk = RelayTalk(found, self.models, self.idle_seconds)
        if self.name in MAKERS:
            title = MAKERS[self.name].title
        else:
            talk = AcpTalk(found, self.models, self.idle_seconds)
        engine = AgentEngine(found, title, talk, now=lambda: self.now)
        self.engines.append(engine)
        return engine

    def play(
        self,
        *runs: Sequence[Act],
        done: tuple[Done, ...] = (),
        said: Sequence[tuple[str, ...]] = (),
        budget: int = 10**9,
        stop_after: int = 10**6,
        left: Changes | None = None,
        **assigned: Any,
    ) -> list[Item]:
        """What the engine yields. `said`: what each call of guidance returns. `left`: the tree's state."""
        return asyncio.run(
            self.played(self.engine(*runs), done, list(said), budget, stop_after, left, **assigned)
        )

    async def played(
        self,
        engine: Engine,
        done: tuple[Done, ...] = (),
        said: list[tuple[str, ...]] | None = None,
        budget: int = 10**9,
        stop_after: int = 10**6,
        left: Changes | None = None,
        **assigned: Any,
    ) -> list[Item]:
        waiting = said or []
        needs = engine.needs
        items: list[Item] = []
        async with a_sandbox(
            self.folder / "box",
            self.files,
            mode=self.mode,
            readonly=needs.readonly,
            limits=Limits(reserved=needs.reserved),
            network=needs.network,
            profile=needs.profile,
        ) as sandbox:
            if left is not None:
                await sandbox.apply(left)
            assignment = an_assignment(mount_point=str(sandbox.root), **assigned)
            work = engine.work(
                assignment, sandbox, done, lambda: waiting.pop(0) if waiting else (), budget
            )
            async with aclosing(work) as yielded:  # type: ignore[type-var]
                async for item in yielded:
                    items.append(item)
                    if len(items) >= stop_after:
                        break
        return items


def as_done(items: Sequence[Item]) -> tuple[Done, ...]:
    steps = [item for item in items if isinstance(item, StepTaken)]
    return tuple(Done(k, each.action, each.result) for k, each in enumerate(steps, start=1))


def last_words(items: Sequence[Item]) -> str:
    """Why nothing came of it. Fails where something did."""
    end = items[-1]
    assert isinstance(end, GaveUp), end
    return end.reason
