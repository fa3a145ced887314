"""The door of `swarm.bench`: tasks, judging, tables."""

from swarm.bench.examination import examine, examine_folder
from swarm.bench.judging import BenchResult, Verdict, is_right, judge
from swarm.bench.logs import append_row, read_rows
from swarm.bench.quixbugs import quixbugs_tasks
from swarm.bench.repositories import make_repository
from swarm.bench.running import judged, run_tasks
from swarm.bench.tables import Row, as_json, table
from swarm.bench.tasks import BenchTask, load_tasks, own_tasks

__all__ = [
    "BenchResult",
    "BenchTask",
    "Row",
    "Verdict",
    "append_row",
    "as_json",
    "examine",
    "examine_folder",
    "is_right",
    "judge",
    "judged",
    "load_tasks",
    "make_repository",
    "own_tasks",
    "quixbugs_tasks",
    "read_rows",
    "run_tasks",
    "table",
]
