"""A coordinator's process with everything real, which is killed at a chosen record of its journal.

python -m tests.chaos.mortal_house HOME RECORD before|after
"""

import asyncio
import sys
from pathlib import Path

from swarm.actors.public_api import Places, SystemClock
from swarm.actors.working_api import run_inline
from swarm.journal.public_api import open_journal
from swarm.settings.public_api import Settings
from swarm.testing.crew import MortalJournal


def main(home: Path, dies_at: int, *, before: bool) -> None:
    places = Places(home)
    journal = open_journal(places.journal)
    mortal = MortalJournal(journal, dies_at, before)
    asyncio.run(run_inline(places, Settings(home=home), mortal, SystemClock(), forever=False))
    journal.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), before=sys.argv[3] == "before")
