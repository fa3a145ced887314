"""What has to be shown of the host for a Python interpreter to run in a sandbox.

An interpreter is rarely one file: a virtual environment's `python` is a link to a link to a version
manager's, and finds its standard library from where the last one lies. Every link on the way is
shown as the link that it is, and every installation that it passes as a whole; never the directory
around them, which may be a home. The interpreter is asked with neither `site` nor the environment,
so that nothing of the user's runs.
"""

import json
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

from swarm.domain.errors import Rejected

_QUESTION = """
import json, sys, sysconfig
paths = sysconfig.get_paths()
print(json.dumps([sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix,
                  paths["stdlib"], paths["platstdlib"]]))
"""
_STORES = (Path("/nix/store"), Path("/home/linuxbrew/.linuxbrew"))
"""Installations there are made of many directories beside each other."""

_SECONDS = 30
_LINKS = 40


def interpreter_paths(python: Path) -> tuple[Path, ...]:
    """For `SandboxSpec.readonly`. Raises Rejected when the interpreter does not run."""
    links = _chain(python.absolute())
    installed = [Path(each) for each in _asked(python)]
    wanted = {*installed, *links, *filter(_is_installation, (each.parent.parent for each in links))}
    wanted |= {store for store in _STORES for each in wanted if each.is_relative_to(store)}
    real = {each.resolve() for each in wanted if each.is_dir()}
    return _without_nested(path for path in wanted | real if path.exists())


def _chain(python: Path) -> list[Path]:
    """The path, and what each link on the way stands for."""
    chain = [python]
    while chain[-1].is_symlink():
        if len(chain) > _LINKS:
            raise Rejected(f"{python} leads in a circle")
        last = chain[-1]
        chain.append(Path(os.path.normpath(last.parent / last.readlink())))
    return chain


def _is_installation(directory: Path) -> bool:
    virtual = (directory / "pyvenv.cfg").is_file()
    return virtual or any(directory.glob("lib/python3*/os.py"))


def _asked(python: Path) -> list[str]:
    nothing: dict[str, str] = {}
    try:
        answer = subprocess.run(
            [str(python), "-I", "-S", "-c", _QUESTION],
            env=nothing,
            capture_output=True,
            check=True,
            timeout=_SECONDS,
        )
        paths: list[str] = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise Rejected(
            f"{python} does not run as a Python interpreter: {error}",
            advice="name the interpreter that your tests run with",
        ) from error
    return paths


def _without_nested(paths: Iterable[Path]) -> tuple[Path, ...]:
    kept: list[Path] = []
    for path in sorted(set(paths)):
        if path != Path("/") and not any(path.is_relative_to(each) for each in kept):
            kept.append(path)
    return tuple(kept)
