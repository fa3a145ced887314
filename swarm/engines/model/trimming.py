"""Long text without its middle: what matters of output is how it begins and how it ends."""

MOST = 12_000
"""Characters of one tool's result."""


def trimmed(text: str, most: int = MOST) -> str:
    """At most about `most` characters; the end gets two thirds of them."""
    if len(text) <= most:
        return text
    head = most // 3
    tail = most - head
    left_out = len(text) - head - tail
    return f"{text[:head]}\n[... {left_out} characters left out ...]\n{text[-tail:]}"


def legible(data: bytes) -> str:
    """Output as text: what is no UTF-8 is marked, and what steers a terminal is left out."""
    text = data.decode("utf-8", "replace")
    return "".join(sign for sign in text if sign in "\n\t" or sign.isprintable())
