import pytest

from matrix import determinant, inverse, matrix, multiply, transpose

IDENTITY = matrix([[1, 0], [0, 1]])


def test_transpose():
    assert transpose(matrix([[1, 2, 3], [4, 5, 6]])) == matrix([[1, 4], [2, 5], [3, 6]])


def test_multiply():
    assert multiply(matrix([[1, 2], [3, 4]]), matrix([[0, 1], [1, 0]])) == matrix([[2, 1], [4, 3]])


def test_sizes_must_fit():
    with pytest.raises(ValueError):
        multiply(matrix([[1, 2]]), matrix([[1, 2]]))


def test_determinant():
    assert determinant(matrix([[5]])) == 5
    assert determinant(matrix([[1, 2], [3, 4]])) == -2
    assert determinant(matrix([[2, 0, 1], [1, 3, 2], [1, 1, 4]])) == 18


def test_inverse():
    m = matrix([[2, 1], [7, 4]])
    assert multiply(m, inverse(m)) == IDENTITY


def test_no_inverse():
    with pytest.raises(ZeroDivisionError):
        inverse(matrix([[1, 2], [2, 4]]))
