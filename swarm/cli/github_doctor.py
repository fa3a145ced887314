"""What keeps agents from merging in a repository, and CI from running their code with secrets."""

import asyncio

from swarm.actors.working_api import wire_to
from swarm.cli.failing import DONE, LACKS
from swarm.cli.health import Row, row_document, rows_view
from swarm.cli.session import open_session
from swarm.forge.public_api import safeguards


def examine_repository(repository: str, api: str, *, as_json: bool) -> int:
    session = open_session(as_json=as_json)
    found = asyncio.run(safeguards(wire_to(session.places, api, repository), repository))
    rows = tuple(Row(each.what, each.found, each.ok, each.remedy, each.needed) for each in found)
    session.show(rows_view(rows), {"rows": [row_document(row) for row in rows]})
    return DONE if all(row.ok for row in rows if row.needed) else LACKS
