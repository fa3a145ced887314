"""The map of a repository: definitions, uses by imports, what matters, and a budget."""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm.domain.changes import Changes, Removed, Written
from swarm.domain.goals import Environment
from swarm.engines.context.atlas import Atlas
from swarm.engines.context.drawing import CHARACTERS, drawn, told
from swarm.engines.context.entries import Definition, Entry, Import
from swarm.engines.context.ranking import ranked
from swarm.engines.context.resolving import Paths, meant
from swarm.engines.context.scanning import SandboxScanner
from swarm.testing.sandbox import a_sandbox

SHOP = {
    "shop/__init__.py": "",
    "shop/cart.py": "from shop.prices import price\n\n\nclass Cart:\n    def total(self):\n        return price('a')\n",
    "shop/prices.py": "def price(name):\n    return 3\n",
    "other/prices.py": "def price(name):\n    return 4\n",
    "other/use.py": "from .prices import price\n\nprint(price('b'))\n",
    "web/sum.js": "exports.sum = (a, b) => a + b;\nfunction price() {}\n",
    "web/main.js": "const { sum } = require('./sum');\nsum(1, 2);\n",
    "broken.py": "def half(:\n",
}  # fmt: skip


def an_entry(*names: str, imports: Sequence[str] = (), uses: Sequence[str] = ()) -> Entry:
    return Entry(
        defs=tuple(Definition(name=n, line=at, text=f"def {n}()") for at, n in enumerate(names, 1)),
        imports=tuple(Import(module=each) for each in imports),
        uses=frozenset(uses),
    )


class Counting:
    """A scanner over a dictionary, that counts what it read."""

    def __init__(self, files: dict[str, Entry]) -> None:
        self.files = files
        self.read: list[Sequence[str] | None] = []

    async def scan(self, paths: Sequence[str] | None) -> Mapping[str, Entry]:
        self.read.append(paths)
        return {p: e for p, e in self.files.items() if paths is None or p in paths}


def test_an_import_means_the_file_that_stands_there() -> None:
    paths = Paths.of(("src/a/b.py", "src/a/__init__.py", "c.py", "web/x.ts", "web/lib/index.js"))
    assert meant("c.py", Import(module="a.b", name="f"), paths) == ("src/a/b.py",)
    assert meant("c.py", Import(module="a", name="b"), paths) == ("src/a/b.py",)
    assert meant("src/a/b.py", Import(module="", name="x", level=1), paths) == (
        "src/a/__init__.py",
    )
    assert meant("web/y.ts", Import(module="./x"), paths) == ("web/x.ts",)
    assert meant("web/y.ts", Import(module="./lib"), paths) == ("web/lib/index.js",)
    assert meant("c.py", Import(module="json"), paths) == ()
    assert meant("web/y.ts", Import(module="react"), paths) == ()


@given(st.sets(st.sampled_from(["a.py", "x/a.py", "x/b.py", "y/x/b.py", "x/__init__.py", "z.js"])),
       st.sets(st.sampled_from(["a.py", "y/b.py", "b.py", "y/x/a.py"])))  # fmt: skip
def test_what_is_added_later_is_meant_as_if_it_had_been_there(old: set[str], new: set[str]) -> None:
    assert Paths.of(old).grown(new - old) == Paths.of(old | new)


def test_a_new_file_is_found_by_those_that_imported_it_before() -> None:
    scanner = Counting({"a.py": an_entry("f", imports=("later",), uses=("g",))})

    async def play() -> Atlas:
        atlas = Atlas(scanner)
        await atlas.refresh(Changes())
        scanner.files["later.py"] = an_entry("g")
        await atlas.refresh(Changes((Written(b"later.py", "100644", b"1"),)))
        return atlas

    (found,) = asyncio.run(play()).find("g")
    assert found.used_in == ("a.py",)


