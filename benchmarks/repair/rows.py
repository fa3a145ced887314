"""Results kept as they come, a line of JSON each, so that a long measurement can be gone on with.

A line names the engine by the hash of its sources: lines of another engine are passed over.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import swarm.engines.repair
from benchmarks.repair.attempts import Measured
from benchmarks.rows import Row, read


def engine_hash() -> str:
    folder = Path(swarm.engines.repair.__file__).parent
    told = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        told.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return told.hexdigest()[:12]


def append(log: Path, measured: Measured, way: str) -> Row:
    row = {"engine": engine_hash(), "way": way, **asdict(measured)}
    for tried in row["strategies"]:
        del tried["suspicion"]
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    return row


def known(log: Path, way: str, engine: str = "") -> dict[str, Row]:
    """The last row of each name that was measured in this way, by this engine or the present one."""
    wanted = engine or engine_hash()
    return {row["name"]: row for row in read(log) if (row["engine"], row["way"]) == (wanted, way)}


def line(row: Row | None) -> str:
    if row is None:
        return ""
    return (
        f"{row['name']:30} {row['verdict']:6} {row['strategy']:10} {row['seconds']:6.1f} s"
        f" {row['cpu_seconds']:6.1f} cpu {row['tried']:6} tried  {' '.join(row['patch'])[:150]}"
    )


def report(all_rows: list[Row]) -> None:
    all_rows = [row for row in all_rows if row["verdict"] != "unfit"]
    submitted = [row for row in all_rows if row["verdict"] != "none"]
    right = [row for row in submitted if row["verdict"] == "right"]
    quick = [row for row in right if row["seconds"] <= 60]
    cpu = sum(tried["search_cpu"] for row in all_rows for tried in row["strategies"])
    tried = sum(row["tried"] for row in all_rows)
    print(
        f"{len(all_rows)} tasks: {len(submitted)} patches, {len(right)} pass all tests, "
        f"{len(quick)} of them within 60 s; {tried} candidates, {tried / max(cpu, 0.01):.0f} a second"
    )
