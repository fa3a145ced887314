from roman import from_roman, to_roman


def test_every_number_reads_back():
    assert all(from_roman(to_roman(n)) == n for n in range(1, 4000))


def test_largest():
    assert to_roman(3999) == "MMMCMXCIX"
    assert to_roman(1000) == "M"
