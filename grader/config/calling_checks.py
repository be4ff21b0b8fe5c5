"""What the types of a config cannot say about `functions` and `groups`: the names in them must exist, and fit together."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from grader.config.calling import Function
from grader.config.problems import Problem, no_such
from grader.config.yamlfile import Key
from grader.errors import did_you_mean

IGNORED = "_"  # an output that is not asked for


def interface_problems(
    functions: Sequence[Function],
    groups: Mapping[str, Sequence[str]],
    quantities: Sequence[str],
    gradients: Sequence[str],
) -> Iterator[Problem]:
    """Every problem of the sections `functions` and `groups`."""
    for name, members in groups.items():
        yield from _group(name, members, groups, quantities, gradients)
    given = [*quantities, *groups]
    returned: dict[str, str] = {}
    claimed = {name for function in functions for name in function.returns}
    free = [name for name in gradients if name not in claimed]
    for i, function in enumerate(functions):
        place: list[Key] = ["functions", i]
        if function.name in [other.name for other in functions[:i]]:
            yield Problem([*place, "name"], f"expected a name of its own, found {function.name} again")
        elif function.name in gradients and function.name not in function.returns:
            found = f"found {function.name}, a gradient that is not among them"
            yield Problem(
                [*place, "name"], f"expected another name than that of a gradient, or one it returns; {found}"
            )
        yield from _returns(function, [*place, "returns"], gradients, returned, free)
        known = [*given, *(gradient for gradient in gradients if gradient not in function.returns)]
        yield from _known([*place, "parameters"], "a quantity, a group or a gradient", function.parameters or (), known)
        yield from _known([*place, "attributes"], "a quantity or a group", function.attributes, given)
        if function.attributes and not function.is_method:
            found = f"found the function {function.name}"
            yield Problem(
                [*place, "attributes"], f"expected a method, Class.{function.name}: only these have any; {found}"
            )


def _returns(
    function: Function, place: list[Key], gradients: Sequence[str], returned: dict[str, str], free: list[str]
) -> Iterator[Problem]:
    for k, name in enumerate(function.returns):
        if name not in gradients and name != IGNORED:
            # Only a gradient that no function returns can be meant; otherwise this one was deleted.
            what = f"expected a gradient ({', '.join(gradients)}), found {name}"
            alone = len(function.returns) == 1
            instead = f"; {'delete the function' if alone else f'write {IGNORED} in its place'} if you don't ask for it"
            yield Problem([*place, k], what + (did_you_mean(name, free) or instead))
        if name in returned:
            yield Problem(
                [*place, k], f"expected a gradient that no other returns, found {name}, as in {returned[name]}"
            )
        elif name != IGNORED:
            returned[name] = function.name


def _group(
    name: str,
    members: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    quantities: Sequence[str],
    gradients: Sequence[str],
) -> Iterator[Problem]:
    if name in quantities or name in gradients:
        kind = "quantity" if name in quantities else "gradient"
        yield Problem(["groups", name], f"expected a name of its own, found that of a {kind}")
    yield from _known(["groups", name], "a quantity or another group", members, [*quantities, *groups])
    if name in _inside(members, groups):
        yield Problem(["groups", name], f"expected a group that is no part of itself, found {name} in {name}")


def _inside(members: Collection[str], groups: Mapping[str, Sequence[str]]) -> set[str]:
    """The groups in a group, at any depth."""
    found: set[str] = set()
    waiting = [name for name in members if name in groups]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [other for other in groups[name] if other in groups]
    return found


def _known(place: list[Key], what: str, names: Sequence[str], known: Sequence[str]) -> Iterator[Problem]:
    for k, name in enumerate(names):
        if name not in known:
            yield Problem([*place, k], no_such(what, name, list(known)))
