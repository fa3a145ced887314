"""Environments built in a sandbox from a folder of wheels: no network is needed, and none is there."""

import asyncio
import io
import sys
import tarfile
import zipfile
from importlib import metadata
from pathlib import Path

import pytest

from swarm.domain.errors import Lacking, NeedsHuman, Rejected
from swarm.recipes.public_api import (
    Built,
    Indexes,
    Installed,
    Recipe,
    Workshop,
    build,
    detect_recipe,
    find_built,
    host_indexes,
    key_of,
    own_interpreter,
)
from swarm.recipes.store import seal
from swarm.sandbox.public_api import BaseRef, ExecResult, SandboxSpec, open_host
from swarm.testing.workbench import write_files

UV = Path(sys.executable).with_name("uv")
WHEELS = (
    "hatchling", "editables", "packaging", "pathspec", "pluggy", "trove-classifiers", "tomlkit",
    "pytest", "iniconfig", "pygments", "pip",
)  # fmt: skip
PROJECT = (
    '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
    '[project]\nname = "pack"\nversion = "1"\ndependencies = ["leaf"]\n'
    '[project.optional-dependencies]\ntest = ["pytest"]\n'
    '[project.scripts]\npack = "pack:main"\n'
    '[tool.hatch.build.targets.wheel]\npackages = ["src/pack"]\n'
)
FILES = {
    "pyproject.toml": PROJECT,
    "src/pack/__init__.py": "import leaf\nanswer = 42\ndef main(): print(__file__)\n",
    "tests/test_pack.py": "import pack\ndef test_it(): assert pack.answer == 42\n",
}
LEAF = {"requirements.txt": "leaf\n"}
"""Nothing that has to be built by somebody's program first."""


def wheel_of(name: str, into: Path) -> None:
    """A wheel made again of what is installed here."""
    found = metadata.distribution(name)
    tags = str(found.read_text("WHEEL")).split("Tag: ")[1].split("\n")[0]
    plain = found.metadata["Name"].replace("-", "_")
    with zipfile.ZipFile(into / f"{plain}-{found.version}-{tags}.whl", "w") as wheel:
        for file in found.files or ():
            if ".." not in file.parts and file.suffix != ".pyc" and "/direct_url" not in str(file):
                wheel.write(str(file.locate()), str(file))


def a_wheel(folder: Path, name: str, version: str, points: str = "") -> None:
    """Of one empty module."""
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        info = f"{name}-{version}.dist-info"
        wheel.writestr(f"{name}.py", "assert True\n" if points else "")
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        if points:
            wheel.writestr(f"{info}/entry_points.txt", points)
        listed = (f"{name}.py", *(f"{info}/{each}" for each in ("METADATA", "WHEEL", "RECORD")))
        wheel.writestr(f"{info}/RECORD", "".join(f"{each},,\n" for each in listed))


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    folder.chmod(0o755)  # sandboxes run as somebody else
    for name in WHEELS:
        wheel_of(name, folder)
    for version in ("1", "2", "3"):
        a_wheel(folder, "leaf", version)
    a_wheel(folder, "bough", "1", "[pytest11]\nbough = bough\n")
    return folder


def built(
    folder: Path,
    recipe: Recipe,
    base: Path,
    wheels: Path,
    uv: Path | None = UV,
    *,
    rebuild: bool = False,
) -> tuple[Built, list[str]]:
    told: list[str] = []

    async def run() -> Built:
        host = open_host(folder / "scratch", "namespaces")
        indexes = Indexes(links=(str(wheels),), none=True)
        shop = Workshop(
            folder / "environments", host, own_interpreter(), uv, indexes, tell=told.append
        )
        try:
            return await build(
                recipe, BaseRef(base, "0" * 40), folder / "repo", shop, rebuild=rebuild
            )
        finally:
            await host.close()

    return asyncio.run(run()), told


def ran(folder: Path, base: Path, environment: Built, *argv: str) -> ExecResult:
    """In a sandbox over these files, shown where the repository is, with the environment."""

    async def run() -> ExecResult:
        host = open_host(folder / "scratch", "namespaces")
        try:
            shown = tuple(map(Path, environment.shown))
            sandbox = await host.create(
                SandboxSpec(folder / "repo", shown), BaseRef(base, "0" * 40)
            )
            return await sandbox.exec((environment.python, *argv))
        finally:
            await host.close()

    return asyncio.run(run())


