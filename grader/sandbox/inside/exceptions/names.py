"""Inside the sandbox: names and attributes that do not exist, and the nearest that do."""

import builtins
import difflib
import sys
import types

import numpy as np

CLOSE = 0.75  # as near as a slip: `gradient` for `gradients`
STEP_NAMES = ("s", "step")  # what the step is usually called
NOT_MEANT = {"gradient"}  # np.gradient differentiates numbers: nothing that is asked for here


def unknown_name(error, trace, point):
    """Lines about a NameError, raised in the frame of the traceback entry `trace`."""
    name = error.name if type(getattr(error, "name", None)) is str else ""
    if isinstance(error, UnboundLocalError) or not name:
        name = name or str(error).split("'")[1]
        return [
            f"{name} gets a value in this function, but only later",
            "until then it has none, also where a name outside is the same",
        ]
    if name in vars(point):
        return [f"{name} is a quantity of the step: s.{name}"]
    if name in ("np", "numpy"):
        return ["numpy is not imported here: `import numpy as np` at the top of the file"]
    if name in _model():
        return [f"{name} is a function of the model: `from model import {name}` at the top of the file"]
    own = _own(trace)
    values = [known for known, value in own.items() if value is point]
    if values and name in STEP_NAMES:
        return [f"the step is called {values[0]} in this function, not {name}"]
    if near := _near(name, own, CLOSE):  # a slip in a name of the file's own is likelier than a missing `np.`
        return [f"nothing here is called {name}; did you mean {near}?"]
    if hasattr(np, name) and name not in NOT_MEANT:
        return [f"{name} is numpy's: np.{name}"]
    return [f"nothing here is called {name}{_nearest(name, own, point)}"]


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


def _nearest(name, own, point):
    found = [_near(name, own), _near(name, vars(builtins), CLOSE)]
    near, quantity = max(found, key=lambda one: _ratio(one, name)), _near(name, vars(point))
    if quantity and _ratio(quantity, name) >= _ratio(near, name):
        return f"; the nearest quantity of the step is s.{quantity}"
    return f"; did you mean {near}?" if near else ""


def unknown_attribute(error, step_type):
    """Lines about an AttributeError."""
    name, owner = getattr(error, "name", None), getattr(error, "obj", None)
    if type(name) is not str:
        return []
    if type(owner) is step_type:
        return [_not_in_step(name, list(vars(owner)))]
    if type(owner) is np.ndarray:
        return [f"an array has no {name}{_meant(name, dir(np.ndarray), '.')}"]
    if isinstance(owner, np.generic):
        return [f"a single number has no {name}{_meant(name, dir(type(owner)), '.')}"]
    if owner is np and name in _model():
        return [f"numpy has no {name}; the model has one: `from model import {name}`"]
    if owner is np:
        return [f"numpy has no {name}{_meant(name, dir(np), 'np.')}"]
    if isinstance(owner, types.ModuleType):
        called = str(owner.__name__).replace("numpy.", "np.")
        return [f"{called} has no {name}{_meant(name, dir(owner), f'{called}.')}"]
    if owner is None:
        return [f"what stands before .{name} is None: does the function that made it `return` its result?"]
    if isinstance(owner, types.FunctionType):
        return [f"{owner.__name__} is a function: its value at this step is {owner.__name__}(s)"]
    return []


def _meant(name, known, before):
    near = _near(name, known)
    return f"; did you mean {before}{near}?" if near and near not in NOT_MEANT else ""


def _not_in_step(name, quantities):
    if name.startswith(("dJ_", "dJd")):
        return f"the step holds no gradients: {name} is a function of yours, called with the step"
    near = _near(name, quantities, 0.4) or next((q for q in quantities if q.lower() == name.lower()), "")
    nearest = f"the nearest quantity is s.{near}; " if near else ""
    return f"the step has no {name}: {nearest}it holds {', '.join(quantities)}"


def _model():
    return _public(vars(sys.modules["model"])) if "model" in sys.modules else []


def _public(names):
    return [name for name in names if not name.startswith("_") and name != "np"]


def _near(name, known, cutoff=0.6):
    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)), "")


def _ratio(a, b):
    return difflib.SequenceMatcher(None, a, b).ratio()
