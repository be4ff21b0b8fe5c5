"""Formulas and edits as JSON, for the tables on disk."""

from collections.abc import Sequence

import msgspec
import numpy as np

from grader.diagnosis.formulas.expression import Node
from grader.diagnosis.hypothesis import Edit
from grader.problem.model import Array


def packed(formulas: Sequence[tuple[Node, tuple[Edit, ...]]]) -> tuple[Array, Array]:
    """All of them in one array of bytes, and where each begins (N + 1,)."""
    texts = [encoded(node, edits) for node, edits in formulas]
    return np.cumsum([0, *map(len, texts)]), np.frombuffer(b"".join(texts), dtype=np.uint8)


def encoded(node: Node, edits: Sequence[Edit]) -> bytes:
    rows = [[edit.operator, edit.kind, edit.where, edit.statement, edit.cost, edit.within, edit.also] for edit in edits]
    return msgspec.json.encode([node, rows])


def decoded(data: bytes) -> tuple[Node, tuple[Edit, ...]]:
    node, edits = msgspec.json.decode(data)
    return as_node(node), tuple(Edit(*edit) for edit in edits)


def as_node(data: Sequence[object]) -> Node:
    """Nested lists, as JSON gives them, as a formula."""
    return tuple(as_node(part) if isinstance(part, list) else part for part in data)
