"""The journal as text: what has happened, and what happens."""

import json
import sys
from datetime import UTC, datetime

from swarm.cli.documents import Json
from swarm.cli.lines import line
from swarm.cli.orders import nap
from swarm.cli.session import Session, open_session
from swarm.cli.watching import News, Watch, find_goal
from swarm.domain.errors import Rejected
from swarm.domain.names import GoalId


def print_log(name: str | None, *, follow: bool, as_json: bool) -> None:
    """With `follow` and JSON: one document for each event, on a line of its own."""
    session = open_session(as_json=as_json)
    watch = Watch(session.places)
    told = list(watch.news())
    goal_id = find_goal(watch.goals, name).goal.goal_id if name else None
    chosen = [news for news in told if _is_about(news, goal_id)]
    if as_json and not follow:
        session.show("", {"events": [_document(news) for news in chosen]})
        return
    if not told and not follow:
        raise Rejected("nothing has been run here yet", advice='try: swarm run "..."')
    for news in chosen:
        _print(session, news, several=goal_id is None)
    while follow:
        for news in watch.news():
            if _is_about(news, goal_id):
                _print(session, news, several=goal_id is None)
        nap()


def _is_about(news: News, goal_id: GoalId | None) -> bool:
    return goal_id is None or news.event.goal_id == goal_id


def _print(session: Session, news: News, *, several: bool) -> None:
    if session.as_json:
        sys.stdout.write(json.dumps(_document(news)) + "\n")
        sys.stdout.flush()
        return
    said = line(news.event, news.state)
    if said is not None:
        at = datetime.fromtimestamp(news.event.at / 1000, UTC).astimezone()
        name = f"{news.event.goal_id or '':<9} " if several else ""
        session.say(f"{at:%m-%d %H:%M:%S} {name}{said.text}", said.style)


def _document(news: News) -> Json:
    document: Json = news.event.model_dump(mode="json")
    return document
