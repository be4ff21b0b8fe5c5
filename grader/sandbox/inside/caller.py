"""Inside the sandbox: call one function of the student's, and turn what it returns into plain arrays or what went wrong."""

import time
import warnings
from functools import partial

import numpy as np

from grader.sandbox.inside import salvage
from grader.sandbox.inside.messages import MAX_WARNINGS, clean, failure, innermost, type_name, warnings_in_words
from grader.sandbox.shared.interface import Missing, folded

MAX_ENTRIES = 2**20
MAX_DIMENSIONS = 6
MAX_LINE = 400
MAX_AGAIN_SECONDS = 0.2  # of processor time: a function that took longer is not run again in parts
PLAIN_KINDS = "biufc"
DOUBLE = np.dtype("<f8")


class Caller:
    """Calls the functions of a file, each once a point, whatever the number of gradients that it returns."""

    def __init__(self, interface, file, text, asked, explain, trace, limit):
        self.interface, self.file, self.text, self.asked = interface, file, text, asked
        self.explain, self.trace, self.limit = explain, trace, limit

    def __call__(self, gradient, pristine, copy):
        """(event, array or None) of a gradient and, by name, of those that come with it; of it alone where it is traced."""
        point, arrays, buffer = copy
        names = [gradient] if self.trace is not None else self.interface.together(gradient)
        timed = len(names) > 1 or self.explain is not None
        started = time.process_time() if timed else 0.0
        with warnings.catch_warnings(record=True) as caught:
            outputs = self._outputs(names, gradient, point, pristine.sizes)
            error, spent = outputs[gradient][2], time.process_time() - started if timed else 0.0
            if len(names) > 1 and isinstance(error, Exception) and spent <= MAX_AGAIN_SECONDS:
                in_parts = partial(salvage.in_parts, text=self.text, error=error, spent=spent)
                parts = self._outputs(names, gradient, pristine.copy()[0], pristine.sizes, in_parts)
                outputs = self._with_roots(parts) if any(one[2] is None for one in parts.values()) else outputs
        event, _, error = outputs[gradient]
        if caught:
            event["warnings"] = [*event.get("warnings", ()), *warnings_in_words(caught, self.limit)][:MAX_WARNINGS]
        mutated = pristine.changed(arrays, buffer)
        if mutated:
            event["mutated"] = mutated
        if error is not None and self.explain is not None:
            event["explanation"] = whole(self.explain(error, gradient, point, pristine.sizes, spent, self.interface))
        if len(names) == 1:
            return {gradient: outputs[gradient][:2]}
        return {name: (dict(event), value) for name, (event, value, _) in outputs.items()}

    def _with_roots(self, parts):
        """The outputs of a function, each that failed with the first one that the same exception cost."""
        for event, _, error in parts.values():
            if error is not None:
                event["within"] = next(root for root in self.interface.of if root in parts and parts[root][2] is error)
        return parts

    def _outputs(self, names, gradient, point, sizes, adapt=None):
        """(event, array or None, exception or None) of each gradient that the function of one returns."""
        interface, trace, function = self.interface, self.trace, None
        try:
            function, owner = interface.function(gradient)
            function = function if adapt is None else adapt(function)
            if trace is None:
                returned = interface.call(gradient, point, function, owner)
            else:
                returned = trace(lambda: interface.call(gradient, point, function, owner), function, sizes)
        except Missing as missing:
            return dict.fromkeys(names, (self._missing(gradient, str(missing)), None, None))
        except BaseException as error:
            return dict.fromkeys(names, self._failed(error, function))
        if len(names) == 1:
            return {gradient: self._output(gradient, returned, owner, several=False)}
        return {name: self._output(name, returned, owner) for name in names}

    def _output(self, name, returned, owner, several=True):
        try:
            value, remark = self.interface.output(name, returned, owner)
            if (error := salvage.error_of(returned if value is None else value)) is not None:
                return self._failed(error)
            value, event = _plain(value, self.limit)
        except BaseException as error:  # converting it runs code of the student's
            return self._failed(error)
        if value is not None and remark:
            event["warnings"] = [clean(remark, self.limit)]
        elif remark:
            event["message"] = clean(remark, self.limit)
        # A file may write its next result into the same array.
        return event, value.copy() if several and value is not None else value, None

    def _failed(self, error, function=None):
        event = failure(error, self.file, self.limit)
        if isinstance(error, NotImplementedError):
            return {**event, "outcome": "missing"}, None, None
        if not event["line"] and self.interface.has_arguments:  # the call itself failed
            event["line"] = getattr(getattr(function, "__code__", None), "co_firstlineno", 0)
        return {**event, "within": innermost(error, self.file, self.asked)}, None, error

    def _missing(self, gradient, why):
        declared = self.interface.declared(gradient)
        found = why or _missing(self.interface.namespace, declared.owner, self.asked)
        if not found and declared.name != gradient:
            found = f"there is no {'class' if declared.method else 'function'} {declared.owner}"
        return {"outcome": "missing", "message": clean(found, self.limit)}


def whole(lines):
    """The lines of an explanation; one that would be cut is left out, for the grader would take the rest for a forgery."""
    return [clean(line, MAX_LINE) for line in lines if len(line) <= MAX_LINE]


def _missing(namespace, wanted, asked):
    """Why the function `wanted` is missing, as far as the names in the file show; else "".

    Args:
        asked: the names of all functions that are asked for; none of them is another one misspelled.
    """
    if namespace.get(wanted) is not None:
        return f"{wanted} is {type(namespace[wanted]).__name__}, not a function"
    for alike in (_same, _begins):
        for name, value in list(namespace.items()):
            if isinstance(name, str) and name not in asked and alike(folded(name), folded(wanted)) and callable(value):
                return f"the file has a function {name}: did you mean {wanted}?"
    return ""


def _same(name, wanted):
    """dJ_dHprev and dj_dh_prev are one name to the eye."""
    return name == wanted


def _begins(name, wanted):
    """affine_backwards for affine_backward."""
    short, long = sorted((name, wanted), key=len)
    return len(short) > 5 and len(long) - len(short) < 3 and long.startswith(short)


def _plain(returned, limit):
    """What was returned as an array of a plain type, or why it is none."""
    name = "ndarray" if type(returned) is np.ndarray else clean(type_name(returned), 200)
    event = {"outcome": "returned", "returned": name}
    if returned is None:
        return None, event
    try:
        array = np.asarray(returned)
    except (ValueError, TypeError) as error:  # ragged lists
        return None, {**event, "message": clean(str(error), limit)}
    if array.dtype.kind not in PLAIN_KINDS:
        return None, {**event, "message": f"the type of its entries is {clean(str(array.dtype), 100)}"}
    if array.size > MAX_ENTRIES or array.ndim > MAX_DIMENSIONS:
        return None, {**event, "message": f"it has shape {array.shape}"[:limit]}
    array = array if array.dtype is DOUBLE else _as_sent(array)
    event["dtype"], event["shape"] = array.dtype.str, array.shape
    return array, event


def _as_sent(array):
    """Little-endian, and with no more bytes to a number than a reply may have."""
    if array.dtype == np.longdouble or array.dtype == np.clongdouble:
        return array.astype("<c16" if array.dtype.kind == "c" else "<f8")
    return array.astype(array.dtype.newbyteorder("<"), copy=False)