def test_only_what_changed_is_read_again() -> None:
    scanner = Counting({"a.py": an_entry("f"), "b.py": an_entry("g")})

    async def play() -> Atlas:
        atlas = Atlas(scanner)
        await atlas.refresh(Changes())
        scanner.files["a.py"] = an_entry("h")
        one = Changes((Written(b"a.py", "100644", b"1"),))
        await atlas.refresh(one)
        await atlas.refresh(one)
        del scanner.files["b.py"]
        await atlas.refresh(Changes((*one.items, Removed(b"b.py"))))
        return atlas

    atlas = asyncio.run(play())
    assert scanner.read == [None, ["a.py"], ["b.py"]]
    assert [each.path for each in atlas.find("h")] == ["a.py"]
    assert atlas.find("f") == atlas.find("g") == ()


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    folder = tmp_path_factory.mktemp("atlas")

    async def play() -> Atlas:
        async with a_sandbox(folder, SHOP) as sandbox:
            atlas = Atlas(SandboxScanner(sandbox))
            await atlas.refresh(Changes())
            return atlas

    return asyncio.run(play())


def an_environment(root: Path) -> Environment:
    return Environment(
        mount_point=str(root),
        python=sys.executable,
        python_version="3.11",
        runner="pytest",
        runner_version="8",
        command=(sys.executable, "-m", "pytest"),
    )


def test_two_functions_of_one_name_are_two(atlas: Atlas) -> None:
    found = {each.path: each.used_in for each in atlas.find("price")}
    assert found["shop/prices.py"] == ("shop/cart.py",)
    assert found["other/prices.py"] == ("other/use.py",)


def test_methods_are_found_by_either_name(atlas: Atlas) -> None:
    assert atlas.find("Cart.total") == atlas.find("total")
    assert atlas.find("total")[0].definition.line == 5


def test_what_is_imported_is_a_use_and_what_is_defined_is_none(atlas: Atlas) -> None:
    (found,) = atlas.find("sum")
    assert (found.path, found.used_in) == ("web/sum.js", ("web/main.js",))


def test_a_file_with_half_a_function_is_read_all_the_same(atlas: Atlas) -> None:
    assert [each.path for each in atlas.find("half")] == ["broken.py"]


def test_what_is_defined_nowhere_is_said(atlas: Atlas) -> None:
    assert "defined nowhere" in told("nothing", atlas.find("nothing"))
    assert "used in shop/cart.py" in told("price", atlas.find("price"))


def test_what_the_task_names_and_what_it_leads_to_come_first(atlas: Atlas) -> None:
    order = ranked(atlas.entries, atlas.links, "Cart crashes for an unknown name")
    assert order[:2] == ("shop/cart.py", "shop/prices.py")
    assert ranked({}, {}, "anything") == ()


def test_of_a_long_file_functions_are_drawn_before_constants() -> None:
    values = [
        Definition(name=f"V{n}", line=n, text=f"V{n} = 1", is_value=True) for n in range(1, 40)
    ]
    last = Definition(name="work", line=50, text="def work():")
    text = drawn({"a.py": Entry(defs=(*values, last))}, ["a.py"], 1_000)
    assert "def work():" in text
    assert text.index("V1 = 1") < text.index("V13 = 1") < text.index("def work():")
    assert "V14 = 1" not in text


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 400), st.integers(0, 60))
def test_a_map_keeps_to_its_budget(tokens: int, files: int) -> None:
    entries = {
        f"f{at}.py": an_entry(*(f"g{at}_{n}" for n in range(at % 20))) for at in range(files)
    }
    text = drawn(entries, sorted(entries), tokens)
    assert len(text) <= tokens * CHARACTERS + 80  # and the line that counts the rest


@pytest.mark.thorough
def test_a_large_project_is_mapped_in_seconds_and_new_names_at_once(tmp_path: Path) -> None:
    """Bounds for a loaded machine; the benchmark tells what it takes."""
    functions = "\n\n".join(f"def f{n}(a):\n    return a + {n}" for n in range(12))
    files = {f"p{k % 50}/m{k}.py": f"from p{k * 7 % 50} import m{k * 7}\n\n{functions}\n"
             for k in range(2_500)}  # fmt: skip

    async def play() -> tuple[float, float, bool]:
        async with a_sandbox(tmp_path, files) as sandbox:
            atlas = Atlas(SandboxScanner(sandbox))
            began = time.monotonic()
            await atlas.refresh(Changes())
            whole = time.monotonic()
            new = b"def brand_new():\n    pass\n"
            await sandbox.write(sandbox.root / "p1/new.py", new)
            await atlas.refresh(await sandbox.diff())
            return whole - began, time.monotonic() - whole, bool(atlas.find("brand_new"))

    cold, warm, found = asyncio.run(play())
    assert found
    assert cold < 200
    assert warm < max(5, cold / 4)
