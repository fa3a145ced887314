"""What the coordinator's process is given of its user's environment."""

from swarm.actors.doorstep import passed_on

DESKTOP = {
    "DBUS_SESSION_BUS_ADDRESS": "unix:path=/run/user/1000/bus",
    "DISPLAY": ":0",
    "XDG_RUNTIME_DIR": "/run/user/1000",
}


def test_the_desktop_can_be_told_and_secrets_stay_behind() -> None:
    secrets = {"ANTHROPIC_API_KEY": "x", "GITHUB_TOKEN": "x", "XAUTHORITY": "x"}
    assert passed_on({**DESKTOP, **secrets, "SWARM_HOME": "/s"}) == {**DESKTOP, "SWARM_HOME": "/s"}
