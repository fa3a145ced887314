"""Texts made harmless for a terminal, and amounts as people read them.

A terminal obeys what it is shown: escape sequences move the cursor, set the clipboard, turn text
around. Whatever comes from a repository, an agent or a model therefore passes through `legible`, and
is handed to rich as `Text`, which reads no markup.
"""

from collections.abc import Iterable

from rich.text import Text

from swarm.domain.goals import GoalStatus
from swarm.domain.lines import in_a_line
from swarm.domain.money import dollars
from swarm.domain.names import AttemptId, TaskId
from swarm.forge.public_api import visible

LINE = 200
"""Characters of a foreign text on one line of ours."""

STYLES: dict[str, str] = {
    GoalStatus.QUEUED: "cyan",
    GoalStatus.PLANNING: "cyan",
    GoalStatus.RUNNING: "cyan",
    GoalStatus.PAUSED: "yellow",
    GoalStatus.WAITING: "yellow",
    GoalStatus.DONE: "green",
    GoalStatus.FAILED: "red",
    GoalStatus.BLOCKED: "yellow",
    GoalStatus.CANCELLED: "dim",
}


def legible(text: str, most: int = LINE) -> str:
    """One line that only says something; unseen characters are shown by their number."""
    return in_a_line(visible(text), most)


def paragraph(text: str) -> str:
    """The same, with its line breaks."""
    return "\n".join(visible(line).replace("\r", "") for line in text.splitlines())


def cell(text: object, style: str = "", most: int = LINE) -> Text:
    return Text(legible(str(text), most), style=style)


def lines(texts: Iterable[str], style: str = "", most: int = LINE) -> Text:
    return Text("\n").join(cell(text, style, most) for text in texts)


def short(name: TaskId | AttemptId) -> str:
    """`t2.a1` of `g-7k2m9x.t2.a1`: within one goal that is enough."""
    return name.split(".", 1)[-1]


def lasted(milliseconds: int) -> str:
    """`0.4 s`, `38 s`, `2 min 05 s`, `3 h 10 min`."""
    seconds = max(milliseconds, 0) // 1000
    if seconds < 10:
        return f"{max(milliseconds, 0) // 100 / 10:.1f} s"
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours < 48 else f"{hours // 24} days"


def clock(milliseconds: int) -> str:
    """`03:07` since the goal was submitted."""
    minutes, seconds = divmod(max(milliseconds, 0) // 1000, 60)
    return f"{minutes:02d}:{seconds:02d}"


def money(amount: int) -> str:
    """Dollars as far as they matter: `$2.33`, `$0.00017`."""
    figures = len(str(abs(amount)))
    return dollars(round(amount, 2 - figures if figures <= 6 else -4))


def percent(ppm: int) -> str:
    return f"{ppm // 10_000} %"


def count(number: int, one: str, many: str = "") -> str:
    """`1 task`, `2 tasks`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def size(octets: int) -> str:
    """`512 B`, `4.2 MB`."""
    amount = float(octets)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
