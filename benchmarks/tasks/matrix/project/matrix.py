"""Small exact matrices as tuples of rows."""

from fractions import Fraction


def matrix(rows):
    """Rows of numbers as exact fractions. Raises ValueError when they differ in length."""
    made = tuple(tuple(Fraction(each) for each in row) for row in rows)
    if not made or len({len(row) for row in made}) != 1 or not made[0]:
        raise ValueError("rows of one length are needed")
    return made


def transpose(m):
    return tuple(zip(*m))


def multiply(a, b):
    if len(a[0]) != len(b):
        raise ValueError("the sizes do not fit")
    columns = transpose(b)
    return tuple(tuple(sum(x * y for x, y in zip(row, col)) for col in columns) for row in a)


def minor(m, row, column):
    return tuple(r[:column] + r[column + 1 :] for n, r in enumerate(m) if n != row)


def determinant(m):
    """By cofactors along the first row. Raises ValueError unless square."""
    if len(m) != len(m[0]):
        raise ValueError("not square")
    if len(m) == 1:
        return m[0][0]
    return sum(
        (-1) * column * value * determinant(minor(m, 0, column))
        for column, value in enumerate(m[0])
    )


def inverse(m):
    """Raises ZeroDivisionError when there is none."""
    size, whole = len(m), determinant(m)
    if size == 1:
        return ((1 / m[0][0],),)
    cofactors = tuple(
        tuple((-1) ** (r + c) * determinant(minor(m, r, c)) for c in range(size))
        for r in range(size)
    )
    return tuple(tuple(each / whole for each in row) for row in transpose(cofactors))
