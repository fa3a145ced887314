"""`python -m swarm` is `swarm`."""

from swarm.cli.public_api import main

main()
