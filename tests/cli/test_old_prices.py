"""Who lets a model's cost be reckoned by a table that has grown old is told so."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from swarm.actors.public_api import Places
from swarm.cli.health import _prices
from swarm.cli.minds import _warn_of_old_prices
from swarm.cli.session import Session
from swarm.models.public_api import Price, Route
from swarm.settings.public_api import load_settings

DEAR = Route(name="claude", protocol="anthropic", model="m", base_url="https://api.anthropic.com")
NEAR = DEAR.model_copy(update={"base_url": "http://127.0.0.1:1"})
KNOWN = DEAR.model_copy(update={"price": Price(input=1, output=1, cache_read=1, cache_write=1)})


@pytest.mark.parametrize(
    ("route", "year", "told"), [(DEAR, 2036, True), (NEAR, 2036, False), (KNOWN, 2036, False), (DEAR, 2026, False)]
)  # fmt: skip
def test_old_prices_are_told_where_they_count(
    tmp_path: Path, route: Route, year: int, told: bool
) -> None:
    heard, now = StringIO(), int(datetime(year, 11, 1, tzinfo=UTC).timestamp() * 1000)
    console = Console(file=heard)
    session = Session(
        load_settings({}, {}), Places(tmp_path), console, console, as_json=False, now=lambda: now
    )
    _warn_of_old_prices(session, (route,))
    assert _prices(session).ok is (year == 2026)
    assert ("The prices of models are of" in heard.getvalue()) is told
