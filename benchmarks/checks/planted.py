"""Planted changes through the tester and the reviewers, beside a gate that only runs the tests.

Run as `python -m benchmarks.checks.planted SOURCES LOG [--only LIBRARIES] [--kind KINDS] [--name PART]
[--held-out] [--again] [--table FILE]`: SOURCES is a folder with the unpacked source distributions of the libraries
(`inflection-0.5.1`, ...), LOG a file that lines are added to. Every change goes the way of `swarm check`:
the library with its mistake is the base, the change a branch, the failing tests are its targets. A line
names the checks by the hash of their sources: lines of other checks are passed over.

Sources come with `pip download --no-deps --no-binary :all: inflection==0.5.1 roman==5.2 isodate==0.7.2
parse==1.22.4 semver==3.1.1`, unpacked. `planted.jsonl` beside this holds the lines that docs/checking.md tells of.

The plain gate is `python -m pytest` on the changed tree: it accepts what ends with 0.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.checks import dates, formats, inflecting, numerals, versions
from benchmarks.checks.recipes import SETTINGS, Edits, Library, Planted
from benchmarks.rows import Row, read
from swarm.actors.working_api import check_change
from swarm.agents.public_api import edition
from swarm.domain.names import TestId
from swarm.market.public_api import rate
from swarm.settings.public_api import load_settings

LIBRARIES = (inflecting.LIBRARY, numerals.LIBRARY, dates.LIBRARY, formats.LIBRARY, versions.LIBRARY)
_PLUGIN = """
import os

def pytest_runtest_logreport(report):
    if report.failed:
        with open(os.environ["RED"], "a") as file:
            print(report.nodeid, file=file)

def pytest_collectreport(report):
    if report.failed:
        with open(os.environ["RED"], "a") as file:
            print(report.nodeid, file=file)
"""
_GIT = (
    "git", "-c", "user.name=planted", "-c", "user.email=planted@localhost",
    "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main",
)  # fmt: skip


def main() -> None:
    asked = _asked()
    red: dict[tuple[str, str], tuple[str, ...]] = {}
    wanted = [each for each in LIBRARIES if not asked.only or each.name in asked.only.split(",")]
    kinds = asked.kind.split(",") if asked.kind else []
    for library in wanted:
        if asked.held_out and not library.held_out:
            continue
        for change in (*library.bad, *library.good):
            if (kinds and change.kind not in kinds) or asked.name not in change.name:
                continue
            row = None if asked.again else known(asked.log).get(_name(library, change))
            row = row or _measured(library, change, asked.sources, asked.log, red)
            print(line(row), flush=True)
    rows = list(known(asked.log).values())
    print(table(rows))
    if asked.table:
        asked.table.write_text(json.dumps(summary(rows), indent=1) + "\n", encoding="utf-8")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sources", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--kind", default="")
    parser.add_argument("--name", default="", help="part of a change's name")
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--table", type=Path)
    return parser.parse_args()


# One change ---------------------------------------------------------------------------------------


def _measured(
    library: Library,
    change: Planted,
    sources: Path,
    log: Path,
    red: dict[tuple[str, str], tuple[str, ...]],
) -> Row:
    """`red` keeps the failing tests of each mistake."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="swarm-planted-") as name:
        folder = Path(name).resolve() / library.name
        _plant(library, change, sources, folder)
        if (library.name, change.bug) not in red:
            red[library.name, change.bug] = _red(folder)
        targets = red[library.name, change.bug]
        if bool(targets) != bool(change.bug):
            raise SystemExit(
                f"{library.name}, {change.name}: {len(targets)} failing tests on the base"
            )
        _committed(folder, change.edits)
        row: Row = {
            "checks": edition(),
            "library": library.name,
            "held_out": library.held_out,
            "name": change.name,
            "kind": change.kind,
            "good": change in library.good,
            "targets": len(targets),
            "plain": _plain(folder),
            **_checked(folder, targets),
            "seconds": round(time.monotonic() - began, 1),
        }
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
    return row


def _plant(library: Library, change: Planted, sources: Path, folder: Path) -> None:
    shutil.copytree(sources / f"{library.name}-{library.version}", folder)
    (folder / "pytest.ini").write_text(SETTINGS, encoding="utf-8")
    for each in (*library.prepared, *(library.bugs[change.bug] if change.bug else ())):
        each.apply(folder)
    shutil.rmtree(folder / ".git", ignore_errors=True)
    for argv in (("init", "-q"), ("add", "-A", "-f"), ("commit", "-q", "-m", "base")):
        _git(folder, *argv)


def _committed(folder: Path, edits: Edits) -> None:
    _git(folder, "checkout", "-q", "-b", "change")
    for each in edits:
        each.apply(folder)
    _git(folder, "add", "-A", "-f")
    _git(folder, "commit", "-q", "-m", "change")


def _git(folder: Path, *argv: str) -> None:
    subprocess.run((*_GIT, *argv), cwd=folder, check=True, capture_output=True)


