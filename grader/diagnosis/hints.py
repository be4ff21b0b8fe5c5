"""Hints: three levels for each mistake, from the built-in texts and those that the assignment puts in their place.

Knows texts and placeholders; never sees an answer.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from grader.checks.check import show
from grader.config.keys import Gradient
from grader.config.yamlfile import YamlFile, require_file
from grader.diagnosis.misconceptions import check_names, misconceptions
from grader.errors import ConfigError, did_you_mean
from grader.problem.assignment import Assignment

LEVELS = 3
PLACEHOLDERS = tuple("gradient of shape entry letters indices next loss where part within given access f u v w".split())
ANY = "any"
INDEX_LETTERS = "ijklmn"
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
SOMEWHERE = "one part of your formula"
_OF_EXAMPLES = "uvwfgrtdcbpqaxyzhse"  # without those that the model uses
_KEYS = ["for", "hints", "gradients", "where"]
_BUILT_IN = Path(__file__).with_name("hints.yaml")
_READ = Path(__file__).with_name("hints.json")  # the same entries; YAML takes long to read


class Entry(Struct, frozen=True):
    """Texts for some operators or kinds of mistake.

    Attributes:
        topics: slugs of operators, kinds of mistake, or "any".
        texts: one per level, with placeholders.
        gradients: those that it is for; empty for all.
        where: the quantities, factors or products for which its texts hold; empty for all.
        built_in: written for every assignment, so that a number in its texts is none of this one.
    """

    topics: tuple[str, ...]
    texts: tuple[str, ...]
    gradients: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    built_in: bool = False

    def fits(self, gradient: str, where: str) -> bool:
        """Whether its texts are true of a mistake made in `where`."""
        return (not self.gradients or gradient in self.gradients) and (not self.where or where in self.where)


def load_hints(assignment: Assignment, topics: Sequence[str] = ()) -> tuple[Entry, ...]:
    """The entries that apply to an assignment, the first that fits counts: its own, then the built-in ones.

    Args:
        topics: what an entry may be for; empty for anything.

    Raises:
        ConfigError: the file that config.yaml names cannot be used.
    """
    path = assignment.folder / assignment.config.hints.file
    own: tuple[Entry, ...] = ()
    if assignment.config.hints.file and (not assignment.at_home or path.exists()):  # students do not have it
        require_file(path, "hints.file")
        own = _load(path, tuple(assignment.names), tuple(topics))
    named = tuple(
        Entry((entry.name,), tuple(entry.hints), tuple(entry.gradients))
        for entry in misconceptions(assignment)
        if entry.hints is not None
    )
    return named + own + _built_in()


class _Read(Struct):
    """The built-in entries as they were read.

    Attributes:
        digest: of hints.yaml; where that has changed since, it is read again.
    """

    digest: str
    entries: tuple[Entry, ...]


@lru_cache(maxsize=1)
def _built_in() -> tuple[Entry, ...]:
    with suppress(OSError, msgspec.DecodeError):
        read = msgspec.json.decode(_READ.read_bytes(), type=_Read)
        if read.digest == _digest():
            return read.entries
    return _built_in_from_yaml()


def _built_in_from_yaml() -> tuple[Entry, ...]:
    return tuple(replace(entry, built_in=True) for entry in _load(_BUILT_IN, (), ()))


def _digest() -> str:
    return hashlib.sha256(_BUILT_IN.read_bytes()).hexdigest()


def built_in_as_json() -> bytes:
    """What hints.json must hold, a line for each text."""
    read = _Read(_digest(), _built_in_from_yaml())
    return msgspec.json.format(msgspec.json.encode(read), indent=1) + b"\n"


def hints_for(
    entries: Sequence[Entry],
    assignment: Assignment,
    gradient: Gradient,
    topics: Sequence[str],
    where: str = "",
    within: str = "",
    part: str = "",
) -> list[str]:
    """The three levels for one gradient, of the first of `entries` that fits.

    Args:
        topics: what is known of the mistake, the most special first, such as ("missing-slope", "missing-factor").
        where: the quantity, factor or product that the diagnosis names.
        within: the quantity that the student computed differently from the model, "" where there is none.
        part: where in the formula the mistake is, such as "the left factor"; "" where it is not in one place.
    """
    fitting = [entry for entry in entries if entry.fits(gradient.name, where)]
    for topic in (*topics, ANY):
        for entry in fitting:
            if topic in entry.topics:
                return [fill(text, assignment, gradient, where, within, part) for text in entry.texts]
    return []


def fill(text: str, assignment: Assignment, gradient: Gradient, where: str, within: str = "", part: str = "") -> str:
    """A text with its placeholders filled in."""
    return filled(text, all_placeholders(assignment, gradient, where, within, part))


def filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def all_placeholders(
    assignment: Assignment, gradient: Gradient, where: str, within: str = "", part: str = ""
) -> dict[str, str]:
    """The text for each placeholder, where something is known of the mistake."""
    values = {**placeholders(assignment, gradient, where), "within": within or "this quantity"}
    values["given"] = assignment.config.written(within) if within else "the given one"
    return values | {"part": part or SOMEWHERE, **_example_letters(assignment)}


def placeholders(assignment: Assignment, gradient: Gradient, where: str) -> dict[str, str]:
    """The text for each placeholder at one gradient."""
    shape = assignment.symbolic(gradient)
    axes = [size for size in shape if not isinstance(size, int)]
    # j alone for a row, which is counted by its columns
    letters = ["j"] if len(axes) == 1 else list(INDEX_LETTERS[: len(axes)])
    ambiguous = len(set(axes)) < len(axes)
    counted = [
        f"{letter} counts {size}" + (f" (axis {axis})" if ambiguous else "")
        for axis, (letter, size) in enumerate(zip(letters, axes, strict=True))
    ]
    uses = [name for name, parameters in assignment.graph.parameters.items() if gradient.of in parameters]
    return {
        "gradient": gradient.name,
        "of": gradient.of,
        "shape": show(shape),
        "entry": f"d{assignment.config.loss}/d{gradient.of}[{', '.join(letters)}]",
        "letters": ", ".join(letters),
        "indices": ", ".join(counted) or "it has one entry",
        "next": " and ".join(uses) or assignment.config.loss,
        "loss": assignment.config.loss,
        "where": where or "this part",
        "access": _access(assignment, gradient),
    }


def _access(assignment: Assignment, gradient: Gradient) -> str:
    """Where a function finds the quantities, and the gradients that it builds on."""
    config = assignment.config
    if config.has_points:
        return f"The quantities are attributes of s, as in s.{gradient.of}. The gradients are functions that you call with s."
    called = config.function_of(gradient.name)
    if called.parameters is None:
        return "The quantities and the gradients that you use are parameters of the function."
    return f"The quantities are arguments of {called.name}, or in one of them: {', '.join(called.parameters)}."


def _example_letters(assignment: Assignment) -> dict[str, str]:
    """Letters for an example on another function: the first ones that nothing in the assignment is called by."""
    taken = {*assignment.config.quantities, *assignment.graph.parameters, *assignment.graph.helpers, "s"}
    taken |= {*assignment.names, *assignment.config.dimensions, assignment.config.loss}
    free = [letter for letter in _OF_EXAMPLES if letter not in taken]
    free += [f"{name}_1" for name in "uvwf"]  # a model may use them all
    function = "f" if "f" in free else free[3]
    others = [letter for letter in free if letter != function]
    return {"f": function, "u": others[0], "v": others[1], "w": others[2]}


@lru_cache(maxsize=16)
def _load(path: Path, gradients: tuple[str, ...], topics: tuple[str, ...]) -> tuple[Entry, ...]:
    file = YamlFile(path)
    if not isinstance(file.data, list):
        found = "nothing" if file.data is None else f"a {type(file.data).__name__}"
        raise ConfigError(f"{path}: expected a list of hints, each with `for` and `hints`, found {found}")
    return tuple(_entry(file, number, data, gradients, topics) for number, data in enumerate(file.data))


def _entry(file: YamlFile, number: int, data: Any, gradients: Sequence[str], topics: Sequence[str]) -> Entry:
    if not isinstance(data, Mapping) or not {"for", "hints"} <= set(data):
        raise ConfigError(f"{file.where([number])}: expected `for` and `hints`")
    for key in set(data) - set(_KEYS):
        near = did_you_mean(str(key), _KEYS)
        raise ConfigError(f"{file.where([number, str(key)])}: unknown key{near}")
    gradients_named, where = _words(data.get("gradients")), _words(data.get("where"))
    entry = Entry(_words(data["for"]), tuple(map(str, data["hints"] or ())), gradients_named, where)
    check_names(file, [number, "gradients"], entry.gradients, gradients)
    check_names(file, [number, "for"], entry.topics, topics)
    if len(entry.texts) != LEVELS:
        raise ConfigError(f"{file.where([number, 'hints'])}: expected {LEVELS} texts, found {len(entry.texts)}")
    for position, text in enumerate(entry.texts):
        check_names(file, [number, "hints", position], re.findall(r"\{([^}]*)\}", text), PLACEHOLDERS)
    return entry


def _words(value: Any) -> tuple[str, ...]:
    return (str(value),) if isinstance(value, str) else tuple(map(str, value or ()))
