"""Databases and queues that tests expect: by the clients that a project asks for, by what its CI starts."""

import re
from collections.abc import Iterable, Iterator

from swarm.recipes.reading import Files, shortened
from swarm.recipes.recipe import Reason
from swarm.recipes.scripts import workflow_files

_CLIENTS = {
    "postgres": "psycopg psycopg2 psycopg2-binary psycopg-binary asyncpg aiopg pg8000 pytest-postgresql",
    "redis": "redis aioredis django-redis hiredis pytest-redis rq arq",
}
_IMAGES = {
    "postgres": r"(?:\S+/)?(?:postgres|postgis|pgvector|timescaledb)\b",
    "redis": r"(?:\S+/)?(?:redis|valkey)\b",
}
_COMPOSE = ("*compose*.yml", "*compose*.yaml")


def said_of_services(files: Files, needs: Iterable[Reason]) -> Iterator[Reason]:
    """What a CI starts says more than a client: it comes first."""
    for path in (*workflow_files(files), *files.below("", *_COMPOSE)):
        for number, line in enumerate((files.text(path) or "").splitlines(), 1):
            for service, image in _IMAGES.items():
                if re.match(rf"\s*(?:-\s*)?image:\s*['\"]?{image}", line):
                    yield Reason(
                        part="services", value=service, path=path, line=number, said=shortened(line)
                    )
    for reason in needs:
        for service, clients in _CLIENTS.items():
            if reason.part == "needs" and reason.value in clients.split():
                yield reason.model_copy(update={"part": "services", "value": service})
