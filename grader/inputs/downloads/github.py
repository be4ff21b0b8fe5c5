"""Clones of GitHub Classroom and Classroom 50: a folder per repository, all names beginning alike.

hw1-submissions/hw1-octocat/gradients.py            gh classroom clone student-repos
cs50-hw1-octocat/gradients.py                       Classroom 50: classroom-assignment-owner
"""

import os

from grader.inputs.entry import Entry, person
from grader.inputs.tree import Tree

CALLED = "clones of GitHub repositories"
_SUFFIX = "-submissions"


def recognise(tree: Tree) -> bool:
    folders = tree.top_folders()
    clones = [folder for folder in folders if any(clone.parts == (folder,) for clone in tree.clones)]
    named = bool(_slug(tree)) and all(folder.startswith(_slug(tree)) for folder in folders)
    return len(folders) > 0 and (named or (len(folders) > 1 and 2 * len(clones) > len(folders) and bool(_prefix(tree))))


def belongs(name: str) -> bool:
    """Folders are all of students, files of nobody."""
    return False


def entries(tree: Tree) -> list[Entry]:
    prefix = _prefix(tree)
    return [
        Entry(
            key=folder,
            people=[person(folder[len(prefix) :], github=folder[len(prefix) :], repository=folder)],
            files=tree.below(folder).files,
        )
        for folder in tree.top_folders()
    ]


def _slug(tree: Tree) -> str:
    """`hw1-` where the folder with the clones is called hw1-submissions."""
    return tree.name[: -len(_SUFFIX)] + "-" if tree.name.endswith(_SUFFIX) and len(tree.name) > len(_SUFFIX) else ""


def _prefix(tree: Tree) -> str:
    """What all names begin with, up to a hyphen; never a whole name."""
    folders = tree.top_folders()
    slug = _slug(tree)
    if slug and all(folder.startswith(slug) and folder != slug for folder in folders):
        return slug
    common = os.path.commonprefix(folders) if len(folders) > 1 else ""  # noqa: RUF071, letters are meant
    return common[: common.rfind("-") + 1]
