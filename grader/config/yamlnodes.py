"""YAML as nodes, which know their lines.  Imported only for what is not JSON: reading YAML takes long to load."""

import re
from collections.abc import Hashable, Sequence
from typing import Any

import yaml

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# YAML 1.1 reads 1e-6 as a word, because the dot is missing: people mean the number.
_FLOAT = re.compile(r"^[-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?[eE][-+]?[0-9]+$")


# What PyYAML says, and what it means.
_WORDS = {"but found another document": "expected one document, found a second one after a line ---"}


class YamlError(Exception):
    """A text that cannot be used.

    Attributes:
        line: where, from 1; 0 where that is not known.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class _NumberLoader(_Loader):  # type: ignore[misc]
    pass


_NumberLoader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789"))
# A time stays as it is written: it may have no zone, and then it is in that of the section it stands in.
_NumberLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in _NumberLoader.yaml_implicit_resolvers.items()
}


def parse(text: str) -> Any:
    """The data in a text that was accepted as a config.yaml before."""
    return _NumberLoader(text).get_single_data()


def read(text: str) -> tuple[Any, Any]:
    """The data in a text, and its node.

    Raises:
        YamlError: it is not YAML, or has a key twice in one mapping.
    """
    try:
        loader = _NumberLoader(text)
        root: yaml.Node | None = loader.get_single_node()
        if root is None:
            return None, None
        _refuse_double_keys(root)
        return loader.construct_document(root), root
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise YamlError(line, f"not valid YAML: {_WORDS.get(error.problem or '', error.problem)}") from error
    except yaml.YAMLError as error:
        raise YamlError(0, f"not valid YAML: {' '.join(str(error).split())}") from error
    except (RecursionError, ValueError) as error:
        raise YamlError(0, f"not usable YAML: {error}") from error


def line_of(root: Any, keys: Sequence[str | int]) -> int:
    """Line (from 1) of the value at `keys`, or of the deepest part of the path that exists."""
    node, line = root, 1
    for key in keys:
        found = _child(node, key)
        if found is None:
            break
        at, node = found
        line = at.start_mark.line + 1
    return line


def _refuse_double_keys(node: yaml.Node) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: set[Hashable] = set()
        for key, value in node.value:
            if key.value in seen:
                raise YamlError(key.start_mark.line + 1, f"the key {key.value} stands here twice")
            seen.add(key.value)
            _refuse_double_keys(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_double_keys(item)


def _child(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((k, v) for k, v in node.value if k.value == str(key)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None
