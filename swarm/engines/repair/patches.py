"""Text edits as changes of files."""

import difflib
import io
import tokenize
from collections.abc import Sequence

from swarm.engines.repair.progress import PlannedEdit, Plausible

_BOM = b"\xef\xbb\xbf"


def patched(data: bytes, edits: Sequence[PlannedEdit]) -> bytes:
    """The file with the edits; every byte outside them stays as it is."""
    bom = _BOM if data.startswith(_BOM) else b""
    codec = codec_of(data)
    text = data[len(bom) :].decode(codec)
    parts, position = [], 0
    for edit in edits:
        parts += [text[position : edit.start], edit.text]
        position = edit.end
    return bom + "".join([*parts, text[position:]]).encode(codec)


def text_of(data: bytes) -> str:
    """Without a byte order mark, by the file's own codec; what is no text in it is replaced."""
    bare = data.removeprefix(_BOM)
    try:
        return bare.decode(codec_of(data), "replace")
    except SyntaxError:  # a declaration of a codec that there is not
        return bare.decode("utf-8", "replace")


def codec_of(data: bytes) -> str:
    """What the file's own declaration says; UTF-8 without one."""
    name = tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    return "utf-8" if name == "utf-8-sig" else name


def difference(data: bytes, plausible: Plausible) -> str:
    """The changed lines, as a reviewer reads them."""
    codec = codec_of(data)
    before = data.decode(codec).splitlines()
    after = patched(data, plausible.edits).decode(codec).splitlines()
    lines = difflib.unified_diff(before, after, plausible.path, plausible.path, n=0, lineterm="")
    return "\n".join(lines)
