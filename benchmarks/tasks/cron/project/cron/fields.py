"""One field: `*`, `5`, `1-5`, `*/15`, `8-18/2`, and lists of these."""

BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
NAMES = (
    {},
    {},
    {},
    {name: n for n, name in enumerate(
        "jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)},
    {name: n for n, name in enumerate("sun mon tue wed thu fri sat".split())},
)


def parse_field(text, place):
    """The values that match. Raises ValueError."""
    values = set()
    for part in text.lower().split(","):
        values |= _parse_part(part, place)
    return frozenset(values)


def _parse_part(part, place):
    low, high = BOUNDS[place]
    span, _, step = part.partition("/")
    every = int(step) if step else 1
    if every < 1:
        raise ValueError(f"not a step: {step}")
    if span == "*":
        first, last = low, high
    elif "-" in span:
        first, last = (_number(end, place) for end in span.split("-", 1))
    else:
        first = _number(span, place)
        last = high if step else first
    if not low <= first <= last <= high:
        raise ValueError(f"out of range: {part}")
    return set(range(first, last + 1, every))


def _number(text, place):
    if text in NAMES[place]:
        return NAMES[place][text]
    value = int(text)
    return 0 if place == 4 and value == 7 else value
