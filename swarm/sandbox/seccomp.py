"""The system calls that nothing inside a sandbox may make, as a program for the kernel's filter.

A list of what is refused, not of what is allowed: anybody's build and tests have to run. Refused is
what makes or changes namespaces and mounts, what reaches the kernel itself, and what has a record of
holes (io_uring, userfaultfd, bpf, keys). Refused calls fail as they would for lack of permission;
`clone3`, whose flags a filter cannot read, fails as if this kernel did not have it, so that the C
library falls back to `clone`, whose flags it can. A call by a foreign calling convention (32 bits)
ends the process, because there the numbers mean other things.

Without namespaces of its own a sandbox shares network, memory segments and processes with the host.
Then also refused is: every socket but local streams, every connection (a socket with a name in the
file system is met wherever it is, which no rule about files sees; socket pairs go on working), shared
memory and queues of System V, and signals to those who must outlive the sandbox's commands.

Standard library only: this runs in an interpreter that was started with `-I -S`.
"""

import errno
import functools
import socket
import struct

from swarm.sandbox import kernel

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_* of linux/audit.h."""

_X32_BIT = 0x40000000
_CLONE3 = 435

# Number on x86_64, number on aarch64 (None: does not exist there). From asm/unistd_64.h and
# asm-generic/unistd.h.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "migrate_pages": (256, 238),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pivot_root": (155, 41),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "sysfs": (139, None),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "uselib": (134, None),
    "userfaultfd": (323, 282),
    "ustat": (136, None),
    "vhangup": (153, 58),
}
_CLONE, _SOCKET, _IOCTL, _PRLIMIT = (56, 220), (41, 198), (16, 29), (302, 261)

_SHARED: dict[str, tuple[int, int]] = {
    "connect": (42, 203),
    "mq_open": (240, 180),
    "mq_unlink": (241, 181),
    "msgctl": (71, 187),
    "msgget": (68, 186),
    "msgrcv": (70, 188),
    "msgsnd": (69, 189),
    "pidfd_send_signal": (424, 424),
    "semctl": (66, 191),
    "semget": (64, 190),
    "semop": (65, 193),
    "semtimedop": (220, 192),
    "shmat": (30, 196),
    "shmctl": (31, 195),
    "shmget": (29, 194),
    "truncate": (76, 45),
}
"""Refused too where these are the host's own. `truncate` is one that old Landlocks do not see; open
files are shortened by another call."""

_SOCKET_PAIR, _FCNTL = (53, 199), (72, 25)
_SIGNALS = ((62, 129), (200, 130), (234, 131), (129, 138), (297, 240))
"""kill, tkill, tgkill, rt_sigqueueinfo, rt_tgsigqueueinfo."""

_OWNERS = (8, 10, 15)
"""F_SETOWN, F_SETSIG and F_SETOWN_EX have the kernel signal somebody else."""

_STREAMS = (socket.SOCK_STREAM, socket.SOCK_SEQPACKET)
"""A datagram can be sent to any name; a packet only to the other end."""

_KIND_BITS = 0xF

_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
_TERMINAL_INJECTIONS = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX type into the terminal that one shares."""

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_KILL, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000
_NUMBER_AT, _ARCHITECTURE_AT, _ARGUMENTS_AT = 0, 4, 16

_Instruction = tuple[int, int, int, int]


@functools.cache
def program(
    machine: str | None = None, *, shared: bool = False, spared: tuple[int, ...] = ()
) -> bytes:
    """The filter for that machine; by default the one that we run on.

    `shared`: network and the like are the host's. `spared`: processes that cannot be signalled,
    nor everybody at once.
    """
    machine = machine or kernel.machine()
    column = list(_ARCHITECTURES).index(machine)
    steps: list[_Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_EQUAL, 1, 0, _ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        *(_refuse_from(_X32_BIT) if machine == "x86_64" else ()),
        *_refuse(_CLONE3, errno.ENOSYS),
        *_refuse_bits(_CLONE[column], 0, kernel.ALL_NAMESPACES),
        *_refuse_values(_IOCTL[column], 1, _TERMINAL_INJECTIONS),
        *_allow_only(
            _SOCKET[column], 0, _FAMILIES[:1] if shared else _FAMILIES, errno.EAFNOSUPPORT
        ),
        # The resource limits of others: process 1 must keep its own.
        *_allow_only(_PRLIMIT[column], 0, (0,), errno.EPERM),
    ]
    if shared:
        steps += _local_streams(_SOCKET[column]) + _local_streams(_SOCKET_PAIR[column])
    if spared:
        steps += _spare(spared, column)
    for numbers in (*_REFUSED.values(), *(_SHARED.values() if shared else ())):
        number = numbers[column]
        if number is not None:
            steps += _refuse(number, errno.EPERM)
    steps.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("HBBI", *step) for step in steps)


def _local_streams(call: int) -> list[_Instruction]:
    kinds = [(_EQUAL, len(_STREAMS) - n, 0, each) for n, each in enumerate(_STREAMS)]
    refusal = (_RETURN, 0, 0, _ERRNO | errno.EPROTONOSUPPORT)
    return _only_for(call, [_argument(1), (_AND, 0, 0, _KIND_BITS), *kinds, refusal])


def _spare(pids: tuple[int, ...], column: int) -> list[_Instruction]:
    """Also their groups; -1 is everybody."""
    names = {each & 0xFFFFFFFF for pid in pids for each in (pid, -pid)} | {0xFFFFFFFF}
    steps = _refuse_values(_FCNTL[column], 1, _OWNERS)
    for numbers in _SIGNALS:
        steps += _refuse_values(numbers[column], 0, tuple(sorted(names)))
    return steps


def _refuse(number: int, with_error: int) -> list[_Instruction]:
    return [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ERRNO | with_error)]


def _refuse_from(number: int) -> list[_Instruction]:
    return [(_AT_LEAST, 0, 1, number), (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]


def _argument(index: int) -> _Instruction:
    return (_LOAD, 0, 0, _ARGUMENTS_AT + 8 * index)


def _only_for(number: int, steps: list[_Instruction]) -> list[_Instruction]:
    """Those steps for that call alone; the number is loaded again after them."""
    return [(_EQUAL, 0, len(steps) + 1, number), *steps, (_LOAD, 0, 0, _NUMBER_AT)]


def _refuse_bits(number: int, index: int, bits: int) -> list[_Instruction]:
    refusal = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
    return _only_for(number, [_argument(index), (_ANY_BIT, 0, 1, bits), refusal])


def _refuse_values(number: int, index: int, values: tuple[int, ...]) -> list[_Instruction]:
    steps = [_argument(index)]
    for value in values:
        steps += _refuse(value, errno.EPERM)
    return _only_for(number, steps)


def _allow_only(
    number: int, index: int, values: tuple[int, ...], with_error: int
) -> list[_Instruction]:
    steps = [_argument(index)]
    for position, value in enumerate(values):
        steps.append((_EQUAL, len(values) - position, 0, value))
    steps.append((_RETURN, 0, 0, _ERRNO | with_error))
    return _only_for(number, steps)
