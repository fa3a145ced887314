"""A foreign text on a line of ours: without its line breaks, and cut where a person stops reading."""


def in_a_line(text: str, most: int) -> str:
    """At most so many characters; what is cut ends in an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
