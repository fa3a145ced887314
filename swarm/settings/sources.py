"""Where values come from, and which one counts: the first source that has it.

    1  the command line
    2  the environment, `SWARM_WRITERS=3`
    3  `swarm.toml` in the state folder
    4  `swarm.toml` in the user's configuration folder
    5  the default

The home of the state folder cannot be set in the state folder.
"""

import difflib
import stat
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import platformdirs
from pydantic import ValidationError

from swarm.domain.errors import Lacking, Rejected
from swarm.settings.model import Settings

FILE = "swarm.toml"
PREFIX = "SWARM_"
_SHOW = "see where each comes from: swarm config show --origin"
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Origin:
    """One setting, and the source that its value was taken from."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    values: Mapping[str, object]

    def spell(self, key: str) -> str:
        """The setting's name as this source writes it."""
        return f"{PREFIX}{key.upper()}" if self.name == _ENVIRONMENT else key


_COMMAND_LINE = "command line"
_ENVIRONMENT = "environment"


def load_settings(
    overrides: Mapping[str, str] = _NOTHING,
    environ: Mapping[str, str] = _NOTHING,
    *,
    config_folder: Path | None = None,
) -> Settings:
    """Read the settings. Raises Rejected, naming source and key, for what is unknown or wrong.

    `config_folder`: the user's configuration folder; by default the platform's.
    """
    return _settings(_sources(overrides, environ, config_folder))


def origins(
    overrides: Mapping[str, str] = _NOTHING,
    environ: Mapping[str, str] = _NOTHING,
    *,
    config_folder: Path | None = None,
) -> tuple[Origin, ...]:
    """Every setting with its value and where that comes from, in the order of the model."""
    sources = _sources(overrides, environ, config_folder)
    settings = _settings(sources)
    return tuple(
        Origin(name, _shown(getattr(settings, name)), _first_with(name, sources))
        for name in Settings.model_fields
    )


def make_home(home: Path) -> Path:
    """Create the state folder for its owner only. Raises Rejected when others may write there."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(home.stat().st_mode)
    except OSError as error:
        raise Lacking(
            f"the state folder {home} cannot be made: {error}",
            advice="set SWARM_HOME to a folder that this user may create",
        ) from error
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Rejected(
            f"others may write to the state folder {home} (mode {mode:04o})",
            advice=f"chmod go-w {home}",
        )
    return home


def _sources(
    overrides: Mapping[str, str], environ: Mapping[str, str], config_folder: Path | None
) -> tuple[_Source, ...]:
    folder = config_folder or Path(platformdirs.user_config_dir("swarm"))
    given = (_Source(_COMMAND_LINE, overrides), _of_environment(environ))
    user = _of_file(folder / FILE)
    home = _settings((*given, user)).home
    state = _of_file(home / FILE)
    if "home" in state.values:
        raise Rejected(
            f"{state.name}: `home` cannot be set inside the state folder",
            advice=f"set {PREFIX}HOME, or home in {user.name}",
        )
    return (*given, state, user)


def _of_environment(environ: Mapping[str, str]) -> _Source:
    found = {
        key.removeprefix(PREFIX).lower(): value
        for key, value in environ.items()
        if key.startswith(PREFIX)
    }
    return _Source(_ENVIRONMENT, found)


def _of_file(path: Path) -> _Source:
    """An absent file sets nothing."""
    try:
        with path.open("rb") as file:
            return _Source(str(path), tomllib.load(file))
    except (FileNotFoundError, NotADirectoryError):
        return _Source(str(path), {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Rejected(
            f"{path} is not valid TOML: {error}",
            advice='write lines like: notify = "notify-send swarm"',
        ) from error
    except OSError as error:
        raise Lacking(
            f"{path} cannot be read: {error}", advice="make it readable, or remove it"
        ) from error


def _settings(sources: Sequence[_Source]) -> Settings:
    for source in sources:
        _check_keys(source)
    merged: dict[str, object] = {}
    for source in reversed(sources):
        merged |= source.values
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise _explained(error, sources) from error


def _check_keys(source: _Source) -> None:
    for key in source.values:
        if key not in Settings.model_fields:
            near = difflib.get_close_matches(key, Settings.model_fields, n=1)
            hint = f"did you mean {source.spell(near[0])}?" if near else "remove it"
            raise Rejected(f"{source.name}: there is no setting {source.spell(key)}", advice=hint)


def _explained(error: ValidationError, sources: Sequence[_Source]) -> Rejected:
    first = error.errors(include_url=False)[0]
    if not first["loc"]:
        return Rejected(f"the settings contradict each other: {first['msg']}", advice=_SHOW)
    key = str(first["loc"][0])
    name = _first_with(key, sources)
    source = next(source for source in sources if source.name == name)
    inner = ".".join(map(str, first["loc"][1:]))
    found = f".{inner} = {str(first['input'])[:200]!r}" if inner else f" = {source.values[key]!r}"
    return Rejected(
        f"{name}: {source.spell(key)}{found}: {first['msg']}",
        advice=f"{source.spell(key)}: {Settings.model_fields[key].description}",
    )


def _first_with(key: str, sources: Sequence[_Source]) -> str:
    return next((source.name for source in sources if key in source.values), "default")


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
