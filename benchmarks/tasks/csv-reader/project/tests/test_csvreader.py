import pytest

from csvreader import BadCsv, read, read_records


def test_plain_rows():
    assert read("a,b\nc,d\n") == [["a", "b"], ["c", "d"]]


def test_line_ends():
    assert read("a\r\nb\rc") == [["a"], ["b"], ["c"]]


def test_empty_fields_and_lines():
    assert read(",\n\n\"\"\n") == [["", ""], [""]]


def test_quoted_delimiter():
    assert read('"a,b",c') == [["a,b", "c"]]


def test_quoted_line_break():
    assert read('"a\nb",c\nd,e') == [["a\nb", "c"], ["d", "e"]]


def test_doubled_quotes():
    assert read('"say ""hi""",x') == [['say "hi"', "x"]]


@pytest.mark.parametrize("text", ['"a', 'a"b'])
def test_bad_quotes(text):
    with pytest.raises(BadCsv):
        read(text)


def test_records():
    assert read_records("n;m\n1;2\n", delimiter=";") == [{"n": "1", "m": "2"}]
    with pytest.raises(BadCsv, match="row 3"):
        read_records("n,m\n1,2\n3\n")
