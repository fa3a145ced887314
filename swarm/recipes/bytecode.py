"""Compiles a new environment. Sandboxes show it read-only: what is not compiled when it is sealed is
compiled anew by every run in one.

pytest compiles in a way of its own whatever comes with a plugin, and hypothesis, for one, is a plugin:
half a second for each run. It is made to do so once, by importing all of that under it.
"""

from pathlib import Path

from swarm.recipes.plan import NAME, Step

_REWRITE = """
import marshal, os, pathlib, subprocess, sys, tempfile
from importlib import metadata

made, place = sys.argv[1:]
names = set()
for each in metadata.distributions():
    if any(point.group == "pytest11" for point in each.entry_points):
        files = [file.parts[0] for file in each.files or () if file.suffix == ".py"]
        names |= {name.removesuffix(".py") for name in files}
test = '''
import importlib
for name in %r:
    try:
        importlib.import_module(name)
    except Exception:
        pass
''' % sorted(names - {".."})
variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
with tempfile.TemporaryDirectory() as folder:
    pathlib.Path(folder, "test_imports.py").write_text(test)
    options = ["-q", "--collect-only", "-p", "no:cacheprovider", "--rootdir", folder]
    argv = [sys.executable, "-m", "pytest", *options, "test_imports.py"]
    subprocess.run(argv, cwd=folder, env=variables, stdout=subprocess.DEVNULL, timeout=300)


def moved(code):
    inner = tuple(moved(each) if hasattr(each, "co_code") else each for each in code.co_consts)
    return code.replace(co_filename=code.co_filename.replace(made, place, 1), co_consts=inner)


for file in pathlib.Path(made).rglob("*-pytest-*.pyc"):
    data = file.read_bytes()
    file.write_bytes(data[:16] + marshal.dumps(moved(marshal.loads(data[16:]))))
"""


def compiling(tree: Path, place: Path) -> tuple[Step, ...]:
    """`place`: where it will be shown once it is sealed, and what tracebacks are to name."""
    made = str(tree / NAME)
    python = f"{made}/bin/python"
    argv = (
        python, "-I", "-m", "compileall", "-q", "-q", "-s", made, "-p", str(place),
        "--invalidation-mode", "unchecked-hash", f"{made}/lib",
    )  # fmt: skip
    return (
        Step("compile", argv, needed=False),
        Step(
            "compile what comes with pytest's plugins",
            (python, "-I", "-c", _REWRITE, made, str(place)),
            needed=False,
        ),
    )
