"""Ids and hashes. Each is a type of its own, so that a task's id cannot stand where a goal's belongs.

Child ids are derived from their parent's, so that a repeated decision names the same thing again:
goal `g-7k2m9x`, its task `g-7k2m9x.t1`, that task's second attempt `g-7k2m9x.t1.a2`.
"""

import re
from typing import NewType

GoalId = NewType("GoalId", str)
TaskId = NewType("TaskId", str)
AttemptId = NewType("AttemptId", str)
AgentId = NewType("AgentId", str)
HostId = NewType("HostId", str)
CommandId = NewType("CommandId", str)

Principal = NewType("Principal", str)
"""`operator/implementation`: who answers for an agent's vote. Ten copies of one program are one."""

PublicKey = NewType("PublicKey", str)
"""64 hexadecimal digits."""

CommitHash = NewType("CommitHash", str)
TreeHash = NewType("TreeHash", str)
Digest = NewType("Digest", str)
"""SHA-256 of some bytes in hexadecimal: the name of a blob."""

TestId = NewType("TestId", str)
"""A test as its runner names it, e.g. `tests/test_dates.py::test_leap[2000]`."""

_GOAL_ID = re.compile(r"g-[0-9a-z]{6,32}")


def is_goal_id(text: str) -> bool:
    return _GOAL_ID.fullmatch(text) is not None


def nth_task(goal_id: GoalId, number: int) -> TaskId:
    return TaskId(f"{goal_id}.t{number}")


def nth_attempt(task_id: TaskId, number: int) -> AttemptId:
    return AttemptId(f"{task_id}.a{number}")


def goal_of(task_id: TaskId | AttemptId) -> GoalId:
    return GoalId(task_id.split(".", 1)[0])


def task_of(attempt_id: AttemptId) -> TaskId:
    return TaskId(attempt_id.rsplit(".", 1)[0])


def branch_of(goal_id: GoalId) -> str:
    """The only branch that a goal may ever write."""
    return f"swarm/{goal_id}"


def function_of(test: TestId | str) -> str:
    """The test without its case: `t.py::test_a[1-2]` is a case of `t.py::test_a`."""
    return test.partition("[")[0]
