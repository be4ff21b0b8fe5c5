"""Inside the sandbox: what a file uses that an exact derivative without a derivation would use.

Looks at names and constants of the compiled file; runs nothing.  It is evidence for a person, never a verdict: it comes from the
student's process, and every word of it has honest uses.
"""

import types

COMPLEX = "complex numbers"
WORDS = {
    COMPLEX: "complex complex64 complex128 complex256 csingle cdouble clongdouble c16 c32 cmath imag conj conjugate",
    "numbers of more than double precision": "longdouble clongdouble float96 float128 f16 decimal Decimal fractions Fraction",
    "a package for derivatives": "autograd jax torch tensorflow sympy mpmath numdifftools casadi",
}
SUSPECTS = {words: frozenset(suspects.split()) for words, suspects in WORDS.items()}


def evidence(code, namespace, model, quantities):
    """What a file uses, in words, at most one for each kind.

    Args:
        code: the compiled file.
        namespace: its names, once it has been executed.
        model: the names of the assignment's model.
        quantities: what a step holds.
    """
    names, constants = _used(code)
    found = [words for words, suspects in SUSPECTS.items() if not suspects.isdisjoint(names)]
    if any(type(constant) is complex for constant in constants) and COMPLEX not in found:
        found.insert(0, COMPLEX)
    if _model_is_called(namespace, model, quantities):
        found.append("the functions of the model")
    return found


def _used(code):
    """The names, and the constants, of code and of all functions in it."""
    names, constants, waiting = set(), [], [code]
    while waiting:
        code = waiting.pop()
        names.update(code.co_names)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                waiting.append(constant)
            elif isinstance(constant, str):
                names.add(constant)
            else:
                constants.append(constant)
    return names, constants


def _model_is_called(namespace, model, quantities):
    """Functions of the model that compute its quantities, imported by name; helpers such as sigmoid are meant to be."""
    computing = [
        value
        for name, value in model.items()
        if isinstance(value, types.FunctionType) and _computes(name, value, quantities)
    ]
    return any(value is function for value in list(namespace.values()) for function in computing)


def _computes(name, function, quantities):
    code = function.__code__
    parameters = code.co_varnames[: code.co_argcount]
    return name in quantities or (len(parameters) > 1 and all(parameter in quantities for parameter in parameters))
