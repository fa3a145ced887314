"""Comma-separated values as in RFC 4180."""


class BadCsv(ValueError):
    pass


def read(text, delimiter=","):
    """Rows of fields. A quoted field may hold delimiters, line breaks and doubled quotes."""
    rows, row, field = [], [], ""
    quoted = started = False
    place = 0
    while place < len(text):
        sign = text[place]
        if quoted:
            if sign == '"':
                quoted = False
            elif sign not in "\r\n":
                field += sign
        elif sign == '"':
            if field:
                raise BadCsv(f"a quote within a field at {place}")
            quoted = started = True
        elif sign == delimiter:
            row.append(field)
            field, started = "", True
        elif sign in "\r\n":
            if sign == "\r" and text[place + 1 : place + 2] == "\n":
                place += 1
            if field or row or started:
                rows.append([*row, field])
            row, field, started = [], "", False
        else:
            field += sign
        place += 1
    if quoted:
        raise BadCsv("a quote is not closed")
    if field or row or started:
        rows.append([*row, field])
    return rows


def read_records(text, delimiter=","):
    """Rows as dictionaries by the names in the first one."""
    header, *rows = read(text, delimiter) or [[]]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise BadCsv(f"row {number} has {len(row)} fields, not {len(header)}")
    return [dict(zip(header, row)) for row in rows]
