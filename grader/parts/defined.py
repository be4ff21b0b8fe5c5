"""Which parts of a homework functions are written for, by their names."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from grader.errors import UsageError

if TYPE_CHECKING:
    from grader.config.keys import Config
    from grader.parts.parts import Part, Parts


def written_names(config: "Config") -> list[str]:
    """What students define, in the order of the gradients: functions, and the classes of methods."""
    return list(dict.fromkeys(function.owner for function in config.asked))


def parts_defined(parts: "Parts", defined: Collection[str], what: str) -> "list[Part]":
    """The parts that ask for some of these functions; a name that several ask for says nothing where others say more.

    Args:
        defined: the names of functions and classes.
        what: defines them, in words.

    Raises:
        UsageError: a function could be meant for several parts.
    """
    asked = {part.name: set(written_names(part.config)).intersection(defined) for part in parts}
    of = {name: [part.name for part in parts if name in asked[part.name]] for name in set().union(*asked.values())}
    certain = {names[0] for names in of.values() if len(names) == 1}
    for name in sorted(of):
        meant = [one for one in of[name] if one in certain] if certain else of[name]
        if len(meant) > 1:
            raise UsageError(
                f"{what} defines {name}, which {' and '.join(meant)} ask for; name the config.yaml of one of them:"
                f" {' or '.join(str(part.path) for part in parts if part.name in meant)}"
            )
    return [part for part in parts if part.name in certain]
