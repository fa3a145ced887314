"""`python -m swarm.cli`."""

from swarm.cli.public_api import main

main()
