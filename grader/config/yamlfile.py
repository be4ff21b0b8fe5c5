"""Read a YAML file and remember where each value stands.  Knows no keys."""

import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from grader.errors import ConfigError, reason_of

Key = str | int


def require_file(path: Path, key: str) -> None:
    """Refuse a file that is not there, where `key` of config.yaml names it and may name none.

    Raises:
        ConfigError: it is not there.
    """
    if not path.exists():
        raise ConfigError(f'{path}: there is no such file; config.yaml names it: {key}: "" is for none')


class YamlFile:
    """One parsed file: its `data`, and the line of any path into it."""

    def __init__(self, path: Path) -> None:
        """Parse `path`.

        Raises:
            ConfigError: unreadable, not UTF-8, not YAML, or a key twice in one mapping.
        """
        self.path = path
        try:
            self._text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ConfigError(f"{path}: cannot be read: {reason}") from error
        data = _as_json(self._text)
        self.data = self._read[0] if data is None else data

    def line(self, keys: Sequence[Key]) -> int:
        """Line (from 1) of the value at `keys`, or of the deepest part of the path that exists."""
        from grader.config.yamlnodes import line_of

        return line_of(self._read[1], keys)

    def where(self, keys: Sequence[Key]) -> str:
        """`config.yaml:41: sandbox.memory_mb`, the start of every message about a value."""
        return f"{self.path}:{self.line(keys)}: {dotted(keys)}"

    @cached_property
    def _read(self) -> tuple[Any, Any]:
        """The data and the nodes, read as YAML."""
        from grader.config.yamlnodes import YamlError, read

        try:
            return read(self._text)
        except YamlError as error:
            place = f"{self.path}:{error.line}" if error.line else f"{self.path}"
            raise ConfigError(f"{place}: {error}") from error


def _as_json(text: str) -> Any:
    """The data where the text is JSON below a comment, as in a handout; None where it is not, or has a key twice."""
    lines = text.splitlines()
    while lines and lines[0].startswith("#"):
        del lines[0]
    if not lines or not lines[0].startswith("{"):
        return None
    try:
        return json.loads("\n".join(lines), object_pairs_hook=_without_doubles, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _refuse(_: str) -> None:
    raise ValueError  # NaN and Infinity are words in YAML


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
