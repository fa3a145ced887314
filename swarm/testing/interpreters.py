"""An interpreter that every user can reach, where ours lies in a closed home: a copy, of links."""

import os
import shutil
import stat
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

_LEFT_OUT = shutil.ignore_patterns(
    "site-packages", "test", "tests", "__pycache__", "*.a", "idlelib"
)


def open_python(folder: Path) -> Path:
    """Ours if every user can reach it, else a copy in `folder`, without what was installed."""
    ours = Path(sys.executable).resolve()
    library = Path(sysconfig.get_path("stdlib"))
    if all(map(_is_open, (*ours.parents, *library.parents, library))):
        return ours
    program = folder / "bin" / ours.name
    program.parent.mkdir(parents=True)
    _link(str(ours), str(program))
    into = folder / "lib" / library.name
    shutil.copytree(library, into, ignore=_LEFT_OUT, copy_function=_link, symlinks=True)
    for each in _shared(library.parent):
        _link(str(each), str(folder / "lib" / each.name))
    return program


def _is_open(directory: Path) -> bool:
    return bool(directory.stat().st_mode & stat.S_IXOTH)


def _shared(directory: Path) -> Iterable[Path]:
    """The interpreter's own library, where it has one."""
    return directory.glob("libpython*.so*")


def _link(source: str, target: str) -> str:
    """A hard link where that is the same to everybody; else a copy that all may read."""
    mode = os.stat(source).st_mode  # noqa: PTH116 - as copytree calls it
    if mode & stat.S_IROTH:
        try:
            os.link(source, target)
        except OSError:  # another file system
            shutil.copy2(source, target)
        return target
    shutil.copy2(source, target)
    Path(target).chmod(stat.S_IMODE(mode) | stat.S_IRGRP | stat.S_IROTH)
    return target
