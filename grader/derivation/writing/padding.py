"""Terms that read windows of a padded array, written alike: the window that is the array itself, too."""

from grader.derivation.graph.indexing import Slice
from grader.derivation.graph.nodes import Node
from grader.derivation.simplify.algebra import Number


def seen_in_padding(terms: list[tuple[Number, Node]]) -> list[tuple[Number, Node]]:
    """The same terms, alike: where most read a window of a padded array, the one whose window is the array itself does, too."""
    walked = [list(term.walk()) for _, term in terms]
    padded = {each.args[0]: each for nodes in walked for each in nodes if each.op == "scatter" and _is_padding(each)}
    for array, whole in padded.items():
        read = [whole in nodes for nodes in walked]
        if sum(read) < 2 or all(read):
            continue
        bounds = zip(whole.get("index"), whole.shape, strict=False)
        clear = [entry if entry == Slice(None, None, None) else _numbered(entry, length) for entry, length in bounds]
        window = whole.graph.node("getitem", whole, index=tuple(clear))
        terms = [(c, term if has else _with(term, array, window)) for (c, term), has in zip(terms, read, strict=True)]
    return terms


def _is_padding(node: Node) -> bool:
    index = node.get("index")
    return len(node.args) == 1 and node.args[0].op == "leaf" and all(isinstance(entry, Slice) for entry in index)


def _numbered(entry: Slice, length: int) -> Slice:
    start, stop, step = slice(entry.start, entry.stop, entry.step).indices(length)
    return Slice(start, stop, entry.step and step)


def _with(node: Node, old: Node, new: Node) -> Node:
    """An expression with another one in place of a part of it."""
    replaced: dict[Node, Node] = {}
    for each in node.walk():
        args = [replaced[arg] for arg in each.args]
        same = args == list(each.args)
        replaced[each] = new if each is old else each if same else each.graph.node(each.op, *args, **dict(each.params))
    return replaced[node]
