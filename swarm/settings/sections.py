"""Sections of a configuration file that are named by whom they are about: `[models.review]`."""

from collections.abc import Mapping


def read_named(value: object, field: str, example: str) -> object:
    """From sections `[ABOUT.NAME]`: one mapping each, the name among its fields, sorted by name.

    What is no mapping is left to who validates it. Raises ValueError when a section is none.
    """
    if not isinstance(value, Mapping):
        return value
    sections = sorted(value.items())
    if not all(isinstance(section, Mapping) for _, section in sections):
        raise ValueError(f"sections are expected: {example}")
    return tuple({**section, field: name} for name, section in sections)
