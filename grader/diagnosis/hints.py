"""Hints: three levels for each mistake, from the built-in texts and those that the assignment puts in their place.

Knows texts and placeholders; computes nothing, and never sees an answer.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from grader.config.keys import Gradient
from grader.config.yamlfile import Key, YamlFile, require_file
from grader.diagnosis.misconceptions import misconceptions
from grader.errors import ConfigError, did_you_mean
from grader.problem.assignment import Assignment

LEVELS = 3
PLACEHOLDERS = ("gradient", "of", "shape", "entry", "letters", "indices", "next", "loss", "where", "within")
ANY = "any"
INDEX_LETTERS = "ijklmn"
_BUILT_IN = Path(__file__).with_name("hints.yaml")


@dataclass(frozen=True)
class Entry:
    """Texts for some operators or kinds of mistake, for all gradients or some.

    Attributes:
        topics: slugs of operators, kinds of mistake, or "any".
        texts: one per level, with placeholders.
        gradients: those that it is for; none for all.
        where: the quantities, factors or products for which its texts hold; none for all.
    """

    topics: tuple[str, ...]
    texts: tuple[str, ...]
    gradients: tuple[str, ...] = ()
    where: tuple[str, ...] = ()

    def fits(self, gradient: str, where: str) -> bool:
        """Whether its texts are true of a mistake made in `where`."""
        return (not self.gradients or gradient in self.gradients) and (not self.where or where in self.where)


def load_hints(assignment: Assignment, topics: Sequence[str] = ()) -> tuple[Entry, ...]:
    """The entries that apply to an assignment, the first that fits to be used: its own, then the built-in ones.

    Args:
        topics: what an entry may be for; anything where empty.

    Raises:
        ConfigError: the file that config.yaml names cannot be used.
    """
    wanted = assignment.config.hints.file
    path = assignment.folder / wanted
    own: tuple[Entry, ...] = ()
    if wanted and assignment.reference is not None:
        require_file(path, "hints.file")
    if wanted and (assignment.reference is not None or path.exists()):  # students do not have the file
        own = _load(path, tuple(assignment.names), tuple(topics))
    named = tuple(
        Entry((entry.name,), tuple(entry.hints), tuple(entry.gradients))
        for entry in misconceptions(assignment)
        if entry.hints is not None
    )
    return named + own + _load(_BUILT_IN, (), ())


def hints_for(
    entries: Sequence[Entry],
    assignment: Assignment,
    gradient: Gradient,
    topics: Sequence[str],
    where: str = "",
    within: str = "",
) -> list[str]:
    """The three levels for one gradient, of the first of `entries` that fits.

    Args:
        topics: what is known of the mistake, the most special first, such as ("missing-slope", "missing-factor").
        where: the quantity, factor or product concerned, as told by the diagnosis.
        within: the quantity that was computed otherwise than by the model, where it is one.
    """
    fitting = [entry for entry in entries if entry.fits(gradient.name, where)]
    for topic in (*topics, ANY):
        for entry in fitting:
            if topic in entry.topics:
                return [fill(text, assignment, gradient, where, within) for text in entry.texts]
    return []


def fill(text: str, assignment: Assignment, gradient: Gradient, where: str, within: str = "") -> str:
    """A text with its placeholders filled in."""
    values = {**placeholders(assignment, gradient, where), "within": within or "this quantity"}
    return re.sub(r"\{(\w+)\}", lambda found: values[found[1]], text)


def placeholders(assignment: Assignment, gradient: Gradient, where: str) -> dict[str, str]:
    """What stands for each placeholder at one gradient."""
    shape = assignment.symbolic(gradient)
    axes = [size for size in shape if not isinstance(size, int)]
    letters = _letters(len(axes))
    counted = [f"{letter} counts {size}" for letter, size in zip(letters, axes, strict=True)]
    if len(set(axes)) < len(axes):
        counted = [
            f"{letter} counts {size} (axis {axis})"
            for axis, (letter, size) in enumerate(zip(letters, axes, strict=True))
        ]
    uses = [name for name, parameters in assignment.graph.parameters.items() if gradient.of in parameters]
    return {
        "gradient": gradient.name,
        "of": gradient.of,
        "shape": f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})",
        "entry": f"d{assignment.config.loss}/d{gradient.of}[{', '.join(letters)}]",
        "letters": ", ".join(letters),
        "indices": ", ".join(counted) or "it has one entry",
        "next": " and ".join(uses) or assignment.config.loss,
        "loss": assignment.config.loss,
        "where": where or "this part",
    }


def _letters(count: int) -> list[str]:
    """i, j for a matrix; j alone for a row, which is counted by its columns."""
    return ["j"] if count == 1 else list(INDEX_LETTERS[:count])


@lru_cache(maxsize=16)
def _load(path: Path, gradients: tuple[str, ...], topics: tuple[str, ...]) -> tuple[Entry, ...]:
    file = YamlFile(path)
    if not isinstance(file.data, list):
        raise ConfigError(f"{path}: expected a list of hints, each with `for` and `hints`, found {_kind(file.data)}")
    return tuple(_entry(file, number, data, gradients, topics) for number, data in enumerate(file.data))


def _entry(file: YamlFile, number: int, data: Any, gradients: Sequence[str], topics: Sequence[str]) -> Entry:
    if not isinstance(data, Mapping) or not {"for", "hints"} <= set(data):
        raise ConfigError(f"{file.where([number])}: expected `for` and `hints`")
    for key in set(data) - {"for", "hints", "gradients", "where"}:
        near = did_you_mean(str(key), ["for", "hints", "gradients", "where"])
        raise ConfigError(f"{file.where([number, str(key)])}: unknown key{near}")
    named, places = _words(data.get("gradients", [])), _words(data.get("where", []))
    entry = Entry(_words(data["for"]), tuple(map(str, data["hints"] or ())), named, places)
    _check_names(file, [number, "gradients"], entry.gradients, gradients)
    _check_names(file, [number, "for"], entry.topics, topics)
    if len(entry.texts) != LEVELS:
        raise ConfigError(f"{file.where([number, 'hints'])}: expected {LEVELS} texts, found {len(entry.texts)}")
    for position, text in enumerate(entry.texts):
        _check_names(file, [number, "hints", position], re.findall(r"\{([^}]*)\}", text), PLACEHOLDERS)
    return entry


def _check_names(file: YamlFile, keys: list[Key], names: Sequence[str], known: Sequence[str]) -> None:
    for name in names:
        if known and name not in known:
            near = did_you_mean(name, list(known)) or f"; expected one of {', '.join(known)}"
            raise ConfigError(f"{file.where(keys)}: there is no {name}{near}")


def _words(value: Any) -> tuple[str, ...]:
    return (str(value),) if isinstance(value, str) else tuple(map(str, value or ()))


def _kind(data: Any) -> str:
    return "nothing" if data is None else f"a {type(data).__name__}"
