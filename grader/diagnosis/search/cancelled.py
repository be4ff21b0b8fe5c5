"""Sums whose terms cancel: where a gradient's entries add up to zero, a sum along the wrong axis leaves nothing but rounding."""

import numpy as np

from grader.diagnosis.formulas.expression import Evaluator, Values, text
from grader.diagnosis.formulas.world import World
from grader.diagnosis.hypothesis import Hypothesis
from grader.diagnosis.mutations.mutants import local_mutants

_APART = 0.2  # in cost


def cancelled(world: World, name: str, values: Values, evaluator: Evaluator, zero: float) -> Hypothesis | None:
    """The likeliest mistake that leaves zero at every sample point, in the shape of the answer.

    None where there is none, and where another mistake that does is as likely: all zeros are the same numbers.
    """
    found = []
    for mutant, edit in local_mutants(name, world) if world.local[name] is not None else ():
        made = evaluator(mutant)
        if made is not None and all(
            np.max(np.abs(m)) < zero and np.squeeze(m).shape == np.squeeze(v).shape
            for m, v in zip(made, values, strict=True)
        ):
            found.append(Hypothesis((edit,), text(mutant), edit.cost, "table"))
    if not found:
        return None
    first, *others = sorted(found, key=lambda one: one.cost)
    if any(one.operator != first.operator and one.cost < first.cost + _APART for one in others):
        return None
    return first
