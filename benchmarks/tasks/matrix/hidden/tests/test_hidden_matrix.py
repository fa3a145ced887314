from matrix import determinant, inverse, matrix, multiply


def test_four_by_four():
    m = matrix([[1, 2, 3, 4], [2, 3, 1, 2], [1, 1, 1, -1], [1, 0, -2, -6]])
    assert determinant(m) == -1


def test_rows_swapped_change_the_sign():
    a, b, c = [1, 2, 3], [0, 4, 5], [1, 0, 6]
    assert determinant(matrix([a, b, c])) == -determinant(matrix([b, a, c])) == 22


def test_inverse_of_three_by_three():
    m = matrix([[2, 0, 1], [1, 3, 2], [1, 1, 4]])
    assert multiply(inverse(m), m) == matrix([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
