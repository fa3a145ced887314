"""What we need of GitHub's answers. Fields that we do not know are passed over; of those that we do
know, nothing is believed to be there that GitHub may leave out.
"""

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, ValidationError, field_validator

from swarm.domain.errors import Transient


class Read(BaseModel, frozen=True, extra="ignore"):
    pass


Seen = TypeVar("Seen", bound=Read)


def read(model: type[Seen], data: object) -> Seen:
    """Raises Transient for an answer that is none: a proxy's page, half an object."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, wrong["loc"]))
        raise Transient(
            f"GitHub's {model.__name__} cannot be read ({where}: {wrong['msg']})"
        ) from error


class Who(Read):
    login: str = "ghost"
    id: int = 0
    type: str = "User"

    @property
    def is_person(self) -> bool:
        return self.type == "User" and not self.login.endswith("[bot]")


NOBODY = Who()


class Parent(Read):
    """What a repository is a fork of."""

    id: int = 0


class Place(Read):
    """A repository."""

    id: int
    full_name: str
    default_branch: str = "main"
    clone_url: str = ""
    private: bool = False
    archived: bool = False
    disabled: bool = False
    html_url: str = ""
    fork: bool = False
    parent: Parent | None = None
    permissions: dict[str, bool] = Field(default_factory=dict)


class SeenIssue(Read):
    id: int
    number: int
    title: str = ""
    body: str | None = ""
    user: Who | None = None
    state: str = "open"
    labels: tuple[str, ...] = ()
    pull_request: dict[str, Any] | None = None
    updated_at: str = ""
    comments: int = 0
    locked: bool = False

    @field_validator("labels", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        """GitHub has labels as words and as objects."""
        items = value if isinstance(value, list | tuple) else ()
        named = (each.get("name") if isinstance(each, dict) else each for each in items)
        return tuple(name for name in named if isinstance(name, str))

    @property
    def text(self) -> str:
        return self.body or ""


class SeenEvent(Read):
    event: str = ""
    actor: Who | None = None
    created_at: str = ""
    label: dict[str, Any] | None = None

    @property
    def label_name(self) -> str:
        return str((self.label or {}).get("name", ""))


class SeenComment(Read):
    id: int
    body: str | None = ""
    user: Who | None = None
    created_at: str = ""
    updated_at: str = ""


class Side(Read):
    label: str = ""
    """`owner:branch`"""

    ref: str = ""
    sha: str = ""


class SeenPull(Read):
    id: int = 0
    node_id: str = ""
    number: int
    title: str = ""
    body: str | None = ""
    state: str = "open"
    draft: bool = False
    merged_at: str | None = None
    merge_commit_sha: str | None = None
    head: Side = Side()
    base: Side = Side()
    user: Who | None = None
    created_at: str = ""


class SeenReview(Read):
    id: int
    state: str = ""
    body: str | None = ""
    user: Who | None = None
    commit_id: str | None = None


class Message(Read):
    message: str = ""


class SeenCommit(Read):
    sha: str = ""
    commit: Message = Message()


class SeenRemark(Read):
    """What a review says at one line."""

    body: str | None = ""
    path: str = ""
    line: int | None = None
    pull_request_review_id: int | None = None


Word = Literal["green", "pending", "red"]


class SeenStatus(Read):
    state: str = ""
    context: str = ""
    description: str | None = ""

    @property
    def word(self) -> Word:
        words: dict[str, Word] = {"success": "green", "pending": "pending"}
        return words.get(self.state, "red")


class Combined(Read):
    state: str = "pending"
    statuses: tuple[SeenStatus, ...] = ()


class Output(Read):
    title: str | None = ""
    summary: str | None = ""
    text: str | None = ""


class App(Read):
    slug: str | None = ""


_RED = frozenset({"failure", "timed_out", "cancelled", "action_required", "startup_failure"})


class SeenCheck(Read):
    id: int = 0
    name: str = ""
    status: str = ""
    conclusion: str | None = None
    output: Output = Output()
    app: App | None = None

    @property
    def word(self) -> Word:
        if self.status != "completed":
            return "pending"
        return "red" if self.conclusion in _RED else "green"
