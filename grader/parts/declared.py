"""The config.yaml of a homework of several parts, as types."""

from typing import Annotated

from msgspec import Meta, Struct

# The name of a folder on any system, and of a column.
PartName = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$", description="a name of at most 40 letters, digits, _ and -")
]


class DeclaredPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One part: the config.yaml of an assignment, by its path relative to this file."""

    name: PartName
    config: str


class DeclaredParts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A homework of several parts, each with its own total."""

    title: str
    parts: Annotated[list[DeclaredPart], Meta(min_length=1)]
    handout: bool = False  # written by `grader handout`
