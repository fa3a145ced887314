"""How much the kind of a change alone says against it: data, not code.

Passing the tests does not make a patch right. The order is that of one-statement mistakes in practice
(Karampatsis, Sutton, "How Often Do Single-Statement Bugs Occur? The ManySStuBs4J Dataset", MSR 2020:
another name, function, literal, argument or operator, in about this order, far before all else) and of
what generate-and-validate repair is known to overfit by: deletion and conditions that are always true
(Qi, Long, Achour, Rinard, "An Analysis of Patch Plausibility and Correctness for Generate-and-Validate
Patch Generation Systems", ISSTA 2015). Kinds that are seldom meant and often pass by accident - a value
turned into another type, doubled, negated, cut - stand between; there the figures are a judgement, which
agrees with what was counted in docs/checking.md's patches (missing slice: 4 right, 11 wrong; missing set,
bool, upper and factor two: none right of 8).
"""

ORDINARY = 0

DOUBT: dict[str, int] = {
    "constant condition": 5,
    "factor two": 4,
    "missing bool()": 4,
    "missing set()": 4,
    "deleted statement": 3,
    "deleted condition": 3,
    "too narrow an exception": 3,
    "missing float()": 3,
    "missing int()": 3,
    "missing len()": 2,
    "missing slice": 2,
    "missing reversed()": 2,
    "missing guard": 2,
    "missing square": 2,
    "missing upper()": 2,
    "ordering": 2,
    "dropped attribute": 2,
    "needless call": 1,
    "statement from nearby": 1,
    "missing call around": 1,
    "missing case": 1,
    "variable of another type": 1,
    "missing exception": 1,
    "filled with what nobody looks for": 1,
}
"""One is worth five words of a change (`choosing`)."""

TWO_AT_ONCE = 4

CLEAR = 1
"""Up to this doubt, and up to so many words, a change that passes leaves little to be looked for:"""

CLEAR_WORDS = 6

RIVALS_TIMES = 2
RIVALS_MORE = 500
"""after the n-th candidate, candidates up to 2 n + 500 are its rivals. They are tried in the order of how
suspicious the place and how usual the slip is, so what comes much later is much less likely."""


def doubtful() -> list[str]:
    """Kinds of changes after which search goes on as long as it may."""
    return [label for label, words in DOUBT.items() if words > CLEAR]


def doubt(label: str) -> int:
    pair = " and " in label and not label.startswith("and for or")
    return TWO_AT_ONCE if pair else DOUBT.get(label.split(" (")[0], ORDINARY)
