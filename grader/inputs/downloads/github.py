"""Clones of GitHub Classroom and Classroom 50: a folder per repository, all names beginning alike.

hw1-submissions/hw1-octocat/gradients.py            gh classroom clone student-repos
cs50-hw1-octocat/gradients.py                       Classroom 50: classroom-assignment-owner
"""

from grader.inputs.entry import Entry, person
from grader.inputs.layout import Layout, common_start
from grader.inputs.tree import Tree

_SUFFIX = "-submissions"


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
        return [
            Entry(folder, [person(folder[start:], github=folder[start:], repository=folder)], tree.below(folder).files)
            for folder in tree.top_folders()
        ]


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
