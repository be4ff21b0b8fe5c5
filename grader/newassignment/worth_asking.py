"""Which gradients an assignment asks for, in which order, and for how many marks."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from grader.derivation import Formula, Unreadable, derive, write_solution
from grader.derivation import Point as Inputs
from grader.errors import ConfigError
from grader.newassignment.described_model import ModelFile, meaning
from grader.newassignment.measured_model import Measured, first_draws, measure
from grader.newassignment.sampling import Drawn
from grader.problem.derivatives import relative_error
from grader.problem.kinks import breaks_ties
from grader.problem.model import Graph
from grader.problem.points import Point
from grader.problem.reference import Reference

TOTAL = 100
_UNIT = 5
_SAME = 1e-9
_DRAWS = 12
_NOT_DIFFERENTIATED = ("index", "one_hot", "mask", "sign")
_TARGETS = ("y", "t", "Y", "target", "targets", "label", "labels")
_TARGET_WORDS = re.compile(r"\b(targets?|labels?|ground truth)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Chosen:
    """The gradients asked for, in the order of backpropagation, and their marks."""

    formulas: Mapping[str, Formula]
    marks: Mapping[str, int]
    notes: Sequence[str]


def choose_gradients(read: ModelFile, drawn: Mapping[str, Drawn], measured: Measured) -> tuple[Chosen, Measured]:
    """All gradients of a model that have something to derive.

    A loop of the model is written out in its formulas.  The dimensions that it counts then keep one size, in the measured
    model that comes back.

    Raises:
        ConfigError: a construct of the model cannot be differentiated; the message has file and line.
    """
    notes: list[str] = []
    formulas = _derived(read, drawn, measured.points, None)
    tied = _with_ties(read, drawn, measured)
    while left_out := {
        name: why for name, each in formulas.items() if (why := _why_not(read, drawn, each, formulas, tied))
    }:
        notes += [f"{name} is not asked: {why}" for name, why in left_out.items()]
        kept = {name: each.of for name, each in formulas.items() if name not in left_out}
        if not kept:
            raise read.wrong(read.loss, "no gradient of this model has anything to derive")
        formulas = _derived(read, drawn, measured.points, kept)
    kept = {name: each.of for name, each in formulas.items()}
    if not _is_general(read, formulas, measured.points):
        measured = _with_loops_fixed(read, drawn, measured, kept)
        formulas = _derived(read, drawn, measured.points, kept)
        fixed = ", ".join(f"{name} = {measured.sizes[name][0]}" for name in measured.fixed)
        notes.append(
            f"{fixed} at every sample point: the solution is written out for {'these sizes' if ',' in fixed else 'this size'}"
        )
    order = _upstream_first(formulas)
    ordered = {name: formulas[name] for name in order}
    return Chosen(ordered, _marks(ordered.values()), notes), measured


def _derived(
    read: ModelFile, drawn: Mapping[str, Drawn], points: Sequence[Point], wanted: Mapping[str, str] | None
) -> dict[str, Formula]:
    discrete = frozenset(name for name, one in drawn.items() if one.kind in ("index", "mask", "sign"))
    inputs = [Inputs({name: point.values[name] for name in drawn}, point.sizes, discrete) for point in points]
    try:
        return derive(read.model, points=inputs, wrt=wanted, loss=read.loss)
    except Unreadable as error:
        place = error if error.file else f"{read.path}:{read.line_of(read.loss)}: {error}"
        raise ConfigError(str(place)) from error


def _is_general(read: ModelFile, formulas: Mapping[str, Formula], points: Sequence[Point]) -> bool:
    """Whether the code that was written at the first point is right at all of them."""
    if all(each.general for each in formulas.values()):
        return True
    graph = Graph(read.path, [*read.inputs, *read.order], read.order[:-1], read.loss)
    solution = Reference(read.path, list(formulas), write_solution(formulas.values()).encode(), graph)
    try:
        return all(
            relative_error(solution(name, point)[0], each.derivation.at_points[k][name].value) <= _SAME
            for name, each in formulas.items()
            for k, point in enumerate(points)
        )
    except (ConfigError, ValueError):
        return False


def _with_ties(read: ModelFile, drawn: Mapping[str, Drawn], measured: Measured) -> set[str]:
    """The quantities of whose entries the model takes a maximum where several are equal."""
    graph = Graph(read.path, [*read.inputs, *read.order], read.order[:-1], read.loss)
    return {
        name
        for point in first_draws(read, drawn, measured, _DRAWS)
        for name in read.order[:-1]
        if breaks_ties(graph, point.values, name)
    }


def _why_not(
    read: ModelFile, drawn: Mapping[str, Drawn], formula: Formula, all_: Mapping[str, Formula], tied: Collection[str]
) -> str:
    """Why a gradient has nothing to derive, or leads nowhere; "" if it is worth asking."""
    if formula.of in tied:
        return (
            f"the loss has no derivative where the largest entries of {formula.of} are equal, such as zeros of a ReLU; ask for"
            f" the gradient by what {formula.of} is computed from"
        )
    gradient = formula.derivation.at_points[0][formula.name]
    if formula.of in drawn and _is_given(read, drawn, formula.of):
        return f"{formula.of} is given"
    if not np.any(gradient.value):
        return "it is zero"
    if gradient.formula.op == "leaf" and gradient.formula.name not in read.model.constants:
        return f"it is {formula.text}"
    if same := _equal(drawn, formula, all_):
        return f"it equals {same}"
    leaves = {node.name for node in gradient.formula.walk() if node.op in ("leaf", "gradient")}
    if leaves <= set(read.model.constants):
        return "it is constant"
    if formula.of not in drawn and not any(formula.name in other.upstream for other in all_.values()):
        return "no other gradient builds on it"
    return ""


def _is_given(read: ModelFile, drawn: Mapping[str, Drawn], name: str) -> bool:
    """Whether an input is a target, a mask or an index, by which nobody differentiates."""
    if drawn[name].kind in _NOT_DIFFERENTIATED or name in _TARGETS:
        return True
    return bool(_TARGET_WORDS.search(meaning(read, name)))


def _equal(drawn: Mapping[str, Drawn], formula: Formula, all_: Mapping[str, Formula]) -> str:
    """The gradient that is asked in place of an equal one: by a parameter rather than by what the model computes."""
    for other in all_.values():
        first, second = (formula, other) if formula.text == other.name else (other, formula)
        if first.text == second.name:
            dropped = second if first.of in drawn and second.of not in drawn else first
            if dropped is formula:
                return second.name if dropped is first else first.name
    return ""


def _with_loops_fixed(
    read: ModelFile, drawn: Mapping[str, Drawn], measured: Measured, kept: Mapping[str, str]
) -> Measured:
    """As few dimensions of one size as possible, so that every formula is the same at all sample points."""
    fixed = [name for name in measured.sizes if name not in measured.relations]
    for name in reversed(list(fixed)):
        fewer = [other for other in fixed if other != name]
        tried = measure(read, drawn, fewer)
        if _is_general(read, _derived(read, drawn, tried.points, kept), tried.points):
            fixed = fewer
    return measure(read, drawn, fixed)


def _upstream_first(formulas: Mapping[str, Formula]) -> list[str]:
    """The engine's order, from the loss backwards, but no gradient before one that it builds on."""
    order: list[str] = []

    def add(name: str) -> None:
        if name not in order:
            for other in formulas[name].upstream:
                if other in formulas:
                    add(other)
            order.append(name)

    for name in formulas:
        add(name)
    return order


def _marks(formulas: Iterable[Formula]) -> dict[str, int]:
    """Together 100, in fives where that is possible; what is left over goes to the longest formulas."""
    lengths = {each.name: each.derivation.at_points[0][each.name].formula.tree_size() for each in formulas}
    unit = _UNIT if len(lengths) <= TOTAL // _UNIT else 1
    each, left = divmod(TOTAL // unit, len(lengths))
    longest = sorted(lengths, key=lambda name: -lengths[name])[:left]
    return {name: unit * (each + (name in longest)) for name in lengths}
