"""`swarm triage`: what fails, sorted by likely cause; nothing is changed."""

from pathlib import Path

import pytest

from swarm.testing.git import a_repository, git
from tests.cli.cli_examples import swarm

PROJECT = {
    "shop.py": "def total(prices):\n    return sum(prices[1:])\n",
    "tests/test_shop.py": (
        "from shop import total\n"
        "def test_total(): assert total([5]) == 5\n"
        "def test_none(): assert total([]) == 0\n"
        "def test_table(): import no_such_package\n"
    ),
    "conftest.py": "",
}


@pytest.mark.thorough
def test_failures_are_told_apart_by_what_would_mend_them(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    head = a_repository(repository, PROJECT)
    argv = ("triage", "--repo", str(repository))
    document = swarm(tmp_path / "home", *argv, "--json").document
    (missing,) = document["environment"]
    assert (missing["kind"], missing["what"]) == ("dependency", "no_such_package")
    (first, *_) = [each for each in document["causes"] if each["suspicious"]]
    assert "tests/test_shop.py::test_total" in first["tests"]
    assert first["suspicious"][0].startswith("shop.py:1 total")
    assert first["tries"]
    told = {test for each in document["causes"] for test in each["tests"]}
    assert not told & set(missing["tests"])
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "rev-parse", "HEAD").strip() == head
    assert not (tmp_path / "home").exists()


CASES = {
    "shop.py": "def total(prices):\n    return sum(prices[1:])\n\n\ndef first(prices):\n    return prices[1]\n",
    "test_shop.py": (
        "import pytest\nfrom shop import first, total\n"
        "@pytest.mark.parametrize('n', range(9))\n"
        "def test_total(n): assert total([5 + n]) == 5 + n\n"
        "def test_first(): assert first([1, 2]) == 1\n"
    ),
}


@pytest.mark.thorough
def test_cases_of_one_test_are_one_line_and_every_cause_is_shown_a_place(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    a_repository(repository, CASES)
    called = swarm(tmp_path / "home", "triage", "--repo", str(repository), "--json")
    (cause,) = called.document["causes"]
    assert "Tests: 10, red: 10." in called.err
    assert "Tracing what red tests run (10 of them)" in called.err
    told = {each["test"]: (each["cases"], each["said"]) for each in cause["kinds"]}
    assert told["test_shop.py::test_total"][0] == 9
    assert told["test_shop.py::test_first"] == (1, "assert 2 == 1")
    assert {each.split()[-1] for each in cause["suspicious"]} == {"total", "first"}


@pytest.mark.thorough
def test_a_green_suite_has_nothing_to_sort(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    skipped = "import pytest\n@pytest.mark.skip\ndef test_it(): pass\n"
    a_repository(repository, {"test_it.py": "def test_it(): pass\n", "test_no.py": skipped})
    called = swarm(tmp_path / "home", "triage", "--repo", str(repository))
    assert called.code == 0
    assert "0 of 2 tests red" in called.out
    assert "Tests: 2, red: 0." in called.err
