"""Round minutes to billing steps and cents to cents. Whole numbers only."""


def round_minutes(minutes, step, mode="nearest"):
    """Round to a multiple of `step`; halves go up. Modes: nearest, up, down."""
    if step <= 0:
        raise ValueError("the step must be positive")
    whole, rest = divmod(minutes, step)
    if mode == "up":
        return (whole + (rest > 0)) * step
    if mode == "down":
        return whole * step
    if mode == "nearest":
        return (whole + (2 * rest >= step)) * step
    raise ValueError(f"unknown mode: {mode!r}")


def divide_half_up(amount, divisor):
    """The quotient rounded to a whole number, halves away from zero."""
    sign = -1 if (amount < 0) != (divisor < 0) else 1
    return sign * ((2 * abs(amount) + abs(divisor)) // (2 * abs(divisor)))


def percent_of(cents, percent):
    """A percentage of an amount in cents; `percent` may have two decimals."""
    return divide_half_up(cents * round(percent * 100), 10_000)


def split_cents(total, weights):
    """Split an amount by weights so that the parts add up to it exactly.

    Cents that are left over go to the largest remainders, the earlier part first.
    """
    weight = sum(weights)
    if weight <= 0:
        raise ValueError("the weights must add up to something")
    parts = [total * each // weight for each in weights]
    remainders = [total * each % weight for each in weights]
    order = sorted(range(len(weights)), key=lambda n: (-remainders[n], n))
    for n in order[: total - sum(parts)]:
        parts[n] += 1
    return parts


def format_cents(cents, currency="EUR"):
    """`EUR 1,234.50`; a minus sign stands before the digits."""
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{currency} {sign}{whole:,}.{rest:02d}"
