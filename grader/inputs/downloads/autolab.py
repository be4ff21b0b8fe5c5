"""Autolab, "Download submissions": flat files `email_version_original`, such as `ann@uni.edu_10_handin.py`.

The highest version of a student is the latest.  An address has one @ and no _ after it, so the first number is Autolab's own,
whatever the file was called.
"""

import re

from grader.inputs.entry import Entry, person
from grader.inputs.layout import Layout, latest
from grader.inputs.tree import Tree


class _Autolab(Layout):
    called, precedence = "an Autolab download", 4
    name = re.compile(r"(?P<email>[^@]+@[^@_]+)_(?P<version>\d+)_(?P<original>.+)", re.DOTALL)

    def entries(self, tree: Tree) -> list[Entry]:
        found = (
            (parts["email"].casefold(), int(parts["version"]), [file.called(parts["original"])])
            for file, parts in self.files(tree)
        )
        return [  # the assessment names the file, not the student
            Entry(
                one.who,
                [person(one.who, email=one.who)],
                one.files,
                note=one.note,
                any_name=True,
                earlier=[Entry(one.who, [], files, any_name=True) for _, files in one.earlier],
            )
            for one in latest(found, "version")
        ]


LAYOUT = _Autolab()
