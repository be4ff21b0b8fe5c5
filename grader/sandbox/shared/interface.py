"""How the functions of a file are called, and which of their outputs is which gradient.

Runs beside students' code in the sandbox, and on an instructor's solution outside.

A function takes one sample point or, by name or in a declared order, quantities, groups of them, and the student's own gradients.
It returns one gradient or several.
"""

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

FUNCTION, METHOD = types.FunctionType, types.MethodType
VARKEYWORDS = 8  # a flag of a code object: it takes any other argument by name
WHOLE = "s"  # a parameter of this name, where no quantity has it, is the sample point
MAX_KEYS = 10  # of a dict that are named


class NotCallable(TypeError):
    """A function cannot be called with what its parameters ask for.

    Attributes:
        function: its name.
        unknown: a parameter that nothing can be given for.
        near: a name that differs from it in capitals or underscores only, or "".
        known: the names that parameters may have.
        chain: the gradients that need one another as parameters.
    """

    function = unknown = near = ""
    known: Sequence[str] = ()
    chain: Sequence[str] = ()


NotCallable.__name__ = "TypeError"  # as Python calls it, and students read


class Missing(Exception):
    """The file has no such function; the text says why, where that is known."""


class Group(tuple[Any, ...]):
    """Several quantities as one argument: unpacked in their order, or taken by name, as in cache["x"] or cache.x."""

    _names: tuple[str, ...]

    def __new__(cls, names: Iterable[str], values: Iterable[Any]) -> "Group":
        group = super().__new__(cls, values)
        group._names = tuple(names)
        return group

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            if key not in self._names:
                raise KeyError(key)
            return self[self._names.index(key)]
        return super().__getitem__(key)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"it has no {name}: it holds {', '.join(self._names)}", name=name, obj=self)
        return self[name]

    def keys(self) -> list[str]:
        return list(self._names)

    def items(self) -> list[tuple[str, Any]]:
        return list(zip(self._names, self, strict=True))


class Declared:
    """A function that returns gradients, as the config declares it."""

    def __init__(
        self, name: str, returns: Iterable[str], parameters: Sequence[str] | None = None, attributes: Sequence[str] = ()
    ) -> None:
        self.name, self.returns, self.parameters, self.attributes = name, list(returns), parameters, attributes
        self.owner, _, self.method = name.partition(".")


