"""What diagnosis knows about an assignment before it sees an answer: read from files and computed once."""

import weakref
from collections.abc import Collection
from functools import cached_property

from msgspec import Struct

from grader.diagnosis.formulas.expression import Node, leaves
from grader.diagnosis.hints import Entry, load_hints
from grader.diagnosis.misconceptions import Misconception, misconceptions
from grader.diagnosis.search.finder import Finder
from grader.diagnosis.tables.cache import keep, load_tables, prepare
from grader.diagnosis.traced.landmarks import Landmarks, make_landmarks
from grader.problem.assignment import Assignment

_LOADED: dict[int, "Knowledge"] = {}


class Knowledge(Struct, frozen=True, dict=True):
    """The texts and tables of an assignment.

    Attributes:
        hints: the first that fits is used.
        misconceptions: mistakes with the instructor's own words.
        finder: looks numbers up in the tables; None without formulas, or where nothing needs looking up.
    """

    assignment: Assignment
    hints: tuple[Entry, ...]
    misconceptions: tuple[Misconception, ...]
    finder: Finder | None = None

    def formula(self, name: str) -> Node | None:
        """The right formula of a gradient, None where it is unknown."""
        return None if self.finder is None else self.finder.world.local[name]

    def used(self, name: str) -> frozenset[str]:
        """The quantities in that formula, and in those of the gradients that it builds on."""
        formulas = [self.formula(one) for one in (name, *self.assignment.ancestors[name])]
        found = [leaf for formula in formulas if formula is not None for leaf in leaves(formula)]
        return frozenset(str(leaf[1]) for leaf in found if leaf[0] in ("q", "d"))

    @cached_property
    def landmarks(self) -> Landmarks:
        """The values that a right calculation passes through."""
        return make_landmarks(self.assignment, None if self.finder is None else self.finder.world)

    def keep(self) -> None:
        """Write the tables that turned out to be needed while grading."""
        if self.finder is not None:
            keep(self.finder.tables)


def knowledge_of(assignment: Assignment, gradients: Collection[str] | None = None) -> Knowledge:
    """What is known about an assignment, loaded once for as long as it lives.

    Args:
        gradients: those whose numbers will be looked up; None for all.

    Raises:
        ConfigError: a file of hints or misconceptions cannot be used.
    """
    key = id(assignment)
    wanted = (assignment.names if gradients is None else gradients) if assignment.reference is not None else ()
    known = _LOADED.get(key)
    if known is not None and known.finder is not None:
        prepare(known.finder.tables, wanted)
    elif known is None or wanted:
        finder = Finder(assignment, load_tables(assignment, wanted)) if wanted else None
        known = Knowledge(assignment, load_hints(assignment), misconceptions(assignment), finder)
        if key not in _LOADED:
            weakref.finalize(assignment, _LOADED.pop, key, None)
        _LOADED[key] = known
    return known
