"""Which failures speak of the environment and which of the code."""

import pytest

from swarm.agents.public_api import Ailment, ailment_of


@pytest.mark.parametrize(
    ("said", "kind", "what"),
    [
        ("E   ModuleNotFoundError: No module named 'numpy.linalg'", "dependency", "numpy"),
        ("error: unrecognized arguments: --no-cov-on-fail --cov=x", "plugin", "pytest-cov"),
        (
            "error: unrecognized arguments: -n 4\n  inifile: a\n  rootdir: b",
            "plugin",
            "pytest-xdist",
        ),
        ("error: unrecognized arguments: --odd", "plugin", "--odd"),
        ("E   fixture 'mocker' not found", "plugin", "mocker"),
        ("E   socket.gaierror: [Errno -2] Name or service not known", "network", None),
        ("E   ConnectionRefusedError: [Errno 111] Connection refused", "service", None),
        ("E   psycopg.OperationalError: connection failed", "service", None),
        ("E   FileNotFoundError: [Errno 2] No such file or directory: 'convert'", "program", None),
        ("E   PermissionError: [Errno 13] Permission denied: '/etc/x'", "permission", None),
        ("E   OSError: [Errno 28] No space left on device", "resources", None),
        ("E   locale.Error: unsupported locale setting", "locale", None),
    ],
)
def test_what_the_environment_lacks_is_told_by_its_words(
    said: str, kind: str, what: str | None
) -> None:
    ailment = ailment_of(f"def test_it():\n>       work()\n\n{said}\n")
    assert ailment is not None
    assert ailment.kind == kind
    assert what is None or ailment.what == what


@pytest.mark.parametrize(
    "said",
    [
        "E   assert 2 == 1",
        "E   KeyError: 'network'",
        "E   FileNotFoundError: [Errno 2] No such file or directory: 'data.csv'",
        "E   ImportError: cannot import name 'total' from 'shop'",
        "    # a ConnectionRefusedError is expected here\nE   assert not 1",
        "",
    ],
)
def test_a_failure_of_the_code_is_none_of_the_environment(said: str) -> None:
    assert ailment_of(said) is None


def test_a_module_of_the_repository_that_is_missing_is_a_failure_of_the_code() -> None:
    said = "E   ModuleNotFoundError: No module named 'shop.prices'"
    assert ailment_of(said, {"shop"}) is None
    assert ailment_of(said) == Ailment("dependency", "shop")


def test_a_repository_whose_own_code_is_not_found_is_not_installed() -> None:
    said = "E   ModuleNotFoundError: No module named 'shop'"
    assert ailment_of(said, {"shop"}) == Ailment("installation", "shop")
