"""What of a download is not taken, and why: paths that leave their folder, absurd names, links, zip bombs.  Pure."""

import stat
import zipfile

MAX_NAME_BYTES = 255  # of one part of a path, as in every usual file system
MAX_PATH_BYTES = 1024
MAX_PARTS = 32
MAX_FILE_BYTES = 256 * 2**20  # no file is read whole beyond this, whatever it claims
BOMB_RATIO = 200  # text compresses 3 to 10 times; what compresses more than this is empty or a bomb
BOMB_BYTES = 2**20


def unsafe_name(text: str) -> str:
    """Why a path in a zip is not taken, "" for most."""
    parts = text.split("/")
    if text.startswith("/") or (len(text) > 1 and text[1] == ":"):
        return "an absolute path: it would leave the folder"
    if ".." in parts:
        return "a path with ..: it would leave the folder"
    return absurd(text)


def absurd(text: str) -> str:
    """Why a path that stays in its folder is not taken."""
    raw = text.encode("utf-8", "surrogatepass")
    parts = text.rstrip("/").split("/")
    too_long = len(raw) > MAX_PATH_BYTES or any(
        len(part.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES for part in parts
    )
    if too_long or len(parts) > MAX_PARTS:
        return "a name too long, or too deep"
    if not text or any(ord(c) < 32 or ord(c) == 127 for c in text):
        return "a name with control characters"
    return ""


def unsafe_entry(info: zipfile.ZipInfo) -> str:
    """Why what a path in a zip stands for is not taken."""
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "a link: links are not followed"
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "neither a file nor a folder"
    if info.flag_bits & 1:
        return "it is encrypted"
    if info.file_size > MAX_FILE_BYTES:
        return f"larger than {MAX_FILE_BYTES // 2**20} MB"
    if info.file_size > BOMB_BYTES and info.file_size > BOMB_RATIO * max(1, info.compress_size):
        return f"a zip bomb: {info.compress_size} bytes that say they are {info.file_size}"
    return ""