class Interface:
    """The functions of one file, once it is executed."""

    def __init__(
        self, described: Mapping[str, Any], namespace: Mapping[str, Any], own: Mapping[str, Any] | None = None
    ) -> None:
        """Use the names in `namespace`.

        Args:
            own: gradients that are given as arguments instead of being computed; `used` are those that were.
            described: `by_name`; `of`, the quantity of each gradient; `groups`; and `functions`, the arguments of `Declared`.
        """
        self.namespace = namespace
        self.by_name: bool = described["by_name"]
        self.of: Mapping[str, str] = described["of"]
        self.groups: Mapping[str, Sequence[str]] = described["groups"]
        self._declared: dict[str, Declared] = {}
        for declared in [Declared(*one) for one in described["functions"]]:
            self._declared.update(dict.fromkeys(declared.returns, declared))
        self._given = own or {}
        self.used: set[str] = set()
        self._waiting: list[str] = []  # gradients that are computed as arguments of one another

    @property
    def has_arguments(self) -> bool:
        """Whether functions take more than a sample point."""
        return self.by_name or any(one.parameters is not None for one in self._declared.values())

    def declared(self, gradient: str) -> Declared:
        """The function that returns a gradient: one of its own name, where no other is declared."""
        return self._declared.get(gradient) or Declared(gradient, [gradient])

    def together(self, gradient: str) -> list[str]:
        """The gradients that come from one call with this one, itself among them."""
        returns = self.declared(gradient).returns
        return returns if len(returns) == 1 else [name for name in returns if name in self.of]

    def function(self, gradient: str) -> tuple[Callable[..., Any], Any]:
        """(the student's function, the object that it is a method of or None).

        Raises:
            Missing: there is none.
        """
        declared = self.declared(gradient)
        found = self.namespace.get(declared.owner)
        if not declared.method:
            if not callable(found):
                raise Missing
            return found, None
        if not isinstance(found, type):
            raise Missing("" if found is None else f"{declared.owner} is {type(found).__name__}, not a class")
        if not callable(getattr(found, declared.method, None)):
            raise Missing(f"the class {declared.owner} has no method {declared.method}")
        owner = _made(found)
        return getattr(owner, declared.method), owner

    def call(self, gradient: str, point: Any, function: Callable[..., Any], owner: Any = None) -> Any:
        """What the function of a gradient returns at a point.

        Args:
            function, owner: as `function` gives them.
        """
        declared = self.declared(gradient)
        if declared.parameters is None and not self.by_name and owner is None:
            return function(point)
        for name in declared.attributes:
            setattr(owner, name, self._argument(name, point))
        return self._called(function, declared, point)

    def _called(self, function: Callable[..., Any], declared: Declared, point: Any) -> Any:
        if declared.parameters is not None:
            names, _, _ = _parameters(function)
            given = [(name, self._argument(name, point)) for name in declared.parameters]
            if sorted(names) == sorted(declared.parameters):  # in whatever order the student has them
                given.sort(key=lambda pair: names.index(pair[0]))
            return function(*[value for _, value in given])
        if not self.by_name:
            return function(point)
        names, optional, takes_all = _parameters(function)
        known = [*vars(point), *self.groups, *self.of]
        by_name = dict(vars(point)) if takes_all else {}
        for name in names:
            if name in known:
                by_name[name] = self._argument(name, point)
            elif name == WHOLE:
                by_name[name] = point
            elif name not in optional:
                raise _unknown(declared.name, name, known)
        return function(**by_name)

    def _argument(self, name: str, point: Any) -> Any:
        if name in vars(point):
            return vars(point)[name]
        if name in self.groups:
            members = self.groups[name]
            return Group(members, [self._argument(member, point) for member in members])
        return self._own(name, point)

    def _own(self, gradient: str, point: Any) -> Any:
        """The student's own gradient, as an argument of another one."""
        if gradient in self._given:
            self.used.add(gradient)
            return self._given[gradient]
        if gradient in self._waiting:
            error = NotCallable(f"these gradients need one another: {' → '.join([*self._waiting, gradient])}")
            error.chain = (*self._waiting, gradient)
            raise error
        self._waiting.append(gradient)
        try:
            function, owner = self.function(gradient)
            return self.output(gradient, self.call(gradient, point, function, owner), owner)[0]
        except Missing as missing:
            raise NameError(f"name '{self.declared(gradient).owner}' is not defined") from missing
        finally:
            self._waiting.pop()

    def output(self, gradient: str, returned: Any, owner: Any) -> tuple[Any, str]:
        """(the gradient in what its function returned, a remark on what is wrong with the number of outputs or "").

        Where it is not there, the gradient is None.
        """
        declared = self.declared(gradient)
        names, called = declared.returns, declared.name
        if len(names) == 1 and owner is None and type(returned) is not dict:
            return returned, ""
        if isinstance(returned, dict):
            key = next((key for key in (gradient, self.of.get(gradient)) if key in returned), None)
            if key is not None:
                return returned[key], _none(called, gradient) if returned[key] is None else ""
            keys = ", ".join([key for key in returned if isinstance(key, str) and key.isidentifier()][:MAX_KEYS])
            return None, f"{called} returns a dict without {gradient}" + (f"; its keys are {keys}" if keys else "")
        place, several = names.index(gradient), len(names) > 1 and isinstance(returned, (tuple, list))
        outputs = list(returned) if several else [] if returned is None else [returned]
        if owner is not None and (not several or place >= len(outputs)) and (place or returned is None):
            kept = getattr(owner, "__dict__", {}).get(gradient)  # as self.dw = ...
            if kept is not None:
                return kept, ""
        if returned is None or len(names) == 1:
            return returned, ""
        remark = ""
        if len(outputs) != len(names):
            arrays = "array" if len(outputs) == 1 else "arrays"
            remark = f"{called} returns {len(outputs)} {arrays}; {len(names)} are expected: {', '.join(names)}"
        if place >= len(outputs):
            return None, remark
        if outputs[place] is None:
            return None, _none(called, gradient)
        return outputs[place], remark if len(outputs) > len(names) else ""


def _unknown(called: str, name: str, known: Sequence[str]) -> NotCallable:
    near = next((one for one in known if folded(one) == folded(name)), "")
    error = NotCallable(f"there is no quantity {name}" + (f"; did you mean {near}?" if near else ""))
    error.function, error.unknown, error.near, error.known = called, name, near, known
    return error


def _none(called: str, gradient: str) -> str:
    return f"{called} returns None for {gradient}"


def _made(cls: Any) -> Any:
    """An object of a class: made without arguments or, where its __init__ wants some, without it."""
    names, optional, _ = _parameters(getattr(cls, "__init__", None))
    return cls() if len(names) - len(optional) <= 1 else cls.__new__(cls)


def _parameters(function: Any) -> tuple[list[str], list[str], bool]:
    """(the names of a function's parameters, those that have a default, whether it takes any other by name)."""
    bound = type(function) is METHOD
    function = function.__func__ if bound else function
    wrapped = getattr(function, "__wrapped__", function)  # what a decorator was put around
    function = wrapped if type(wrapped) is FUNCTION else function
    if type(function) is not FUNCTION:
        return [], [], False
    code = function.__code__
    count, only = code.co_argcount, code.co_kwonlyargcount
    names = list(code.co_varnames[: count + only])
    defaults = len(function.__defaults__ or ())
    optional = [*names[count - defaults : count], *(function.__kwdefaults__ or ())]
    return names[bound:], optional, bool(code.co_flags & VARKEYWORDS)


def folded(name: str) -> str:
    """A name as the eye sees it."""
    return name.replace("_", "").lower()
