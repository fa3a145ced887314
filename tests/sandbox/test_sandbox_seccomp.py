"""The filter's program, run by a small interpreter of what the kernel would do with it."""

import errno
import socket
import struct

import pytest

from swarm.sandbox import kernel, seccomp

ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
OTHER = {"x86_64": 0x40000003, "aarch64": 0x40000028}
"""32 bits."""

NUMBERS = {
    "x86_64": {"clone": 56, "socket": 41, "ioctl": 16, "prlimit64": 302, "mount": 165, "read": 0},
    "aarch64": {
        "clone": 220,
        "socket": 198,
        "ioctl": 29,
        "prlimit64": 261,
        "mount": 40,
        "read": 63,
    },
}
ALLOW, KILL = 0x7FFF0000, 0x80000000
MACHINES = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def decide(
    machine: str,
    number: int,
    *arguments: int,
    architecture: int | None = None,
    shared: bool = False,
    spared: tuple[int, ...] = (),
) -> int:
    """The kernel's answer to a call: seccomp(2), bpf as in linux/filter.h."""
    padded = (*arguments, *(0,) * (6 - len(arguments)))
    given = ARCHITECTURE[machine] if architecture is None else architecture
    data = struct.pack("<IIQ6Q", number, given, 0, *padded)
    program = seccomp.program(machine, shared=shared, spared=spared)
    steps = [struct.unpack_from("HBBI", program, at) for at in range(0, len(program), 8)]
    at = word = 0
    while True:
        code, yes, no, constant = steps[at]
        at += 1
        match code:
            case 0x20:
                (word,) = struct.unpack_from("<I", data, constant)
            case 0x15:
                at += yes if word == constant else no
            case 0x35:
                at += yes if word >= constant else no
            case 0x45:
                at += yes if word & constant else no
            case 0x54:
                word &= constant
            case 0x06:
                return int(constant)
            case _:
                raise AssertionError(code)


def refused(number: int) -> int:
    return 0x00050000 | number


@MACHINES
def test_ordinary_calls_pass(machine: str) -> None:
    for number in (NUMBERS[machine]["read"], 434, 437):  # pidfd_open, openat2
        assert decide(machine, number) == ALLOW


@MACHINES
def test_calls_of_another_convention_are_death(machine: str) -> None:
    assert decide(machine, NUMBERS[machine]["read"], architecture=OTHER[machine]) == KILL


def test_the_x32_convention_does_not_exist() -> None:
    assert decide("x86_64", 0x40000000 | 39) == refused(errno.ENOSYS)


@MACHINES
def test_mounting_is_refused(machine: str) -> None:
    for number in (NUMBERS[machine]["mount"], 428, 429, 430, 442):
        assert decide(machine, number) == refused(errno.EPERM)


@MACHINES
@pytest.mark.parametrize(
    "flag", [1 << bit for bit in range(32) if (1 << bit) & kernel.ALL_NAMESPACES]
)
def test_no_new_namespace_can_be_made(machine: str, flag: int) -> None:
    clone = NUMBERS[machine]["clone"]
    assert decide(machine, clone, flag | 17) == refused(errno.EPERM)
    assert decide(machine, clone, 17) == ALLOW  # fork
    assert decide(machine, clone, 0x3D0F00) == ALLOW  # a thread


@MACHINES
def test_clone3_does_not_exist(machine: str) -> None:
    assert decide(machine, 435) == refused(errno.ENOSYS)


@MACHINES
def test_only_the_usual_kinds_of_socket_can_be_made(machine: str) -> None:
    allowed = {
        family
        for family in range(50)
        if decide(machine, NUMBERS[machine]["socket"], family, 1) == ALLOW
    }
    assert allowed == {socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK}


@MACHINES
def test_nothing_can_be_typed_into_the_terminal(machine: str) -> None:
    ioctl = NUMBERS[machine]["ioctl"]
    assert decide(machine, ioctl, 0, 0x5412) == refused(errno.EPERM)
    assert decide(machine, ioctl, 0, 0x5413) == ALLOW
    assert decide(machine, ioctl, 0x5412, 0x5413) == ALLOW


@MACHINES
def test_only_the_own_limits_can_be_changed(machine: str) -> None:
    prlimit = NUMBERS[machine]["prlimit64"]
    assert decide(machine, prlimit, 0, 7) == ALLOW
    assert decide(machine, prlimit, 1, 7) == refused(errno.EPERM)


@MACHINES
def test_where_the_network_is_shared_only_local_streams_are_left(machine: str) -> None:
    call, pair = NUMBERS[machine]["socket"], {"x86_64": 53, "aarch64": 199}[machine]
    assert decide(machine, call, 2, 1, shared=True) == refused(errno.EAFNOSUPPORT)
    for number in (call, pair):
        for kind in (1, 5, 1 | 0x80000):
            assert decide(machine, number, 1, kind, shared=True) == ALLOW
        for kind in (2, 3, 2 | 0x80000):
            assert decide(machine, number, 1, kind, shared=True) == refused(errno.EPROTONOSUPPORT)


@MACHINES
def test_no_named_socket_can_be_met_where_files_are_shared(machine: str) -> None:
    connect = {"x86_64": 42, "aarch64": 203}[machine]
    assert decide(machine, connect, 3, 0, 110, shared=True) == refused(errno.EPERM)
    assert decide(machine, connect, 3, 0, 110) == ALLOW


@MACHINES
@pytest.mark.parametrize("target", [77, -77, -1])
def test_who_is_spared_cannot_be_signalled_nor_everybody(machine: str, target: int) -> None:
    kill = {"x86_64": 62, "aarch64": 129}[machine]
    assert decide(machine, kill, target & (1 << 64) - 1, 9, spared=(77,)) == refused(errno.EPERM)
    assert decide(machine, kill, 78, 9, spared=(77,)) == ALLOW
    assert decide(machine, kill, 0, 9, spared=(77,)) == ALLOW


@MACHINES
def test_the_kernel_takes_a_program_of_this_length(machine: str) -> None:
    assert len(seccomp.program(machine, shared=True, spared=(1, 2, 3))) // 8 < 4096
