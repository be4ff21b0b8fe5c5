"""Clones of GitHub Classroom and Classroom 50: a folder per repository, all names beginning alike.

hw1-submissions/hw1-octocat/gradients.py            gh classroom clone student-repos
cs50-hw1-octocat/gradients.py                       Classroom 50: classroom-assignment-owner

A submission's time is that of the commit that was cloned, by the clock of the computer that made it.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

from grader.inputs.entry import Entry, person
from grader.inputs.folder import OnDisk
from grader.inputs.layout import Layout, common_start
from grader.inputs.tree import File, Tree

_SUFFIX = "-submissions"
_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_BRANCH = re.compile(r"ref: (refs/heads/[\w.+-]+(?:/[\w.+-]+)*)\s*")
_COMMITTER = re.compile(r"^committer [^\n]*> (\d{1,11}) ([+-])(\d\d)(\d\d)$", re.MULTILINE)
_MAX_REFS, _MAX_COMMIT = 2**20, 2**16  # bytes
_SECONDS = 5.0  # for one commit


class _GitHub(Layout):
    called, precedence = "clones of GitHub repositories", 7

    def recognizes(self, tree: Tree) -> bool:
        folders, slug = tree.top_folders(), _slug(tree)
        if folders and slug and all(folder.startswith(slug) for folder in folders):
            return True
        clones = [folder for folder in folders if any(clone.parts == (folder,) for clone in tree.clones)]
        return len(folders) > 1 and 2 * len(clones) > len(folders) and bool(_prefix(tree))

    def belongs(self, name: str) -> bool:
        """Every folder is a student's and has an entry; no file belongs to anybody."""
        return False

    def entries(self, tree: Tree) -> list[Entry]:
        start = len(_prefix(tree))
        entries = []
        with _git() as git:
            for folder in tree.top_folders():
                files = tree.below(folder).files
                who = [person(folder[start:], github=folder[start:], repository=folder)]
                entries.append(Entry(folder, who, files, submitted_at=git.time_of(_clone_of(files))))
        return entries


def _clone_of(files: list[File]) -> Path | None:
    """The .git folder of the clone that these files are in; None where they are in an archive."""
    for file in files:
        if isinstance(file.source, OnDisk):
            path, inside = Path(file.source.path).as_posix(), f"/{file.path}"
            if path.endswith(inside):  # not where a name has backslashes, which are taken for folders
                return Path(path.removesuffix(inside)) / ".git"
    return None


class _Git:
    """git, which reads the objects of a clone and nothing else of it: its config and hooks are a student's."""

    def __init__(self, empty: str) -> None:
        """`empty` is the path of a repository of our own, without objects."""
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
            "GIT_DIR": empty,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_NO_REPLACE_OBJECTS": "1",
        }

    def time_of(self, clone: Path | None) -> str:
        """When the commit that is checked out was made, with its zone; "" where that is unknown."""
        commit = "" if clone is None else _checked_out(clone)
        size = self._run(clone, "-s", commit) if clone is not None and commit else ""
        if clone is None or not size.strip().isdecimal() or int(size) > _MAX_COMMIT:
            return ""
        found = _COMMITTER.search(self._run(clone, "commit", commit).partition("\n\n")[0])
        if found is None:
            return ""
        offset = timedelta(hours=int(found[3]), minutes=int(found[4]))
        try:
            zone = timezone(-offset if found[2] == "-" else offset)
            return datetime.fromtimestamp(int(found[1]), zone).isoformat()
        except (ValueError, OverflowError, OSError):
            return ""

    def _run(self, clone: Path, *arguments: str) -> str:
        environment = {**self._environment, "GIT_OBJECT_DIRECTORY": str(clone.resolve() / "objects")}
        try:
            done = subprocess.run(
                ["git", "cat-file", *arguments], env=environment, cwd=self._environment["GIT_DIR"], timeout=_SECONDS,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False,
            )  # fmt: skip
        except (OSError, ValueError, subprocess.TimeoutExpired):
            return ""
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


@contextmanager
def _git() -> Iterator[_Git]:
    with tempfile.TemporaryDirectory(prefix="grader-git-") as folder:
        for name in ("objects", "refs"):
            (Path(folder) / name).mkdir()
        (Path(folder) / "HEAD").write_text("ref: refs/heads/none\n", encoding="ascii")
        yield _Git(folder)


def _checked_out(clone: Path) -> str:
    """The commit of a clone's HEAD; "" where there is none."""
    head = _text(clone / "HEAD")
    branch = _BRANCH.fullmatch(head)
    if branch is None or ".." in branch[1]:
        sha = head.strip()
    elif not (sha := _text(clone / branch[1]).strip()):
        packed = (line.split(" ") for line in _text(clone / "packed-refs").splitlines())
        sha = next((words[0] for words in packed if words[1:] == [branch[1]]), "")
    return sha if _SHA.fullmatch(sha) else ""


def _text(path: Path) -> str:
    """A small file of a clone; "" where it cannot be read."""
    try:
        return OnDisk(str(path)).read(_MAX_REFS).decode("utf-8", "replace")
    except OSError:
        return ""


def _slug(tree: Tree) -> str:
    """`hw1-` where the folder with the clones is called hw1-submissions."""
    name = tree.name.removesuffix(_SUFFIX)
    return f"{name}-" if name not in ("", tree.name) else ""


def _prefix(tree: Tree) -> str:
    """What all names begin with, up to a hyphen; never a whole name."""
    folders = tree.top_folders()
    slug = _slug(tree)
    if slug and all(folder.startswith(slug) and folder != slug for folder in folders):
        return slug
    return common_start(folders, "-") if len(folders) > 1 else ""


LAYOUT = _GitHub()
