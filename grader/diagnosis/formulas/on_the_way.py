"""What a model computes on the way to its quantities, and which of its functions a gradient differentiates."""

from grader.diagnosis.formulas.expression import Node
from grader.diagnosis.formulas.forms import local_forms
from grader.diagnosis.formulas.formula_nodes import inside
from grader.diagnosis.formulas.world import World


def steps_of_shape(world: World, gradient: str) -> list[Node]:
    """Parts of the model in the shape of a gradient: forward values, where what is handed back belongs."""
    right = world.evaluator(("g", gradient)) or []
    found = []
    for step in dict.fromkeys(part for one in world.all_applications for part in inside(one.argument)):
        values = world.evaluator(step) if step[0] in ("mm", "add") else None
        if values is not None and all(v.shape == r.shape for v, r in zip(values, right, strict=False)):
            found.append(step)
    return found


def differentiated(world: World, gradient: str) -> list[str]:
    """The functions whose derivatives are factors of the formula of a gradient."""
    forms = [form for form, _ in local_forms(world, gradient)]
    return list(dict.fromkeys(part[1] for form in forms for part in inside(form) if part[0] == "derivative"))
