import io
from pathlib import Path

from rich.console import Console

from swarm.actors.public_api import Places
from swarm.cli.screens import open_screen
from swarm.cli.session import Session
from swarm.cli.watching import Watch
from swarm.journal.public_api import open_journal
from swarm.settings.public_api import load_settings
from swarm.testing.events import BEGIN, GOAL, a_finished_goal, a_running_goal
from tests.cli.cli_examples import a_home, swarm


def a_session(home: Path, *, terminal: bool, as_json: bool = False) -> tuple[Session, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()

    def console(file: io.StringIO) -> Console:
        return Console(
            file=file, force_terminal=terminal, width=100, markup=False, color_system=None
        )

    settings = load_settings({"home": str(home)}, {}, config_folder=home)
    session = Session(
        settings, Places(home), console(out), console(err), as_json, lambda: BEGIN + 60_000
    )
    return session, err if as_json else out


def followed(home: Path, session: Session) -> None:
    watch = Watch(session.places)
    with open_screen(session, several=False) as screen:
        for news in watch.news():
            screen.tell(news)
        screen.draw(watch, (GOAL,))
    watch.close()


def test_a_terminal_is_redrawn_with_tasks_and_last_events(tmp_path: Path) -> None:
    session, out = a_session(a_home(tmp_path, a_running_goal()), terminal=True)
    followed(tmp_path, session)
    assert "writer-mutation step 2" in out.getvalue()
    assert "tried 120 mutations" in out.getvalue()
    assert "t2 announced" not in out.getvalue()


def test_without_a_terminal_every_event_that_matters_is_a_line(tmp_path: Path) -> None:
    session, out = a_session(a_home(tmp_path, a_finished_goal()), terminal=False)
    followed(tmp_path, session)
    lines = out.getvalue().splitlines()
    assert lines[1] == "00:00 goal g-000001: Make the failing tests pass"
    assert lines[-1] == "00:43 done: pull request #1 is open"
    assert "\x1b" not in out.getvalue()


def test_with_json_the_lines_go_to_standard_error(tmp_path: Path) -> None:
    session, err = a_session(a_home(tmp_path, a_finished_goal()), terminal=True, as_json=True)
    followed(tmp_path, session)
    assert "t2 accepted" in err.getvalue()
    assert isinstance(session.out.file, io.StringIO)
    assert session.out.file.getvalue() == ""


def test_a_second_coordinator_is_refused(tmp_path: Path) -> None:
    journal = open_journal(Places(a_home(tmp_path)).journal)
    called = swarm(tmp_path, "serve", "--runtime", "inline")
    journal.close()
    assert called.code == 2
    assert "a coordinator works in this state folder already" in called.err
