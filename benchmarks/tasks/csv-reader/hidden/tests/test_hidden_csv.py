import csv
import io

from csvreader import read

ROWS = [
    ["", "a"], ['"', '""'], ["a\r\nb", ","], ["x\ny", 'q"q'], ["plain", " spaced "],
    ['",\n"', "\n"],
]


def test_what_the_standard_library_writes():
    out = io.StringIO()
    csv.writer(out).writerows(ROWS)
    assert read(out.getvalue()) == ROWS


def test_all_quoted():
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, delimiter=";").writerows(ROWS)
    assert read(out.getvalue(), ";") == ROWS
