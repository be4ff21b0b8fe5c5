"""Reverse mode: from the gradient by a result to the gradients by all that it is computed from.

J depends on a through every node that uses a, and the paths add up:   dJ/da = Σ over uses  (its rule)(dJ/d use)
"""

from collections.abc import Iterable

from grader.derivation.graph.nodes import Node
from grader.derivation.graph.recorder import RULES, Tracer, call


def gradients(root: Node, seed: Node, wanted: Iterable[Node]) -> dict[Node, Node]:
    """The gradients by each node between `root` and the `wanted` ones, for the gradient `seed` by `root`."""
    order = list(root.walk())
    towards = _leading_to(order, set(wanted))
    found: dict[Node, Tracer] = {root: Tracer(seed)}
    for node in reversed(order):
        if node in found and node in towards and node.args:
            for argument, part in zip(node.args, _parts(node, found[node]), strict=True):
                if part is not None and argument in towards:
                    fitted = undo_broadcast(part, argument)
                    found[argument] = found[argument] + fitted if argument in found else fitted
    return {node: gradient.node for node, gradient in found.items()}


def _leading_to(order: list[Node], wanted: set[Node]) -> set[Node]:
    """The nodes that depend on a wanted one."""
    towards = set(wanted)
    for node in order:
        if any(argument in towards for argument in node.args):
            towards.add(node)
    return towards


def _parts(node: Node, gradient: Tracer) -> tuple[Tracer | None, ...]:
    rule = RULES[node.op].gradient
    if rule is None:
        return (None,) * len(node.args)
    parts: tuple[Tracer | None, ...] = rule(gradient, Tracer(node), *map(Tracer, node.args), **dict(node.params))
    return parts


def undo_broadcast(part: Tracer, argument: Node) -> Tracer:
    """Sum over the axes along which the argument was repeated."""
    if part.node.shape == argument.shape:
        return part
    extra = part.ndim - len(argument.shape)
    if extra < 0:
        repeated: Tracer = call("broadcast_to", (part, argument.shape), {})
        return repeated
    summed = part.sum(axis=tuple(range(extra))) if extra else part
    ones = tuple(k for k, size in enumerate(argument.shape) if size == 1 and summed.node.shape[k] > 1)
    return summed.sum(axis=ones, keepdims=True) if ones else summed
