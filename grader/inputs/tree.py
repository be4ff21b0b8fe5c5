"""A folder or a zip as a list of safe files.  Refuses what is unsafe, entry by entry, and says so; extracts nothing."""

import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path, PurePosixPath

from grader.archive import ZIP_ERRORS
from grader.errors import UsageError
from grader.inputs.unsafe import MAX_FILE_BYTES, MAX_PATH_BYTES, absurd, unsafe_entry, unsafe_name

IGNORED_FOLDERS = {
    "__MACOSX",
    ".git",
    "__pycache__",
    ".ipynb_checkpoints",
    "node_modules",
    ".venv",
    "venv",
    ".pytest_cache",
}
IGNORED_FILES = {".DS_Store", "Thumbs.db", "desktop.ini"}
MAX_ENTRIES = 500_000
MAX_NESTED_BYTES = 32 * 2**20  # a zip inside a zip is read into memory


@dataclass(frozen=True)
class Refusal:
    """An entry that was not taken, and why.  Both are shown; the path is hostile text."""

    path: str
    reason: str


@dataclass(frozen=True)
class File:
    """A file: its path below the tree, and how to read its first bytes.

    Attributes:
        refusal: why it is not taken, "" for most: its student handed in something all the same.
    """

    path: PurePosixPath
    read: Callable[[int], bytes]
    refusal: str = ""

    def called(self, path: str | PurePosixPath) -> "File":
        return replace(self, path=PurePosixPath(path))


@dataclass
class Tree:
    """Files below one root, sorted by path.

    Attributes:
        name: of the folder or zip, without .zip.
        folders: all of them, so that an empty one is seen.
        clones: the folders that are clones of a git repository.
    """

    name: str
    files: list[File] = field(default_factory=list)
    folders: set[PurePosixPath] = field(default_factory=set)
    clones: set[PurePosixPath] = field(default_factory=set)
    refused: list[Refusal] = field(default_factory=list)

    def top_folders(self) -> list[str]:
        return sorted({folder.parts[0] for folder in self.folders})

    def top_files(self) -> list[File]:
        return [file for file in self.files if len(file.path.parts) == 1]

    def below(self, folder: str) -> "Tree":
        """What is below a top folder, with paths from there."""
        return self._parts.get(folder) or Tree(folder, refused=self.refused)

    @cached_property
    def _parts(self) -> dict[str, "Tree"]:
        parts = {name: Tree(name, refused=self.refused) for name in self.top_folders()}
        for file in self.files:
            if len(file.path.parts) > 1:
                parts[file.path.parts[0]].files.append(file.called(PurePosixPath(*file.path.parts[1:])))
        for path in self.folders:
            if len(path.parts) > 1:
                parts[path.parts[0]].folders.add(PurePosixPath(*path.parts[1:]))
        for path in self.clones:
            if path.parts and path.parts[0] in parts:
                parts[path.parts[0]].clones.add(PurePosixPath(*path.parts[1:]))
        return parts


def open_tree(path: Path, leave_out: Path | None = None) -> Tree:
    """The folder or zip at `path`.

    Args:
        leave_out: a folder that is not looked into, such as the results that are being written.

    Raises:
        UsageError: `path` is neither, or cannot be read at all.
    """
    try:
        if path.is_dir():
            return _from_folder(path, leave_out)
        if not path.exists():
            raise UsageError(f"{path}: there is no such folder or zip (looked in {Path.cwd()})")
        if path.is_file() and zipfile.is_zipfile(path):
            return _from_zip(zipfile.ZipFile(path), path.stem)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except ZIP_ERRORS as error:
        raise UsageError(f"{path}: this zip cannot be read: {error}") from error
    raise UsageError(f"{path}: expected a folder or a zip with the submissions, found another kind of file")


def open_nested(file: File, refused: list[Refusal]) -> Tree | None:
    """The zip inside a tree at `file`, or None where it is none that can be taken: `refused` then says why."""
    try:
        data = file.read(MAX_NESTED_BYTES + 1)
        if len(data) > MAX_NESTED_BYTES:
            refused.append(Refusal(str(file.path), f"a zip of more than {MAX_NESTED_BYTES // 2**20} MB"))
            return None
        tree = _from_zip(zipfile.ZipFile(BytesIO(data)), file.path.stem)
    except ZIP_ERRORS as error:
        refused.append(Refusal(str(file.path), f"this zip cannot be read: {error}"))
        return None
    refused += [Refusal(f"{file.path}: {refusal.path}", refusal.reason) for refusal in tree.refused]
    return tree


