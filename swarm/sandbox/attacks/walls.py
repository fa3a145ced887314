"""What several attacks are expected to meet in the modes with fewer walls."""

from swarm.sandbox.attacks.definition import Expectations, Expected

NO_WALL: Expectations = {
    "unsafe-worktree": Expected("allowed", "it runs as the user, without any wall")
}

LISTED: Expectations = {
    **NO_WALL,
    "landlock": Expected("allowed", "processes are listed with their commands, and no more"),
    "shared-proc": Expected("allowed", "processes are listed with their commands, and no more"),
}


def allowed_without_walls(why: str) -> Expectations:
    return {"unsafe-worktree": Expected("allowed", why)}
