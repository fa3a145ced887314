"""Roman numerals from 1 to 3999."""

SYMBOLS = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
    (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)
VALUES = {symbol: value for value, symbol in SYMBOLS if len(symbol) == 1}


def to_roman(number):
    """The shortest numeral. Raises ValueError outside of 1..3999."""
    if not 1 <= number <= 3999:
        raise ValueError(f"no numeral for {number}")
    numeral = ""
    for value, symbol in SYMBOLS:
        while number > value:
            numeral += symbol
            number -= value
    return numeral


def from_roman(numeral):
    """The number. Raises ValueError unless the numeral is the shortest one."""
    total = 0
    for place, symbol in enumerate(numeral):
        if symbol not in VALUES:
            raise ValueError(f"not a numeral: {numeral!r}")
        value = VALUES[symbol]
        following = VALUES.get(numeral[place + 1 : place + 2], 0)
        total += -value if value < following else value
    if not numeral or to_roman(total) != numeral:
        raise ValueError(f"not a numeral: {numeral!r}")
    return total
