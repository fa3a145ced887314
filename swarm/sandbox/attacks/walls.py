"""What several attacks are expected to meet in the modes with fewer walls."""

from swarm.sandbox.attacks.definition import Expectations, Expected

NO_WALL: Expectations = {
    "unsafe-worktree": Expected("allowed", "it runs as the user, without any wall")
}


def allowed_without_walls(why: str) -> Expectations:
    return {"unsafe-worktree": Expected("allowed", why)}
