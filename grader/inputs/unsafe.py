"""What in a download is not read, and why: paths that leave their folder, absurd names, links, zip bombs.  Pure."""

import re
import stat
from typing import NamedTuple

from grader.text import REPLACEMENT

MAX_NAME_BYTES = 255  # of one part of a path, as in every usual file system
MAX_PATH_BYTES = 1024
MAX_PARTS = 32
LONG_PATH = 256  # a path counts as another file for every further 256 characters: the budget is one of memory
MAX_FILE_BYTES = 256 * 2**20  # no more is read of a file, whatever its size
BOMB_RATIO = 200  # text compresses 3 to 10 times; what compresses more than this is empty or a bomb
BOMB_BYTES = 2**20

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN_NAME, _SHOWN_PARTS = 80, 6  # characters of a name, parts of a path

STORED, DEFLATED, SPARSE = 0, 8, -1
_ENCRYPTED = 1


class Listed(NamedTuple):
    """An entry as its archive describes it.  None of this need be true.

    Attributes:
        flags: the flag bits of a zip: 1 for encrypted, 0x800 for a name in UTF-8.
        mode: as `st_mode`; 0 where the archive does not give it.
        packed: how many bytes it takes in the archive.
        method: how it is compressed, by the numbers of zip; SPARSE for a sparse file in a tar.
    """

    name: str
    flags: int
    mode: int
    size: int
    packed: int
    method: int

    @property
    def is_folder(self) -> bool:
        return self.name.endswith(("/", "\\")) or stat.S_ISDIR(self.mode)


def unsafe_name(text: str) -> str:
    """Why a path in an archive is refused, "" for most."""
    control = not text or _CONTROL.search(text)
    return leaves(text) or too_long(text) or ("a name with control characters" if control else "")


def leaves(text: str) -> str:
    """Why a path in an archive would lead out of the folder, "" for most."""
    if text.startswith("/") or (len(text) > 1 and text[1] == ":"):
        return "an absolute path: it would leave the folder"
    return "a path with ..: it would leave the folder" if ".." in text.split("/") else ""


def presentable(text: str) -> str:
    """A path that was refused for its length or its characters, made short and harmless: its beginning says whose it is."""
    parts = _CONTROL.sub(REPLACEMENT, text).split("/")
    if len(parts) > _SHOWN_PARTS:
        parts = [*parts[: _SHOWN_PARTS - 2], "…", parts[-1]]
    return "/".join(part if len(part) <= _SHOWN_NAME else f"{part[: _SHOWN_NAME - 13]}…{part[-12:]}" for part in parts)


def too_long(text: str) -> str:
    """Why a path is refused although a file system accepted it."""
    parts = [part.encode("utf-8", "surrogatepass") for part in text.rstrip("/").split("/")]
    size = sum(map(len, parts)) + len(parts) - 1
    if size > MAX_PATH_BYTES or len(parts) > MAX_PARTS or max(map(len, parts)) > MAX_NAME_BYTES:
        return "its path is too long or too deep"
    return ""


def unsafe_entry(entry: Listed) -> str:
    """Why an entry of an archive is refused, "" for most; its name may be safe."""
    if stat.S_ISLNK(entry.mode):
        return "a link: links are not followed"
    if entry.mode and stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "neither a file nor a folder"
    if entry.flags & _ENCRYPTED:
        return "it is encrypted"
    if entry.method == SPARSE:
        return "a sparse file"
    if entry.method not in (STORED, DEFLATED) and not entry.is_folder:
        return "its compression is not supported: use the usual one (deflate)"
    if entry.size > MAX_FILE_BYTES:
        return f"larger than {MAX_FILE_BYTES // 2**20} MB"
    if entry.size > BOMB_BYTES and entry.size > BOMB_RATIO * max(1, entry.packed):
        return f"a zip bomb: {entry.packed} bytes that claim to be {entry.size}"
    return ""
