"""Gradescope's "Export Submissions": one folder per submission, and submission_metadata.yml that says whose it is.

The keys of the metadata begin with a colon, as Ruby writes them.  A group has several submitters.  Older submissions
are listed there, but their files are not in the export.
"""

from typing import Any

import yaml

from grader.errors import UsageError
from grader.inputs.entry import Entry, Person, person
from grader.inputs.layout import Layout
from grader.inputs.tree import File, Tree

_METADATA = "submission_metadata.yml"
_MAX_BYTES = 128 * 2**20
_Loader: type[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # keeps a student's number 0123 as it is written


class _Gradescope(Layout):
    called, precedence = "a Gradescope export", 1

    def recognizes(self, tree: Tree) -> bool:
        return any(self.belongs(file.path.name) for file in tree.top_files())

    def belongs(self, name: str) -> bool:
        return name == _METADATA

    def entries(self, tree: Tree) -> list[Entry]:
        """One entry per submission of the metadata.

        Raises:
            UsageError: the metadata cannot be understood, or is not there.
        """
        file = next((file for file in tree.top_files() if self.belongs(file.path.name)), None)
        if file is None:
            raise UsageError(f"{tree.name}: expected {_METADATA}, which says whose submissions these are, found none")
        return [_entry(str(key), about, tree) for key, about in _read(file).items() if isinstance(about, dict)]


def _read(file: File) -> dict[Any, Any]:
    if file.refusal:
        raise UsageError(f"{_METADATA}: {file.refusal}")
    try:
        data = _Loader(file.read(_MAX_BYTES).decode("utf-8-sig")).get_single_data()
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UsageError(f"{_METADATA}: not usable as Gradescope's metadata: {reason}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{_METADATA}: expected Gradescope's metadata, one entry per submission, found something else")
    return data


def _entry(key: str, about: dict[Any, Any], tree: Tree) -> Entry:
    submitters = [who for who in about.get(":submitters") or [] if isinstance(who, dict)]
    people = [_person(who, key) for who in submitters] or [person(key, gradescope=key)]
    older = len(about.get(":history") or [])
    return Entry(
        key=key,
        people=people,
        files=tree.below(key).files,
        group=" and ".join(one.name for one in people) if len(people) > 1 else "",
        submitted_at=_text(about.get(":created_at")),
        note=f"{older} older submission(s) on Gradescope" if older else "",
    )


def _person(who: dict[Any, Any], key: str) -> Person:
    name, sid, email = (_text(who.get(f":{field}")) for field in ("name", "sid", "email"))
    return person(sid or email or name or key, name, email=email, sid=sid, gradescope=key)


def _text(value: Any) -> str:
    """A value as it was written, "" for what YAML writes for nothing."""
    return value if isinstance(value, str) and value not in ("null", "~") else ""


LAYOUT = _Gradescope()
