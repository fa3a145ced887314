"""Run every measurement, one after the other, each in a process of its own."""

import subprocess
import sys

PARTS = (
    "journal", "market", "coordination", "sandbox", "services", "engines", "overhead", "forge",
)  # fmt: skip


def main() -> int:
    worst = 0
    for part in PARTS:
        print(f"== {part}", flush=True)
        more = ("--ray",) if part == "overhead" else ()
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{part}", *more], check=False)
        worst = max(worst, done.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
