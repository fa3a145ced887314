"""What a repository's tests run with: shown for review, and built."""

from pathlib import Path

from rich.console import Group, RenderableType

from swarm.actors.public_api import EnvironmentView, build_environment, view_environment
from swarm.cli.documents import Json
from swarm.cli.failing import DONE
from swarm.cli.page import plain_table, section
from swarm.cli.session import open_session
from swarm.cli.words import cell
from swarm.recipes.public_api import PARTS, Recipe, as_section

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

    def tell(line: str) -> None:
        session.say(f"  {line}…", "dim")

    built = build_environment(
        repository, session.places, allow=frozenset(allow), rebuild=rebuild, tell=tell
    )
    said = f"Built: {built.key}, Python {built.python_version}"
    said += f", pytest {built.pytest}" if built.pytest else ", without pytest"
    session.show(cell(said), {"built": built.model_dump(mode="json")})
    return DONE


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
