"""Functions of a sample point, `dJ_dU(s)`, as functions that take ordinary arguments or return several gradients."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

POINT = "s"


class Called(Struct, frozen=True):
    """A function to write: its arguments and outputs, as under `functions` in config.yaml."""

    name: str
    returns: Sequence[str]
    parameters: Sequence[str] | None = None
    attributes: Sequence[str] = ()


class Calling(Struct, frozen=True):
    """How all functions are called.

    Attributes:
        by_name: a function without declared parameters takes what it uses, by name; otherwise a sample point.
    """

    functions: Sequence[Called]
    quantities: Sequence[str]
    groups: Mapping[str, Sequence[str]]
    by_name: bool


class CannotBeWritten(Exception):
    """The formulas use what a function is not given, or are no list of statements with one `return`."""


def as_called(source: str, gradients: Sequence[str], calling: Calling) -> str:
    """The same formulas in the functions that `calling` asks for.

    Args:
        source: a file with a function of a sample point for each of `gradients`.

    Raises:
        CannotBeWritten: there is no such file.
    """
    others, bodies = _read(source, gradients)
    made = [_Function(called, calling, bodies).written() for called in calling.functions]
    head = ast.unparse(ast.fix_missing_locations(ast.Module(others, [])))
    texts = [ast.unparse(ast.fix_missing_locations(one)) for one in made]
    return "\n\n\n".join(filter(None, [head, *texts])) + "\n"


def _read(source: str, gradients: Sequence[str]) -> tuple[list[ast.stmt], dict[str, list[ast.stmt]]]:
    """(what else is in the file, the statements of each gradient's function)."""
    others: list[ast.stmt] = []
    bodies = {}
    for node in ast.parse(source).body:
        if not (isinstance(node, ast.FunctionDef) and node.name in gradients):
            others.append(node)
            continue
        body = node.body[1:] if ast.get_docstring(node) is not None else node.body
        returns = [one for one in ast.walk(node) if isinstance(one, ast.Return)]
        if [argument.arg for argument in node.args.args] != [POINT] or returns != body[-1:] or not returns[0].value:
            raise CannotBeWritten
        bodies[node.name] = body
    if set(bodies) != set(gradients):
        raise CannotBeWritten
    return others, bodies


class _Function:
    """One function that is written: the formulas of its gradients, and of those that they build on and that it is not given."""

    def __init__(self, called: Called, calling: Calling, bodies: Mapping[str, list[ast.stmt]]) -> None:
        self.called, self.calling, self.bodies = called, calling, bodies
        self.asked = [name for name in called.returns if name in bodies]
        self.takes_names = called.parameters is None and calling.by_name
        self.takes_point = called.parameters is None and not calling.by_name
        # One that chooses its parameters takes the gradients that it builds on from their own functions.
        given = set(bodies).difference(self.asked) if self.takes_names else set(called.parameters or ())
        self.given = [name for name in bodies if name in given]

    def written(self) -> ast.stmt:
        body = [one for name in self._in_order(self.asked) for one in self._statements(name)]
        used = {node.id for one in body for node in ast.walk(one) if isinstance(node, ast.Name)}
        chosen = [name for name in (*self.calling.quantities, *self.given) if name in used]
        parameters = self.called.parameters or (chosen if self.takes_names else [POINT] if self.takes_point else [])
        unpacked = [_assignment(name, f"self.{name}") for name in self.called.attributes]
        unpacked += self._unpacked([*parameters, *self.called.attributes])
        known = {*parameters, *_stored(unpacked)}
        if not self.takes_point and used.intersection([*self.calling.quantities, POINT]) - known:
            raise CannotBeWritten
        outputs = ", ".join(name if name in self.asked else "None" for name in self.called.returns)
        result = ast.parse(outputs, mode="eval").body
        if len(self.called.returns) == 1 and isinstance(body[-1], ast.Assign):
            result = body.pop().value  # type: ignore[attr-defined]
        body.append(ast.Return(result))
        owner, _, method = self.called.name.partition(".")
        arguments = ", ".join([*(["self"] if method else []), *parameters])
        function = _made(f"def {method or owner}({arguments}): pass", [*unpacked, *body])
        return _made(f"class {owner}: pass", [function]) if method else function

    def _in_order(self, wanted: Iterable[str], path: tuple[str, ...] = ()) -> list[str]:
        """Gradients, and those that they build on, each after what it needs."""
        found: list[str] = []
        for name in wanted:
            if name in path:
                raise CannotBeWritten
            needed = [other for other in _calls(self.bodies[name], self.bodies) if other not in self.given]
            found += [other for other in [*self._in_order(needed, (*path, name)), name] if other not in found]
        return found

    def _statements(self, name: str) -> list[ast.stmt]:
        """`name = ...` from the body of its function, whose own variables are renamed where they may mean something else."""
        body = ast.parse("\n".join(map(ast.unparse, self.bodies[name]))).body
        elsewhere = {*self.calling.quantities, *self.calling.groups, *self.bodies}
        elsewhere.update(*(_stored(other) for key, other in self.bodies.items() if key != name))
        own = {variable: f"{variable}_{name}" for variable in _stored(body) if variable in elsewhere}
        put = _Put(own, self.bodies, keeps_point=self.takes_point)
        statements = [put.visit(one) for one in body]
        last = statements.pop()
        assert isinstance(last, ast.Return)
        assert last.value is not None
        return [*statements, ast.Assign([ast.Name(name, ast.Store())], last.value)]

    def _unpacked(self, names: Iterable[str]) -> list[ast.stmt]:
        found: list[ast.stmt] = []
        for group in names:
            members = self.calling.groups.get(group, ())
            if members:
                found.append(_assignment(f"{', '.join(members)},", group))
                found += self._unpacked(members)
        return found


class _Put(ast.NodeTransformer):
    """Quantities as plain names, calls of gradients as their results, and variables under other names."""

    def __init__(self, own: Mapping[str, str], gradients: Iterable[str], *, keeps_point: bool) -> None:
        self.own, self.gradients, self.keeps_point = own, set(gradients), keeps_point

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.value, ast.Name) and node.value.id == POINT and not self.keeps_point:
            return ast.Name(node.attr, node.ctx)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        if isinstance(node.func, ast.Name) and node.func.id in self.gradients:
            return ast.Name(node.func.id, ast.Load())
        self.generic_visit(node)
        return node

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.Name(self.own.get(node.id, node.id), node.ctx)


def _made(head: str, body: list[ast.stmt]) -> ast.stmt:
    made = ast.parse(head).body[0]
    made.body = body  # type: ignore[attr-defined]
    return made


def _assignment(target: str, value: str) -> ast.stmt:
    return ast.parse(f"{target} = {value}").body[0]


def _stored(statements: Iterable[ast.stmt]) -> Iterator[str]:
    for one in statements:
        for node in ast.walk(one):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _calls(body: Iterable[ast.stmt], gradients: Iterable[str]) -> list[str]:
    called = [
        node.func.id
        for one in body
        for node in ast.walk(one)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    ]
    return [name for name in gradients if name in called]
