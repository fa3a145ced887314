"""`python -m swarm` is `swarm`."""

import sys

from swarm.cli.public_api import main

sys.exit(main())