@pytest.mark.thorough
@pytest.mark.parametrize(
    "uv", [pytest.param(UV, id="uv"), pytest.param(None, id="pip", marks=pytest.mark.thorough)]
)
def test_an_editable_install_of_a_src_layout_resolves_into_the_sandbox(
    tmp_path: Path, wheels: Path, uv: Path | None
) -> None:
    base = write_files(tmp_path / "base", FILES)
    environment, _ = built(tmp_path, detect_recipe(base), base, wheels, uv)
    assert environment.pytest == pytest.__version__
    changed = {**FILES, "src/pack/__init__.py": "import leaf\nanswer = 41\n"}
    other = write_files(tmp_path / "other", changed)
    assert ran(tmp_path, base, environment, "-m", "pytest", "-q").returncode == 0
    assert b"41 == 42" in ran(tmp_path, other, environment, "-m", "pytest", "-q").stdout
    where = ran(tmp_path, base, environment, str(Path(environment.python).with_name("pack")))
    assert where.stdout.decode().strip() == str(tmp_path / "repo/src/pack/__init__.py")


READ = """
import pathlib, bough
from _pytest.assertion import rewrite
(compiled,) = pathlib.Path(bough.__file__).parent.glob("__pycache__/bough*-pytest-*.pyc")
print(rewrite._read_pyc(pathlib.Path(bough.__file__), compiled).co_filename == bough.__file__)
"""


@pytest.mark.thorough
def test_what_comes_with_a_plugin_of_pytest_is_compiled_once(tmp_path: Path, wheels: Path) -> None:
    """As pytest reads it: read-only, it could not be kept later."""
    base = write_files(tmp_path / "base", {"requirements.txt": "pytest\nbough\n"})
    environment, _ = built(tmp_path, detect_recipe(base), base, wheels)
    assert ran(tmp_path, base, environment, "-c", READ).stdout == b"True\n"


@pytest.mark.thorough
def test_it_is_built_once_and_anew_on_demand(tmp_path: Path, wheels: Path) -> None:
    base = write_files(tmp_path / "base", LEAF)
    recipe = detect_recipe(base)
    first, told = built(tmp_path, recipe, base, wheels)
    again, nothing = built(tmp_path, recipe, base, wheels)
    assert (first, bool(told), nothing) == (again, True, [])
    anew, told = built(tmp_path, recipe, base, wheels, rebuild=True)
    assert (anew, bool(told)) == (first, True)
    assert find_built(tmp_path / "environments", first.key) == first


@pytest.mark.thorough
def test_what_is_locked_is_what_is_installed(tmp_path: Path, wheels: Path) -> None:
    lock = '[[package]]\nname = "leaf"\nversion = "2"\n'
    base = write_files(tmp_path / "base", {**LEAF, "poetry.lock": lock})
    environment, _ = built(tmp_path, detect_recipe(base), base, wheels)
    ask = "from importlib.metadata import version as v; print(v('leaf'))"
    assert ran(tmp_path, base, environment, "-c", ask).stdout == b"2\n"


def test_what_cannot_be_built_says_why(tmp_path: Path, wheels: Path) -> None:
    base = write_files(tmp_path / "base", {"requirements.txt": "nowhere-to-be-found\n"})
    with pytest.raises(Lacking, match="nowhere-to-be-found"):
        built(tmp_path, detect_recipe(base), base, wheels)
    assert not list((tmp_path / "environments").glob("*/"))


@pytest.mark.thorough
def test_builds_reach_nothing_that_the_user_did_not_allow(tmp_path: Path, wheels: Path) -> None:
    base = write_files(tmp_path / "base", {"requirements.txt": "a @ git+https://code.example/a\n"})
    with pytest.raises(NeedsHuman, match="code"):
        built(tmp_path, detect_recipe(base), base, wheels)


@pytest.mark.thorough
def test_what_a_killed_builder_left_is_removed(tmp_path: Path, wheels: Path) -> None:
    base = write_files(tmp_path / "base", LEAF)
    recipe = detect_recipe(base)
    key = key_of(recipe, own_interpreter(), tmp_path / "repo")
    write_files(tmp_path / f"environments/.part-{key}-dead", {"half": ""})
    built(tmp_path, recipe, base, wheels)
    assert [each.name for each in (tmp_path / "environments").glob("*/")] == [key]


