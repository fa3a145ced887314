"""The market as one page of HTML that needs no network: drawings are inline SVG, without any script.

Names come from agents and files, so everything that is shown is escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

_WIDE, _HIGH, _EDGE = 560, 320, 48
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;font-size:14px;display:block;overflow-x:auto}
td,th{padding:.2rem .8rem .2rem 0;text-align:left;white-space:nowrap}
th{color:#555;font-weight:600;border-bottom:1px solid #bbb}svg{max-width:100%;height:auto}svg text{font-size:11px;fill:#333}
.a{stroke:#999;stroke-width:1}.d{fill:#1f6f8b}.l{stroke:#1f6f8b;stroke-width:2;fill:none}.g{stroke:#bbb;
stroke-dasharray:4 4}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th{color:#aaa}svg text{fill:#ccc}
.d{fill:#5db7d6}.l{stroke:#5db7d6}}
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
    right = 1.0 if drawing.diagonal else max(point.x for point in drawing.points) * 1.08 or 1.0
    top = 1.0 if drawing.diagonal else max(point.y for point in drawing.points) * 1.08 or 1.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = _EDGE + x / right * (_WIDE - 2 * _EDGE)
        return round(across, 1), round(_HIGH - _EDGE - y / top * (_HIGH - 2 * _EDGE), 1)

    shapes = [_axes(drawing, right, top)]
    if drawing.diagonal:
        (a, b), (c, d) = place(0, 0), place(1, 1)
        shapes.append(f'<line class="g" x1="{a}" y1="{b}" x2="{c}" y2="{d}"/>')
    if drawing.joined:
        path = " ".join(f"{x},{y}" for x, y in (place(p.x, p.y) for p in drawing.points))
        shapes.append(f'<polyline class="l" points="{path}"/>')
    named: list[_Label] = []
    for point in drawing.points:
        x, y = place(point.x, point.y)
        if point.low is not None and point.high is not None:
            (_, low), (_, high) = place(point.x, point.low), place(point.x, point.high)
            shapes.append(f'<line class="a" x1="{x}" y1="{low}" x2="{x}" y2="{high}"/>')
        shapes.append(f'<circle class="d" cx="{x}" cy="{y}" r="3.5"/>')
        if point.name:
            named.append(_free(x, y, point.name[:40], named))
            shapes.append(named[-1].shape)
    return f'{head}<svg viewBox="0 0 {_WIDE} {_HIGH}" width="{_WIDE}">{"".join(shapes)}</svg>'


_LETTER, _LINE = 6.0, 12.0
"""Width of a letter, about, and height of a line."""


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


def _axes(drawing: Drawing, right: float, top: float) -> str:
    bottom, end = _HIGH - _EDGE, _WIDE - _EDGE
    return (
        f'<line class="a" x1="{_EDGE}" y1="{bottom}" x2="{end}" y2="{bottom}"/>'
        f'<line class="a" x1="{_EDGE}" y1="{bottom}" x2="{_EDGE}" y2="{_EDGE}"/>'
        f'<text x="{_EDGE}" y="{bottom + 30}">{escape(drawing.across)}, up to {right:.3g}</text>'
        f'<text x="{_EDGE}" y="{_EDGE - 12}">{escape(drawing.upward)}, up to {top:.3g}</text>'
    )
