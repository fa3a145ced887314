"""Attacks by way of the network, and of sockets of the host."""

from swarm.sandbox.attacks import on_network
from swarm.sandbox.attacks.definition import Attack, Control, NoControl, Way
from swarm.sandbox.attacks.walls import NO_WALL

_WAY = Control(
    "outside", on_network.has_way_to, ("1.1.1.1",), unless="this machine may have no network"
)
"""Nothing is sent for a control; that there is a way is all that is shown."""

_SOCKETS = (
    "/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/dbus/system_bus_socket",
    "/run/systemd/private",
    "/tmp/.X11-unix/X0",  # noqa: S108
)


def _connect(what: str, host: str, port: str) -> Way:
    return Way(f"connect to {what}", on_network.connect, (host, port), _WAY)


def _path(path: str, name: str = "") -> Way:
    control = NoControl("it would talk to a service of this machine")
    return Way(f"connect to {name or path}", on_network.connect_path, (path,), control, needs=path)


OUTSIDE = Attack(
    13,
    "reach the network outside",
    "Whatever was read leaves; at a cloud's metadata address the machine's own credentials answer.",
    (
        _connect("an address on the internet", "1.1.1.1", "443"),
        _connect("the cloud's metadata", "169.254.169.254", "80"),
        _connect("the cloud's metadata by IPv6", "fd00:ec2::254", "80"),
        _connect("an address on the internet by IPv6", "2606:4700::1111", "443"),
        _connect("a private address", "10.0.0.1", "22"),
        Way("send a datagram", on_network.send_datagram, ("8.8.8.8", "53"), _WAY),
        Way("ask for a name", on_network.resolve, ("example.com",), _WAY),
        Way("send a ping", on_network.ping, (), _WAY),
    ),
    NO_WALL,
)

LOCAL = Attack(
    14,
    "reach services of this machine",
    "The user's databases, the Docker daemon (which is root), the key agent, the desktop.",
    (
        Way(
            "a port of the loopback",
            on_network.connect,
            ("127.0.0.1", "{port}"),
            Control("outside"),
        ),
        Way(
            "a socket with an abstract name",
            on_network.connect_abstract,
            ("{abstract}",),
            Control("outside"),
        ),
        Way(
            "a socket with a path",
            on_network.connect_path,
            ("{socket}",),
            Control("outside"),
        ),
        *map(_path, _SOCKETS),
        _path("{agent}", "the agent of SSH keys"),
        _path("{bus}", "the desktop's bus"),
    ),
    NO_WALL,
)

KINDS = Attack(
    15,
    "open other kinds of sockets",
    "Packets written by hand, the hypervisor's own channel, and parts of the kernel that had holes.",
    (
        Way("raw packets", on_network.open_socket, ("17", "3"), Control("bare")),
        Way("raw ICMP", on_network.open_socket, ("2", "3", "1"), Control("bare")),
        Way(
            "the hypervisor's channel",
            on_network.open_socket,
            ("40", "1"),
            Control("outside", unless="this kernel may have none"),
        ),
        Way(
            "the kernel's cryptography",
            on_network.open_socket,
            ("38", "5"),
            Control("outside", unless="this kernel may have none"),
        ),
        Way("give a device an address", on_network.add_address, (), Control("bare")),
    ),
    NO_WALL,
)

ALL = (OUTSIDE, LOCAL, KINDS)