def key(folder: Path, files: dict[str, str], **other: Installed) -> str:
    recipe = detect_recipe(write_files(folder, files))
    return key_of(recipe, other.get("python", own_interpreter()), Path("/repository"))


def test_the_same_lock_has_the_same_key_and_another_another(tmp_path: Path) -> None:
    files = {"pyproject.toml": PROJECT, "uv.lock": "version = 1\n"}
    first = key(tmp_path / "a", files)
    assert key(tmp_path / "b", {**files, "README.md": "x", "src/pack/a.py": "x"}) == first
    assert key(tmp_path / "c", {**files, "uv.lock": "version = 2\n"}) != first
    assert key(tmp_path / "d", files, python=Installed(Path("/usr/bin/python3.9"), (3, 9))) != first


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [("../out", tarfile.REGTYPE, ""), ("/out", tarfile.REGTYPE, ""), ("a/b", tarfile.REGTYPE, ""),
     ("pipe", tarfile.FIFOTYPE, ""), ("hard", tarfile.LNKTYPE, "/etc/passwd")],
)  # fmt: skip
def test_hostile_archives_are_refused(tmp_path: Path, name: str, kind: bytes, target: str) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        link = tarfile.TarInfo("a")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        tar.addfile(link)
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        tar.addfile(member)
    data.seek(0)
    whole = Built(key="k", python="", python_version="", pytest="", shown=())
    (tmp_path / "environments").mkdir()
    with pytest.raises(Rejected):
        seal(tmp_path / "environments", whole, data, Path("/x"))
    assert [each.name for each in tmp_path.rglob("*")] == ["environments"]


@pytest.mark.parametrize(
    ("size", "count"), [(3 << 30, 1), (8, 3000)], ids=["huge header", "headers of headers"]
)
def test_an_archive_cannot_fill_our_memory_or_stack(tmp_path: Path, size: int, count: int) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, size
    block = header.tobuf(tarfile.USTAR_FORMAT) + b"8 a=bcd\n".ljust(512, b"\0")
    whole = Built(key="k", python="", python_version="", pytest="", shown=())
    (tmp_path / "environments").mkdir()
    with pytest.raises(Rejected):
        seal(tmp_path / "environments", whole, io.BytesIO(block * count), Path("/x"))
    assert [each.name for each in tmp_path.rglob("*")] == ["environments"]


def test_settings_of_pip_and_uv_are_read_in_their_order(tmp_path: Path) -> None:
    write_files(tmp_path / ".config/pip", {"pip.conf": "[global]\nfind-links = /wheels\n"})
    write_files(
        tmp_path / ".config/uv",
        {"uv.toml": '[[index]]\nurl = "file:///x/simple"\ndefault = true\n'},
    )
    found = host_indexes({"HOME": str(tmp_path), "PIP_EXTRA_INDEX_URL": "https://b.example:8443/s"})
    assert (found.index, found.links) == ("file:///x/simple", ("/wheels",))
    assert found.hosts == (("b.example", 8443),)
    assert found.shown == (Path("/x"), Path("/wheels"))


@pytest.mark.parametrize("place", ["variable", "file", "netrc"])
def test_passwords_are_taken_out_of_addresses_and_shown_to_nobody(
    tmp_path: Path, place: str
) -> None:
    with_password, plain = "https://me:hunt%40r2@b.example:443/s", "https://b.example/s"
    environ = {"HOME": str(tmp_path)}
    if place == "variable":
        environ["PIP_INDEX_URL"] = with_password
    elif place == "file":
        config = f"[global]\nindex_url = {with_password}\n"
        write_files(tmp_path / ".config/pip", {"pip.conf": config})
    else:
        environ["UV_DEFAULT_INDEX"] = plain
        write_files(tmp_path, {".netrc": "machine b.example login me password hunt@r2\n"})
    found = host_indexes(environ)
    assert (found.index, found.hosts) == (plain, ())
    assert [(key.origin, key.user, key.password) for key in found.keys] == [
        ("https://b.example", "me", "hunt@r2")
    ]
    assert "hunt" not in repr((found, found.options(), *found.keys))