def _red(folder: Path) -> tuple[str, ...]:
    """Ids that fail, as the runner itself names them."""
    with tempfile.TemporaryDirectory(prefix="swarm-red-") as name:
        (Path(name) / "red_plugin.py").write_text(_PLUGIN, encoding="utf-8")
        red = Path(name) / "red"
        environment = {**os.environ, "RED": str(red), "PYTHONPATH": name}
        _pytest(folder, environment, "-p", "red_plugin")
        return tuple(dict.fromkeys(red.read_text().splitlines())) if red.exists() else ()


def _plain(folder: Path) -> bool:
    return _pytest(folder, dict(os.environ)) == 0


def _pytest(folder: Path, environment: dict[str, str], *more: str) -> int:
    argv = (sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", *more)
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, check=False)
    return done.returncode


def _checked(folder: Path, targets: Sequence[str]) -> Row:
    with tempfile.TemporaryDirectory(prefix="swarm-home-") as home:
        settings = load_settings({"home": home})
        verdict = check_change(
            settings,
            repository=folder,
            change="change",
            base="main",
            targets=tuple(TestId(each) for each in targets),
        )
    blocking = [finding for finding in verdict.findings if finding.blocks]
    return {
        "accepted": verdict.accepted,
        "unsure": verdict.unsure,
        "verdicts": {name: report.verdict for name, report in verdict.reports.items()},
        "rules": sorted({finding.rule for finding in blocking}),
        "why": [finding.message[:200] for finding in blocking[:3]],
    }


# What was measured --------------------------------------------------------------------------------


def known(log: Path, checks: str = "") -> dict[str, Row]:
    """The last line of each change that these checks judged."""
    wanted = checks or edition()
    rows = (row for row in read(log) if row["checks"] == wanted)
    return {f"{row['library']}: {row['name']}": row for row in rows}


def _name(library: Library, change: Planted) -> str:
    return f"{library.name}: {change.name}"


def line(row: Row) -> str:
    told = "" if row["accepted"] == row["good"] else "asked" if _asks(row, "check") else "ERROR"
    return (
        f"{told:5} {row['library']:11}{row['name'][:32]:33}"
        f"{row['kind'][:20]:21}{'good' if row['good'] else 'bad':5}"
        f"plain {'yes' if row['plain'] else 'no':4}"
        f"check {'yes' if row['accepted'] else 'no':4}{row['seconds']:6.1f} s "
        f"{','.join(row['rules'])}"
    )


def summary(rows: Sequence[Row]) -> Row:
    """Errors of both gates, in all, by set and by kind."""
    groups = {
        "all": rows,
        "developed on": [row for row in rows if not row["held_out"]],
        "held out": [row for row in rows if row["held_out"]],
        **{kind: [row for row in rows if row["kind"] == kind] for kind in _kinds(rows)},
    }
    return {"checks": edition(), **{name: _errors(group) for name, group in groups.items()}}


def _kinds(rows: Sequence[Row]) -> list[str]:
    return sorted({row["kind"] for row in rows}, key=lambda kind: (kind not in _BAD_KINDS, kind))


_BAD_KINDS = frozenset(
    {"special-cased", "overfitted", "weakened tests", "collection", "reporter", "error handling",
     "wrong refactoring"}
)  # fmt: skip


def _errors(rows: Sequence[Row]) -> Row:
    bad = [row for row in rows if not row["good"]]
    good = [row for row in rows if row["good"]]
    told: Row = {"bad": len(bad), "good": len(good)}
    for gate, key in (("plain", "plain"), ("check", "accepted")):
        wrong = sum(row[key] for row in bad)
        lost = sum(not row[key] and not _asks(row, gate) for row in good)
        told[gate] = {
            "false accepts": wrong,
            "false rejects": lost,
            "asked, wrong ones": sum(_asks(row, gate) for row in bad),
            "asked, right ones": sum(_asks(row, gate) for row in good),
        }
        told[gate]["alpha 95 %"] = _interval(wrong, len(bad))
        told[gate]["beta 95 %"] = _interval(lost, len(good))
    return told


def _asks(row: Row, gate: str) -> bool:
    """Neither accepted nor refused: a person is asked."""
    return gate == "check" and bool(row.get("unsure", False))


def _interval(errors: int, seen: int) -> list[float]:
    found = rate(errors, seen)
    return [round(found.low / 1_000_000, 3), round(found.high / 1_000_000, 3)]


def table(rows: Sequence[Row]) -> str:
    gates = f"{'plain':>7}{'check':>7}{'asked':>7}"
    lines = [f"{'':30}{'bad':>5}{gates}   {'good':>5}{gates}"]
    for name, told in summary(rows).items():
        if name == "checks":
            continue
        plain, check = told["plain"], told["check"]
        lines.append(
            f"{name:30}{told['bad']:5}{plain['false accepts']:7}{check['false accepts']:7}"
            f"{check['asked, wrong ones']:7}   {told['good']:5}{plain['false rejects']:7}"
            f"{check['false rejects']:7}{check['asked, right ones']:7}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
