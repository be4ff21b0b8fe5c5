"""Read a YAML file and remember where each value stands.  Knows no keys."""

import re
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

import yaml

from grader.errors import ConfigError

Key = str | int
_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

# YAML 1.1 reads 1e-6 as a word, because the dot is missing: people mean the number.
_FLOAT = re.compile(r"^[-+]?(?:[0-9][0-9_]*)(?:\.[0-9_]*)?[eE][-+]?[0-9]+$")


def require_file(path: Path, key: str) -> None:
    """Refuse a file that is not there, where `key` of config.yaml names it and may name none.

    Raises:
        ConfigError: it is not there.
    """
    if not path.exists():
        raise ConfigError(f'{path}: there is no such file; config.yaml names it: {key}: "" is for none')


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


class YamlFile:
    """One parsed file: its `data`, and the line of any path into it."""

    def __init__(self, path: Path) -> None:
        """Parse `path`.

        Raises:
            ConfigError: unreadable, not UTF-8, not YAML, or a key twice in one mapping.
        """
        self.path = path
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ConfigError(f"{path}: cannot be read: {reason}") from error
        try:
            loader = _NumberLoader(text)
            self._root: yaml.Node | None = loader.get_single_node()
            if self._root is not None:
                self._refuse_double_keys(self._root)
            self.data = None if self._root is None else loader.construct_document(self._root)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise ConfigError(f"{path}:{line}: not valid YAML: {error.problem}") from error
        except yaml.YAMLError as error:
            raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
        except (RecursionError, ValueError) as error:
            raise ConfigError(f"{path}: not usable YAML: {error}") from error

    def line(self, keys: Sequence[Key]) -> int:
        """Line (from 1) of the value at `keys`, or of the deepest part of the path that exists."""
        node, line = self._root, 1
        for key in keys:
            found = _child(node, key)
            if found is None:
                break
            at, node = found
            line = at.start_mark.line + 1
        return line

    def where(self, keys: Sequence[Key]) -> str:
        """`config.yaml:41: sandbox.memory_mb`, the start of every message about a value."""
        return f"{self.path}:{self.line(keys)}: {dotted(keys)}"

    def _refuse_double_keys(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            seen: set[Hashable] = set()
            for key, value in node.value:
                if key.value in seen:
                    raise ConfigError(f"{self.path}:{key.start_mark.line + 1}: the key {key.value} stands here twice")
                seen.add(key.value)
                self._refuse_double_keys(value)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._refuse_double_keys(item)


def at(data: Any, keys: Sequence[Key]) -> Any:
    """What stands at `keys`, None where nothing does."""
    for key in keys:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def dotted(keys: Sequence[Key]) -> str:
    """`["gradients", 2, "of"]` as `gradients[2].of`; the empty path is the file itself."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)
    return text.removeprefix(".") or "(the whole file)"


def _child(node: yaml.Node | None, key: Key) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((k, v) for k, v in node.value if k.value == str(key)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None
