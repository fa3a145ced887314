"""The market as one page of HTML that needs no network: drawings are inline SVG, without any script.

Names come from agents and files, so everything that is shown is escaped.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

_WIDE, _HIGH, _EDGE = 760, 400, 56
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;font-size:14px;display:block;overflow-x:auto}
td,th{padding:.2rem 1.2rem .2rem 0;text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
td:first-child,th:first-child{text-align:left}
th{color:#555;font-weight:600;border-bottom:1px solid #bbb}svg{max-width:100%;height:auto}svg text{font-size:11px;fill:#333}
.a{stroke:#999;stroke-width:1}.t{stroke:#eee}.d{fill:#1f6f8b}.l{stroke:#1f6f8b;stroke-width:2;fill:none}.g{stroke:#bbb;
stroke-dasharray:4 4}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th{color:#aaa}svg text{fill:#ccc}
.t{stroke:#2b2b2b}.g{stroke:#555}.a{stroke:#777}.d{fill:#5db7d6}.l{stroke:#5db7d6}}
"""


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    y: float
    name: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Drawing:
    title: str
    said: str
    across: str
    upward: str
    points: tuple[Point, ...]
    diagonal: bool = False
    joined: bool = False


def page_of(title: str, parts: Iterable[str]) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(title)}</h1>{''.join(parts)}</html>\n"
    )


def table_of(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(each))}</td>' for each in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def drawn(drawing: Drawing) -> str:
    head = f"<h2>{escape(drawing.title)}</h2><p>{escape(drawing.said)}</p>"
    if not drawing.points:
        return f"{head}<p>Nothing to draw yet.</p>"
    frame = _frame(drawing)
    shapes = [*_axes(drawing, frame)]
    if drawing.diagonal:
        shapes.append(_line("g", *frame.place(0, 0), *frame.place(1, 1)))
    if drawing.joined:
        path = " ".join(f"{x},{y}" for x, y in (frame.place(p.x, p.y) for p in drawing.points))
        shapes.append(f'<polyline class="l" points="{path}"/>')
    shapes += _dots(drawing.points, frame)
    return f'{head}<svg viewBox="0 0 {_WIDE} {_HIGH}" width="{_WIDE}">{"".join(shapes)}</svg>'


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where on the page a point of the drawing stands."""

    right: float
    low: float
    high: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        across = _EDGE + x / self.right * (_WIDE - 2 * _EDGE)
        up = (y - self.low) / (self.high - self.low) * (_HIGH - 2 * _EDGE)
        return round(across, 1), round(_HIGH - _EDGE - up, 1)


def _frame(drawing: Drawing) -> _Frame:
    """From zero, but upward from where the points begin, if they all lie in the upper half."""
    if drawing.diagonal:
        return _Frame(1.0, 0.0, 1.0)
    heights = [point.y for point in drawing.points]
    top = max(heights) * 1.04 or 1.0
    low = min(heights) if 2 * min(heights) > max(heights) and not drawing.joined else 0.0
    step = _step(top - low)
    below = max(math.ceil(low / step) - 1, 0) * step
    right = max(point.x for point in drawing.points) * 1.08 or 1.0
    return _Frame(right, below, top)


def _dots(points: Sequence[Point], frame: _Frame) -> Iterator[str]:
    places = [frame.place(point.x, point.y) for point in points]
    taken = [_Label(x - _RADIUS, y + _RADIUS, x, "start", "o") for x, y in places]
    for (x, y), point in zip(places, points, strict=True):
        if point.low is not None and point.high is not None:
            yield _line("a", *frame.place(point.x, point.low), *frame.place(point.x, point.high))
        yield f'<circle class="d" cx="{x}" cy="{y}" r="{_RADIUS}"/>'
        if point.name:
            taken.append(_free(x, y, point.name[:48], taken))
            yield taken[-1].shape


_LETTER, _LINE = 6.0, 12.0
"""Width of a letter, about, and height of a line."""

_RADIUS = 3.5


@dataclass(frozen=True, slots=True)
class _Label:
    left: float
    bottom: float
    side: float
    anchor: str
    name: str

    def covers(self, other: "_Label") -> bool:
        return (
            abs(self.bottom - other.bottom) < _LINE
            and self.left < other.left + len(other.name) * _LETTER
            and other.left < self.left + len(self.name) * _LETTER
        )

    @property
    def shape(self) -> str:
        return (
            f'<text x="{self.side:.1f}" y="{self.bottom:.1f}" text-anchor="{self.anchor}">'
            f"{escape(self.name)}</text>"
        )


def _free(x: float, y: float, name: str, others: Sequence[_Label]) -> _Label:
    """Beside its point, on the side where there is room; below or above where others stand already."""
    right = x < _WIDE / 2
    side = x + 6 if right else x - 6
    left = side if right else side - len(name) * _LETTER
    for line in range(2 * len(others) + 1):
        step = (line + 1) // 2 * (1 if line % 2 else -1)
        label = _Label(left, y - 5 + step * _LINE, side, "start" if right else "end", name)
        if label.bottom > 0 and not any(label.covers(other) for other in others):
            return label
    return _Label(left, y - 5 + len(others) * _LINE, side, "start" if right else "end", name)


def _axes(drawing: Drawing, frame: _Frame) -> Iterator[str]:
    """Lines to read off by, the axes over them, and what is told along each."""
    bottom, end = _HIGH - _EDGE, _WIDE - _EDGE
    for value, said in _ticks(frame.low, frame.high):
        _, y = frame.place(0, value)
        yield _line("t", _EDGE, y, end, y)
        yield f'<text x="{_EDGE - 6}" y="{y + 4}" text-anchor="end">{said}</text>'
    for value, said in _ticks(0.0, frame.right):
        x, _ = frame.place(value, frame.low)
        yield _line("t", x, bottom, x, _EDGE)
        yield f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{said}</text>'
    yield _line("a", _EDGE, bottom, end, bottom)
    yield _line("a", _EDGE, bottom, _EDGE, _EDGE)
    yield f'<text x="{end}" y="{bottom + 34}" text-anchor="end">{escape(drawing.across)}</text>'
    yield f'<text x="{_EDGE}" y="{_EDGE - 14}">{escape(drawing.upward)}</text>'


def _ticks(low: float, high: float) -> Iterator[tuple[float, str]]:
    """Round numbers from one to the other, and how they are written."""
    step = _step(high - low)
    digits = max(0, -math.floor(math.log10(step)))
    for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1):
        yield number * step, f"{number * step:.{digits}f}"


def _step(span: float) -> float:
    """One, two or five times a power of ten, so that three to seven of them fit."""
    power = float(10 ** math.floor(math.log10(span / 3)))
    return max(times * power for times in (1, 2, 5) if times * power <= span / 3)


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'
