"""What a repository's tests run with: shown for review, and built."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import typer
from rich.console import Group, RenderableType

from swarm.actors.public_api import (
    EnvironmentView,
    Make,
    Unbuilt,
    build_environment,
    view_environment,
)
from swarm.cli.documents import Json
from swarm.cli.failing import DONE
from swarm.cli.page import plain_table, section
from swarm.cli.session import Session, open_session
from swarm.cli.words import cell, lasted
from swarm.domain.errors import Lacking
from swarm.recipes.public_api import PARTS, Built, Recipe, as_section
from swarm.settings.public_api import Building, make_home

_NAMED = 6
"""So many missing packages are named; the rest are counted."""

_HEADS: dict[str, str] = {"needs": "asks for", "note": "note", "native": "compiled from"}


def show_environment(repository: Path, *, toml: bool, as_json: bool) -> int:
    session = open_session(as_json=as_json)
    view = view_environment(repository, session.places)
    if toml and not as_json:
        session.hand_over(as_section(view.recipe).encode())
        return DONE
    session.show(_shown(view), _document(view))
    return DONE


def make_environment(
    repository: Path, *, rebuild: bool, allow: tuple[str, ...], as_json: bool
) -> int:
    session = open_session(as_json=as_json, make=True)
    with _progress(session) as tell:
        built = build_environment(
            repository, session.places, allow=frozenset(allow), rebuild=rebuild, tell=tell
        )
    session.show(cell(_told(built)), {"built": built.model_dump(mode="json")})
    return DONE


_SAID: dict[bool | None, Building] = {True: "auto", False: "never"}


def builder(session: Session, said: bool | None, *, watched: bool = True) -> Make:
    """What a run does where tests need what nothing at hand has.

    `said`: on the command line; else the settings count. Where nobody is to be asked, and nobody
    sees a refusal, a goal goes on with what there is.
    """
    building = _SAID.get(said, session.settings.build)
    if building == "ask" and not watched:
        building = "never"

    def make(unbuilt: Unbuilt) -> None:
        if building == "never":
            return
        if building == "ask":
            _demand_yes(session, unbuilt)
        session.say(f"{missing(unbuilt)}: building it, in a sandbox that reaches the index only")
        make_home(session.settings.home)
        session.places.make()
        with _progress(session) as tell:
            built = build_environment(unbuilt.top, session.places, tell=tell)
        session.say(f"  {_told(built)}", "dim")

    return make


def missing(unbuilt: Unbuilt) -> str:
    """In words, with the files that ask for it."""
    named = ", ".join(unbuilt.missing[:_NAMED])
    more = len(unbuilt.missing) - _NAMED
    said = ", ".join(unbuilt.said_by[:3])
    return f"the tests need {named}{f' and {more} more' if more > 0 else ''} ({said})"


def _demand_yes(session: Session, unbuilt: Unbuilt) -> None:
    """Raises Lacking where nobody can be asked, or says no."""
    asked = session.is_live and sys.stdin.isatty()
    if asked:
        session.say(f"{missing(unbuilt)}, and the Python that runs swarm lacks it.")
        if typer.confirm("Build it now, once, in a sandbox?", default=True, err=True):
            return
    raise Lacking(
        f"{missing(unbuilt)}, and the Python that runs swarm lacks it",
        advice="swarm env build, or swarm run --build; --python names an interpreter that has it;"
        " --no-build tries without (swarm env show tells what was found, and where)",
    )


@contextmanager
def _progress(session: Session) -> Iterator[Callable[[str], None]]:
    """Takes each step as it begins. On a terminal it is seen to go on, then how long it took."""
    with ExitStack() as step:

        def tell(line: str) -> None:
            step.close()
            if not session.is_live:
                session.say(f"  {line}…", "dim")
                return
            step.callback(_step_ended, session, line, session.now())
            step.enter_context(session.out.status(f"{line}…"))

        yield tell


def _step_ended(session: Session, line: str, since: int) -> None:
    session.say(f"  {line}: {lasted(session.now() - since)}", "dim")


def _told(built: Built) -> str:
    said = f"Built: {built.key}, Python {built.python_version}"
    return said + (f", pytest {built.pytest}" if built.pytest else ", without pytest")


def _shown(view: EnvironmentView) -> RenderableType:
    table = plain_table("what", "value", "where it says so", whole=True)
    for part in PARTS:
        if part in {"needs", "native"}:
            continue
        for reason in view.recipe.why(part):
            where = f"{reason.place}: {reason.said}" if reason.said else reason.place
            table.add_row(_HEADS.get(part, part), cell(reason.value), cell(where, "dim"))
    return Group(table, *_more(view))


def _more(view: EnvironmentView) -> list[RenderableType]:
    rows = plain_table()
    for name, text in (
        ("asks for", ", ".join(view.recipe.needs)),
        ("goals use", view.used),
        ("key", view.key),
        ("built", _state(view)),
    ):
        if text:
            rows.add_row(cell(name), cell(text, most=600))
    parts = [section("What that comes to", rows)]
    carried = plain_table()
    for each in view.choice.carried:
        carried.add_row(cell(each.path), cell("goes along", "green"))
    for left in view.choice.left:
        carried.add_row(cell(left.path), cell(f"stays: {left.why}", "dim"))
    return [*parts, section("Ignored files", carried)] if carried.row_count else parts


def _state(view: EnvironmentView) -> str:
    if view.built is not None:
        return f"yes: Python {view.built.python_version}, pytest {view.built.pytest or 'missing'}"
    return "no: swarm env build" if view.recipe.is_built else "there is nothing to build"


def _document(view: EnvironmentView) -> Json:
    recipe: Recipe = view.recipe
    return {
        "recipe": recipe.model_dump(mode="json"),
        "key": view.key,
        "used": view.used,
        "built": None if view.built is None else view.built.model_dump(mode="json"),
        "carried": [each.model_dump(mode="json") for each in view.choice.carried],
        "left": [{"path": each.path, "why": each.why} for each in view.choice.left],
    }