def _from_folder(root: Path, leave_out: Path | None) -> Tree:
    tree = Tree(root.resolve().name)
    excluded = None if leave_out is None else leave_out.resolve()
    for folder, names, files in os.walk(root):
        here = PurePosixPath(Path(folder).relative_to(root).as_posix())
        if ".git" in names or ".git" in files:
            tree.clones.add(here)
        kept = []
        for name in sorted(names):
            full = Path(folder, name)
            if full.is_symlink():
                tree.refused.append(Refusal(str(here / name), "a link: links are not followed"))
            elif name not in IGNORED_FOLDERS and full.resolve() != excluded:
                kept.append(name)
                tree.folders.add(here / name)
        names[:] = kept
        for name in sorted(files):
            _add_file(tree, Path(folder, name), here / name)
        if len(tree.files) > MAX_ENTRIES:
            raise UsageError(f"{root}: more than {MAX_ENTRIES} files: name the folder that holds the submissions")
    tree.files.sort(key=lambda file: str(file.path))
    return tree


def _add_file(tree: Tree, full: Path, path: PurePosixPath) -> None:
    if _is_noise(path):
        return
    mode = full.lstat().st_mode
    if stat.S_ISLNK(mode):
        _refuse(tree, path, "a link: links are not followed")
    elif not stat.S_ISREG(mode):
        _refuse(tree, path, "neither a file nor a folder")
    elif reason := absurd(str(path)):
        _refuse(tree, path, reason)
    else:
        tree.files.append(File(path, lambda size: _read_plain(full, size)))


def _refuse(tree: Tree, path: PurePosixPath, reason: str) -> None:
    """List what is not taken, and keep it as a file that cannot be read: whose it is has not handed in nothing."""

    def read(size: int) -> bytes:
        raise ValueError(reason)

    tree.refused.append(Refusal(str(path), reason))
    tree.files.append(File(path, read, reason))


def _read_plain(path: Path, size: int) -> bytes:
    """The first bytes of a regular file; a link that has taken its place since is not followed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(descriptor, "rb") as file:
        return file.read(min(size, MAX_FILE_BYTES))


def _from_zip(archive: zipfile.ZipFile, name: str) -> Tree:
    tree = Tree(name)
    infos = archive.infolist()
    if len(infos) > MAX_ENTRIES:
        raise ValueError(f"it has more than {MAX_ENTRIES} entries")
    seen: set[str] = set()
    for info in infos:
        name_there = _name_of(info)
        text = name_there.replace("\\", "/")
        path = PurePosixPath(text)
        if ".git" in path.parts:
            tree.clones.add(PurePosixPath(*path.parts[: path.parts.index(".git")]))
        if _is_noise(path):
            continue
        reason = unsafe_name(text) or ("the same name twice in one zip" if text in seen else "")
        seen.add(text)
        if reason:
            tree.refused.append(Refusal(name_there[:MAX_PATH_BYTES], reason))
            continue
        tree.folders.update(parent for parent in path.parents if parent.parts)
        if reason := unsafe_entry(info):
            _refuse(tree, path, reason)
        elif info.is_dir():
            tree.folders.add(path)
        else:
            tree.files.append(File(path, lambda size, info=info: _read_member(archive, info, size)))  # type: ignore[misc]
    tree.files.sort(key=lambda file: str(file.path))
    return tree


def _name_of(info: zipfile.ZipInfo) -> str:
    """The name of a zip's entry.  macOS and older PHP write UTF-8 without the flag that says so, which reads as `Zo├½`."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode()
    except UnicodeError:
        return info.filename


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, size: int) -> bytes:
    with archive.open(info) as file:
        return file.read(min(size, MAX_FILE_BYTES))


def _is_noise(path: PurePosixPath) -> bool:
    return bool(IGNORED_FOLDERS.intersection(path.parts)) or path.name in IGNORED_FILES or path.name.startswith("._")
