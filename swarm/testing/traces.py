"""Traces of work for measuring when a model is stuck: loops, and work that is slow but healthy.

They are made, not recorded: each family is one way in which agents are known to go round in circles, or to
look as if they did; chance varies lengths, orders and outputs. There are two halves. The limits were chosen while
looking at the first; the second was written before it was measured, in other shapes (an agent that has a shell and
nothing else, for one), and nothing was changed for its sake. What a rule makes of them are its two rates of error
on this corpus, and no promise about another.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice

from swarm.domain.canonical import digest
from swarm.engines.model.record import Record
from swarm.engines.model.stuck import Watch, footprint
from swarm.models.public_api import Call, Result

TURNS = 160
"""A loop that nobody has noticed by then counts as missed."""

Family = Callable[[random.Random], Iterator[Record]]
WORDS = (
    *("account", "basket", "cache", "delta", "entry", "field", "gate", "house", "index", "jacket"),
    *("kernel", "ladder", "market", "number", "order", "price", "queue", "record", "stock"),
    *("total", "unit", "value", "window", "yield", "zone"),
)
RED = (
    "3 of 4 pass\n--- test_cart.py::test_total: failed\n>       assert total(items) == 6\n"
    "E       assert 0 == 6"
)


def turn(tool: str, saw: str, tree: str = "", **arguments: object) -> Record:
    call = Call(id="c", name=tool, arguments=arguments)
    return Record(
        prompt="",
        model="",
        blocks=(call,) if tool else (),
        results=(Result(call="c", text=saw),) if tool else (),
        tree=digest(tree.encode()) if tree else None,
    )


def ran(command: str, saw: str = "", tree: str = "", status: int = 0) -> Record:
    return turn("run", f"exit status {status}\n{saw}".rstrip(), tree, command=command)


def edited(path: str, old: str, new: str, tree: str) -> Record:
    return turn("edit", f"{path} changed at line 3", tree, path=path, old=old, new=new)


def checked(saw: str, tree: str = "") -> Record:
    return turn("test", saw, tree)


def looked(path: str, start: int, lines: Sequence[str], tree: str = "") -> Record:
    told = "\n".join(f"{at:>5} {line}" for at, line in enumerate(lines, start))
    return turn("read", told, tree, path=path, start=start)


def _code(chance: random.Random) -> str:
    one, other, third = (chance.choice(WORDS) for _ in range(3))
    return f"    {one} = {other}({third}, {chance.choice(WORDS)}_{chance.choice(WORDS)})"


def _file(chance: random.Random, lines: int) -> list[str]:
    return [_code(chance) for _ in range(lines)]


# Loops, the half that was looked at: endless ----------------------------------------------------


def _same_call(_: random.Random) -> Iterator[Record]:
    while True:
        yield turn("list", "app.py\ntest_app.py", path=".")


def _round(chance: random.Random) -> Iterator[Record]:
    """A few calls again and again, in any order, with the same answers."""
    files = {f"{name}.py": _file(chance, 30) for name in chance.sample(WORDS, chance.randint(2, 8))}
    while True:
        for name in chance.sample(sorted(files), len(files)):
            yield looked(name, 1, files[name])


def _edit_that_never_applies(chance: random.Random) -> Iterator[Record]:
    """Other words each time, refused in the same ones."""
    while True:
        told = f"not in the file {chance.choice(('as it is', 'at all'))}"
        yield turn("edit", told, "t", path="app.py", old=_code(chance), new=_code(chance))


def _to_and_fro(chance: random.Random) -> Iterator[Record]:
    """Done and undone, with a test in between."""
    states = [_code(chance) for _ in range(chance.randint(2, 4))]
    while True:
        for before, state in zip((states[-1], *states), states, strict=False):
            yield edited("app.py", before, state, state)
            yield checked(f"{RED}\n{state}", state)


def _only_words(chance: random.Random) -> Iterator[Record]:
    while True:
        yield turn("", chance.choice(("", "I will now begin.")))


def _red_test_with_a_clock(chance: random.Random) -> Iterator[Record]:
    """The same failing command; what it prints holds the time, so each output is new."""
    while True:
        yield ran("pytest -q", f"{RED}\n1 failed in {chance.random():.9f} s", status=1)


def _creeping_window(chance: random.Random) -> Iterator[Record]:
    """One file, read from a line or two further each time: always something new, and never anything done."""
    lines, at = _file(chance, 4_000), 0
    while True:
        yield looked("big.py", at + 1, lines[at : at + 60], "t")
        at += chance.randint(1, 2)


def _small_changes_that_do_nothing(chance: random.Random) -> Iterator[Record]:
    """One remark in place of another each time, and the same red test."""
    old = "    return 0"
    for number in count():
        new = f"    return 0  # {' '.join(chance.sample(WORDS, 3))}"
        yield edited("app.py", old, new, f"t{number}")
        yield checked(RED, f"t{number}")
        old = new


def _rewriting_one_function(chance: random.Random) -> Iterator[Record]:
    """The same lines in other words, and each time the same test fails in the same way."""
    old = "\n".join(_file(chance, 6))
    for number in count():
        new = "\n".join(_file(chance, chance.randint(5, 7)))
        yield edited("app.py", old, new, f"t{number}")
        if chance.random() < 0.8:
            yield checked(RED.replace("0 ==", f"{number} =="), f"t{number}")
        old = new


def _one_breaks_the_other(chance: random.Random) -> Iterator[Record]:
    """What mends one test breaks the other, in ever new words."""
    old = _code(chance)
    for number in count():
        new = _code(chance)
        yield edited("app.py", old, new, f"t{number}")
        yield checked(
            RED.replace("test_total", ("test_total", "test_price")[number % 2]), f"t{number}"
        )
        old = new


LOOPS: dict[str, Family] = {
    "the same call": _same_call,
    "a round of calls": _round,
    "an edit that never applies": _edit_that_never_applies,
    "done and undone": _to_and_fro,
    "only words": _only_words,
    "a failing command that prints the time": _red_test_with_a_clock,
    "a window that creeps through a file": _creeping_window,
    "changes without effect": _small_changes_that_do_nothing,
    "one function in ever other words": _rewriting_one_function,
    "what mends one test breaks another": _one_breaks_the_other,
}


# Healthy work, the half that was looked at: ends by itself --------------------------------------


def _long_look(chance: random.Random) -> Iterator[Record]:
    for number in range(chance.randint(20, 80)):
        yield looked(f"part{number}.py", 1, _file(chance, 40))


def _edits_and_one_test(chance: random.Random) -> Iterator[Record]:
    """Many places to change, in a few files; the test stays red to the last."""
    files = chance.sample(WORDS, chance.randint(1, 8))
    for number in range(chance.randint(10, 40)):
        yield edited(f"{chance.choice(files)}.py", _code(chance), _code(chance), f"t{number}")
        yield checked(RED, f"t{number}")


def _rereading(chance: random.Random) -> Iterator[Record]:
    """Looks at a few files again between changes."""
    files = {f"{name}.py": _file(chance, 40) for name in chance.sample(WORDS, 3)}
    for number in range(chance.randint(6, 14)):
        for name in chance.sample(sorted(files), chance.randint(1, 3)):
            yield looked(name, 1, files[name], f"t{number}")
        yield edited(chance.choice(sorted(files)), _code(chance), _code(chance), f"t{number + 1}")


def _flaky_command(chance: random.Random) -> Iterator[Record]:
    """Tries a command that fails a few times before it works."""
    for number in range(chance.randint(8, 20)):
        tree = f"t{number // 3}"
        for _ in range(chance.randint(0, 2)):
            yield ran("./start", "not ready", tree, 1)
        yield ran(f"./step {number}", f"{_code(chance)} is done", tree)


def _waiting(chance: random.Random) -> Iterator[Record]:
    """Looks for what something slow will write, and sees the same for a while."""
    for _ in range(chance.randint(1, 5)):
        yield ran("sleep 60; ls build", "nothing yet")
    for number in range(chance.randint(3, 10)):
        yield edited("app.py", _code(chance), _code(chance), f"t{number}")


def _notes_and_thoughts(chance: random.Random) -> Iterator[Record]:
    for number in range(chance.randint(10, 30)):
        tree = f"t{number // 5}"
        yield turn("note", "noted", tree, text=_code(chance))
        yield turn("search", f"app.py:{number}:{_code(chance)}", tree, pattern=_code(chance))


def _growing_piece_by_piece(chance: random.Random) -> Iterator[Record]:
    """A new file, a function at a time, each behind the last; what fails becomes less."""
    tests = chance.randint(15, 45)
    yield turn("write", "new.py written", "t0", path="new.py", content=(old := _code(chance)))
    for number in range(tests):
        new = "\n".join((old, "", f"def f{number}(a):", *_file(chance, chance.randint(3, 9))))
        yield edited("new.py", old, new, f"t{number}")
        if chance.random() < 0.5:
            yield checked(f"{number} of {tests} pass", f"t{number}")
        old = new.splitlines()[-1]


HEALTHY: dict[str, Family] = {
    "a long look around": _long_look,
    "many changes, one red test": _edits_and_one_test,
    "reading again between changes": _rereading,
    "a command that fails at first": _flaky_command,
    "waiting for something slow": _waiting,
    "notes between searches": _notes_and_thoughts,
    "piece by piece": _growing_piece_by_piece,
}


# Loops that were not looked at ------------------------------------------------------------------


def _script_that_always_fails(chance: random.Random) -> Iterator[Record]:
    """With a shell alone: a script is written again in other words, and breaks as before."""
    for number in count():
        text = "\n".join(_file(chance, chance.randint(4, 12)))
        trace = (
            f'File "fix.py", line {number % 9}, in main\nModuleNotFoundError: No module named yaml'
        )
        yield ran(f"cat > fix.py <<'END'\n{text}\nEND\npython fix.py", trace, f"t{number}", 1)


def _substitutions_that_match_nothing(chance: random.Random) -> Iterator[Record]:
    while True:
        one, other = chance.sample(WORDS, 2)
        yield ran(f"sed -i 's/{one}_{other}/{other}/' app.py", "", "t")


def _pages_that_overlap(chance: random.Random) -> Iterator[Record]:
    """A long log, printed from a few lines further each time."""
    lines, at = _file(chance, 6_000), 1
    while True:
        shown = "\n".join(lines[at : at + 80])
        yield ran(f"sed -n '{at},{at + 80}p' build.log", shown)
        at += chance.randint(1, 4)


def _nothing_to_install_from(chance: random.Random) -> Iterator[Record]:
    """Without a network, under one name after another."""
    while True:
        name = "-".join(chance.sample(WORDS, 2))
        told = (
            f"ERROR: Could not find a version that satisfies the requirement {name}\n"
            f"ERROR: No matching distribution found for {name}"
        )
        yield ran(f"pip install {name}", told, status=1)


def _submitted_unchanged(chance: random.Random) -> Iterator[Record]:
    while True:
        title = " ".join(chance.sample(WORDS, 3))
        yield turn(
            "submit", "worse than before your changes: test_total", "t", title=title, why=title
        )


def _searches_without_find(chance: random.Random) -> Iterator[Record]:
    while True:
        yield turn("search", "nothing found", pattern="_".join(chance.sample(WORDS, 3)))


def _talks_to_itself(chance: random.Random) -> Iterator[Record]:
    """Prints its own words, and takes that for work."""
    while True:
        words = " ".join(chance.choice(WORDS) for _ in range(12))
        yield ran(f"echo 'I should look at {words}'", f"I should look at {words}")


def _one_file_in_many_ways(chance: random.Random) -> Iterator[Record]:
    lines = _file(chance, 60)
    while True:
        way = chance.choice(
            ("cat {}", "head -{n} {}", "python -c 'print(open(\"{}\").read())'", "tail -{n} {}")
        )
        few = chance.randint(40, 60)
        shown = lines[-few:] if way.startswith("tail") else lines[:few]
        yield ran(way.format("app.py", n=few), "\n".join(shown))


def _prints_everywhere(chance: random.Random) -> Iterator[Record]:
    """One more line that prints something, in the same function; the same test, the same way."""
    old = _code(chance)
    for number in count():
        new = f"{old}\n    print('here', {number}, {chance.choice(WORDS)})"
        yield edited("app.py", old, new, f"t{number}")
        yield ran("python -m pytest -q", f"{RED}\n1 failed in 0.{number}2s", f"t{number}", 1)
        old = new.splitlines()[-1]


def _forgetful(chance: random.Random) -> Iterator[Record]:
    """Looks around from the beginning, changes the same place, and has forgotten it."""
    files = {f"{name}.py": _file(chance, 40) for name in chance.sample(WORDS, 5)}
    place = _code(chance)
    for number in count():
        for name in chance.sample(sorted(files), 3):
            yield ran(f"cat {name}", "\n".join(files[name]), f"t{number}")
        new = _code(chance)
        yield ran(f"sed -i 's/{place.strip()}/{new.strip()}/' app.py", "", f"t{number + 1}")
        yield ran(
            "python -m pytest -q | tail -5", f"{RED}\n1 failed in {number}.1s", f"t{number + 1}"
        )
        place = new


UNSEEN_LOOPS: dict[str, Family] = {
    "a script that always breaks": _script_that_always_fails,
    "substitutions that match nothing": _substitutions_that_match_nothing,
    "pages that overlap": _pages_that_overlap,
    "nothing to install from": _nothing_to_install_from,
    "submitted unchanged": _submitted_unchanged,
    "searches that find nothing": _searches_without_find,
    "talk to itself": _talks_to_itself,
    "one file in many ways": _one_file_in_many_ways,
    "one more print each time": _prints_everywhere,
    "looks, changes, forgets": _forgetful,
}


# Healthy work that was not looked at -----------------------------------------------------------


def _shell_only(chance: random.Random) -> Iterator[Record]:
    """With a shell alone: looks, changes files by substitution, runs the tests."""
    files = {
        f"src/{name}.py": _file(chance, 50) for name in chance.sample(WORDS, chance.randint(4, 12))
    }
    for name in chance.sample(sorted(files), chance.randint(3, len(files))):
        yield ran(f"cat {name}", "\n".join(files[name]))
    for number in range(chance.randint(8, 25)):
        name, line = chance.choice(sorted(files)), _code(chance).strip()
        yield ran(
            f"sed -i '{number}s/.*/{line}/' {name} && sed -n '{number}p' {name}", line, f"t{number}"
        )
        if chance.random() < 0.6:
            what = "_".join(chance.sample(WORDS, 2))
            yield ran(
                "python -m pytest -q", f"E   NameError: {what}\n1 failed in 0.41s", f"t{number}", 1
            )


def _halving(chance: random.Random) -> Iterator[Record]:
    """Switches halves of something off and on, and runs the same thing each time: it crashes or it does not."""
    for number in range(chance.randint(6, 14)):
        yield ran(f"sed -i 's/^/# /' config/part{number}.toml", "", f"t{number}")
        yield ran("./run", chance.choice(("Segmentation fault", "done")), f"t{number}")


def _slow_build(chance: random.Random) -> Iterator[Record]:
    """Asks every minute how far it is."""
    share = 0
    yield ran("make > build.log 2>&1 &")
    while share < 100:
        share = min(100, share + chance.randint(4, 20))
        yield ran(
            "sleep 60; tail -1 build.log",
            f"[{share} %] Building CXX object {chance.choice(WORDS)}.o",
        )


def _one_file_rewritten(chance: random.Random) -> Iterator[Record]:
    """All of one file has to change; a test that is red until the end is run after each place."""
    lines = _file(chance, chance.randint(15, 45))
    for number, line in enumerate(lines):
        yield edited("legacy.py", line, _code(chance), f"t{number}")
        yield ran("python -m pytest -q", f"{RED}\n1 failed in 0.3s", f"t{number}", 1)


def _rename_everywhere(chance: random.Random) -> Iterator[Record]:
    for number in range(chance.randint(30, 60)):
        name = f"src/{chance.choice(WORDS)}/{chance.choice(WORDS)}{number % 7}.py"
        yield edited(name, "old_name(", "new_name(", f"t{number}")


def _read_to_the_end(chance: random.Random) -> Iterator[Record]:
    """A large file in windows that hardly overlap."""
    lines = _file(chance, chance.randint(800, 3_000))
    for at in range(0, len(lines), 90):
        yield looked("huge.py", at + 1, lines[at : at + 100])


def _test_after_test(chance: random.Random) -> Iterator[Record]:
    """Makes one test after another pass; what is printed is a count and the next that fails."""
    tests = chance.randint(10, 40)
    for number in range(tests):
        path = f"src/{chance.choice(WORDS)}.py"
        for _ in range(chance.randint(1, 3)):
            yield edited(path, _code(chance), _code(chance), f"t{number}.{chance.random()}")
        yield ran(
            "npm test 2>&1 | tail -2",
            f"{number} passing\n{tests - number} failing",
            f"t{number}",
            1,
        )


def _luck_with_a_race(chance: random.Random) -> Iterator[Record]:
    """A test that fails now and then: run many times before and after a change."""
    for number in range(chance.randint(2, 5)):
        for _ in range(chance.randint(3, 6)):
            told = chance.choice(("1 passed", "1 failed"))
            yield ran("pytest -q test_race.py", f"{told} in {chance.random():.2f}s", f"t{number}")
        yield edited("race.py", _code(chance), _code(chance), f"t{number + 1}")


UNSEEN_HEALTHY: dict[str, Family] = {
    "a shell and nothing else": _shell_only,
    "halving": _halving,
    "a slow build": _slow_build,
    "one file, place by place": _one_file_rewritten,
    "a rename everywhere": _rename_everywhere,
    "a large file to its end": _read_to_the_end,
    "test after test": _test_after_test,
    "a test that fails now and then": _luck_with_a_race,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rule made of the traces of one family."""

    traces: int
    hinted: int
    stopped: int
    turns: int
    """Until it stopped them, at the median; 0 where it stopped none."""


def judged(family: Family, traces: int = 50, seed: int = 1) -> Judged:
    ends = [_first(islice(family(random.Random(seed + k)), TURNS)) for k in range(traces)]
    stops = sorted(stop for _, stop in ends if stop)
    return Judged(
        traces,
        sum(hint > 0 for hint, _ in ends),
        len(stops),
        stops[len(stops) // 2] if stops else 0,
    )


def _first(trace: Iterator[Record]) -> tuple[int, int]:
    """The first turn with a hint, and the one with an end; 0 for none."""
    hint, watch = 0, Watch()
    for at, record in enumerate(trace, start=1):
        watch.add(footprint(record))
        hint = hint or (at if watch.health == "hint" else 0)
        if watch.health == "stop":
            return hint, at
    return hint, 0


def shares(families: Mapping[str, Family]) -> tuple[int, int]:
    """Per cent of the traces that were ended, and that heard a hint."""
    found = [judged(each) for each in families.values()]
    every = sum(each.traces for each in found)
    return (
        round(100 * sum(each.stopped for each in found) / every),
        round(100 * sum(each.hinted for each in found) / every),
    )
