"""Tells the user, by a command of the user's own, that a goal has ended or needs a human."""

import json
import shlex
import subprocess
from dataclasses import dataclass, field

from swarm.coordination.public_api import GoalState

FAREWELL_SECONDS = 10.0
"""Commands that still run when the coordinator ends get so long, then are ended."""


@dataclass(slots=True)
class Notifier:
    command: str
    """As a person writes it in the settings; empty = tell nobody. Never given to a shell."""

    _running: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def tell(self, state: GoalState) -> None:
        """Run the command with the goal's end as JSON on its standard input; wait for nothing."""
        self._running = [process for process in self._running if process.poll() is None]
        if not self.command:
            return
        process = subprocess.Popen(
            shlex.split(self.command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._running.append(process)
        assert process.stdin is not None
        with process.stdin as pipe:
            pipe.write(json.dumps(_told(state)).encode())

    def close(self) -> None:
        for process in self._running:
            try:
                process.wait(FAREWELL_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _told(state: GoalState) -> dict[str, str | int | None]:
    return {
        "goal": state.goal.goal_id,
        "status": state.status.value,
        "reason": state.reason or "; ".join(text for _, text in state.questions),
        "repository": state.goal.repository,
        "pull_request": state.published.number if state.published else None,
    }
