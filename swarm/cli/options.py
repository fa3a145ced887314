"""Options and arguments that several commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

EVERYDAY, MORE, INSIDE = "Everyday", "More", "Looking inside"

Runtime = Literal["ray", "inline"]


def complete_goal(incomplete: str) -> list[str]:
    """Ids of goals, for the shell's completion."""
    from swarm.cli.looking import goal_ids

    return [name for name in goal_ids() if name.startswith(incomplete)]


GoalName = Annotated[
    str,
    typer.Argument(
        metavar="GOAL", help="Id of a goal, or the beginning of one.", autocompletion=complete_goal
    ),
]
SomeGoal = Annotated[
    str | None,
    typer.Argument(
        metavar="[GOAL]",
        help="Id of a goal, or the beginning of one.",
        autocompletion=complete_goal,
        show_default=False,
    ),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON document on standard output, the rest on error.")
]
Repo = Annotated[Path, typer.Option("--repo", metavar="PATH", help="The repository to work for.")]
TestCommand = Annotated[
    str | None,
    typer.Option(
        "--test", metavar="CMD", help="The test command, where it is not found by itself."
    ),
]
Python = Annotated[
    Path | None,
    typer.Option("--python", metavar="PATH", help="The interpreter that the tests run with."),
]
RuntimeOption = Annotated[Runtime, typer.Option(help="Ray actors, or everything in one process.")]
Address = Annotated[
    str | None, typer.Option(metavar="ADDR", help="Join this Ray cluster instead of starting one.")
]
UnsafeWorktree = Annotated[
    bool,
    typer.Option(
        "--unsafe-worktree",
        help="Where this machine has no sandbox: run agents' changes without one.",
    ),
]
Untrusted = Annotated[
    bool,
    typer.Option(
        "--untrusted",
        help="The goal or the repository is others' work: no weak sandbox while nobody watches.",
    ),
]
StepNumber = Annotated[
    int, typer.Argument(metavar="STEP", help="Number of a step of the goal.", min=1)
]
Number = Annotated[int, typer.Argument(metavar="N", help="Number of a pull request.", min=1)]
Rule = Annotated[
    str, typer.Option(metavar="RULE", help="Who tries what: market, or single:AGENT...")
]
EngineOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Who bids too: a model (claude, openai: key from ANTHROPIC_API_KEY, OPENAI_API_KEY), or"
        " your own agent with its login (claude-code, codex, opencode, gemini, acp:COMMAND).",
    ),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", metavar="NAME", help="Which model the engine asks.")
]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", metavar="URL", help="Where it is asked, e.g. a model of your own."),
]

GITHUB_API = "https://api.github.com"
ForgeUrl = Annotated[
    str, typer.Option("--forge-url", metavar="URL", help="The forge's interface, if not GitHub's.")
]
Checkout = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Your clone, with its environment; else swarm makes one."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print every write to the forge, and make none.")
]

Text = Annotated[str, typer.Argument(metavar="TEXT", help="What is wanted.", show_default=False)]
FixFailing = Annotated[bool, typer.Option("--fix-failing", help="Make every failing test pass.")]
Value = Annotated[
    str | None, typer.Option(metavar="USD", help="What a merged result is worth to you.")
]
Budget = Annotated[str | None, typer.Option(metavar="USD", help="What may be spent at most.")]
Minutes = Annotated[
    int | None, typer.Option(metavar="N", help="How long it may take at most.", min=1)
]
Writers = Annotated[
    int | None, typer.Option(metavar="N", help="So many work at the same time.", min=1)
]
Build = Annotated[
    bool | None,
    typer.Option(
        "--build/--no-build",
        help="Build what the tests need and nothing here has; by default you are asked.",
        show_default=False,
    ),
]
Grants = Annotated[
    list[str] | None,
    typer.Option(
        "--grant", metavar="PATH", help="Let it change this protected place; again for more."
    ),
]
Estimate = Annotated[
    bool, typer.Option("--estimate", help="Say what it would cost; change nothing.")
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Come back as soon as the goal is taken up.")
]
IssueName = Annotated[
    str | None,
    typer.Option(metavar="OWNER/REPO#N", help="An approved issue says what is wanted."),
]
