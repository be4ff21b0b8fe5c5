"""Inside the sandbox: names and attributes that do not exist, and the nearest that do."""

import builtins
import difflib
import sys
import types

import numpy as np

from grader.sandbox.shared import sentences

CLOSE = 0.75  # as near as a slip: `gradient` for `gradients`
POINT_NAMES = ("s", "step")  # what a sample point is usually called
NOT_MEANT = {"gradient"}  # np.gradient differentiates numbers: nothing that is asked for here


class View:
    """What a function was called with: a sample point, or quantities as arguments."""

    def __init__(self, point, interface, declared):
        self.point, self.interface, self.declared = point, interface, declared

    @property
    def has_point(self):
        return self.declared.parameters is None and not self.interface.by_name

    def about_quantity(self, name, function):
        """Where a quantity is to be found that a function uses by its plain name."""
        if self.has_point:
            return sentences.QUANTITY(name)
        if self.declared.parameters is None:
            return sentences.ADD_PARAMETER(name, function)
        for group, members in self.interface.groups.items():
            if group in self.declared.parameters and name in members:
                return sentences.IN_GROUP(name, group)
        if name in self.declared.attributes:
            return sentences.OF_SELF(name)
        return sentences.NOT_GIVEN(name, ", ".join(self.declared.parameters))


def unknown_name(error, trace, view):
    """Lines about a NameError, raised in the frame of the traceback entry `trace`."""
    name = error.name if type(getattr(error, "name", None)) is str else ""
    if isinstance(error, UnboundLocalError) or not name:
        return [sentences.USED_EARLY(name or str(error).split("'")[1]), sentences.LOCAL()]
    own, point = _own(trace), view.point
    values = [known for known, value in own.items() if value is point]
    if name in vars(point):
        return [view.about_quantity(name, trace.tb_frame.f_code.co_name)]
    if name in ("np", "numpy"):
        return [sentences.IMPORT_NUMPY()]
    if name in _model():
        return [sentences.IMPORT_MODEL(name)]
    if values and name in POINT_NAMES:
        return [sentences.QUANTITIES_IN(values[0], name)]
    if near := _near(name, own, CLOSE):  # a slip in a name of the file's own is likelier than a missing `np.`
        return [sentences.UNKNOWN_NEAR(name, near)]
    if hasattr(np, name) and name not in NOT_MEANT:
        return [sentences.IN_NUMPY(name)]
    return [_unknown(name, own, view)]


def _own(trace):
    """The names that the student's function knows, with their values: its own first, then those of the file."""
    if trace is None:
        return {}
    frame = trace.tb_frame
    own = dict(frame.f_locals)
    while frame.f_code.co_name.startswith("<") and frame.f_back is not None:  # a comprehension has a frame of its own
        frame = frame.f_back
        own = {**frame.f_locals, **own}
    return {**{known: frame.f_globals[known] for known in _public(frame.f_globals)}, **own}


def wrong_arguments(error, view):
    """Lines about a call that failed before a line of the function ran."""
    if known := getattr(error, "known", ()):
        near = error.near or _near(error.unknown, known)
        lines = sentences.UNKNOWN_PARAMETER, sentences.UNKNOWN_PARAMETER_NEAR
        what = lines[1](error.function, error.unknown, near) if near else lines[0](error.function, error.unknown)
        return [what, sentences.PARAMETERS(", ".join(known))]
    if chain := getattr(error, "chain", ()):
        return [sentences.IN_A_CIRCLE(" → ".join(chain))]
    if view.declared.parameters is not None:
        return [sentences.CALLED_WITH(view.declared.name, ", ".join(view.declared.parameters))]
    return [sentences.ONE_ARGUMENT(view.declared.name)] if view.has_point else []


def _unknown(name, own, view):
    found = [_near(name, own), _near(name, vars(builtins), CLOSE)]
    near, quantity = max(found, key=lambda one: _ratio(one, name)), _near(name, vars(view.point))
    if quantity and _ratio(quantity, name) >= _ratio(near, name):
        return (sentences.UNKNOWN_NEAR_QUANTITY if view.has_point else sentences.UNKNOWN_NEAR)(name, quantity)
    return sentences.UNKNOWN_NEAR(name, near) if near else sentences.UNKNOWN(name)


def unknown_attribute(error, point_type):
    """Lines about an AttributeError."""
    name, owner = getattr(error, "name", None), getattr(error, "obj", None)
    if type(name) is not str:
        return []
    if type(owner) is point_type:
        return _not_a_quantity(name, list(vars(owner)))
    if type(owner) is np.ndarray:
        return [_no_attribute("an array", name, dir(np.ndarray), ".")]
    if isinstance(owner, np.generic):
        return [_no_attribute("a single number", name, dir(type(owner)), ".")]
    if owner is np and name in _model():
        return [sentences.IN_MODEL(name)]
    if isinstance(owner, types.ModuleType):
        module = str(owner.__name__).replace("numpy.", "np.")
        return [_no_attribute(module, name, dir(owner), "np." if owner is np else f"{module}.")]
    if owner is None:
        return [sentences.ATTRIBUTE_OF_NONE(name)]
    if isinstance(owner, types.FunctionType):
        return [sentences.NOT_CALLED(owner.__name__)]
    return []


def _no_attribute(owner, name, known, before):
    near = _near(name, known)
    if near and near not in NOT_MEANT:
        return sentences.NO_ATTRIBUTE_NEAR(owner, name, f"{before}{near}")
    return sentences.NO_ATTRIBUTE(owner, name)


def _not_a_quantity(name, quantities):
    if name.startswith(("dJ_", "dJd")):
        return [sentences.NO_GRADIENTS(name)]
    near = _near(name, quantities, 0.4) or next((q for q in quantities if q.lower() == name.lower()), "")
    missing = sentences.NO_QUANTITY_NEAR(name, near) if near else sentences.NO_QUANTITY(name)
    return [missing, sentences.QUANTITIES(", ".join(quantities))]


def _model():
    return _public(vars(sys.modules["model"])) if "model" in sys.modules else []


def _public(names):
    return [name for name in names if not name.startswith("_") and name != "np"]


def _near(name, known, cutoff=0.6):
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)), "")


def _ratio(a, b):
    return difflib.SequenceMatcher(None, a, b).ratio()
