"""What is wrong with the data of a config.yaml, by the types in `keys`: every value that has not its type, not only the first."""

import functools
import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from grader.config.keys import Seed
from grader.config.quantities import NAME
from grader.config.yamlfile import Key
from grader.errors import did_you_mean

SEED_EXPECTED = (
    "expected 32 hexadecimal digits in quotes, which this command makes:"
    ' python3 -c "import secrets; print(secrets.token_hex(16))"'
)


# Types as msgspec calls them, and its limits.
_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text",
    "bool": "true or false",
    "object": "keys with values",
    "array": "a list",
    "null": "nothing",
}
_LIMITS = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than"}


class Problem(Struct, frozen=True):
    """Something that is wrong: where, and what was expected and found."""

    keys: list[Key]
    message: str


def no_such(what: str, found: str, known: list[str]) -> str:
    """That `found` is not among the names that may stand there, and the nearest of them."""
    return f"expected {what} ({', '.join(known)}), found {found}{did_you_mean(found, known)}"


def problems_in(kind: Any, value: Any, keys: list[Key]) -> Iterator[Problem]:
    """Every problem of the value at `keys`, whose type must be `kind`."""
    plain, members = _without_meta(kind), _structs(kind)
    if len(members) > 1 and isinstance(value, dict):
        tags = {str(one.__struct_config__.tag): one for one in members}
        field = members[0].__struct_config__.tag_field
        if field not in value:
            yield Problem(keys, f"the key {field} is missing; expected one of {', '.join(tags)}")
        elif str(value[field]) not in tags:
            yield Problem([*keys, str(field)], no_such("one of", str(value[field]), list(tags)))
        else:
            yield from _in_struct(tags[str(value[field])], value, keys)
    elif members and isinstance(value, dict):
        yield from _in_struct(members[0], value, keys)
    elif get_origin(plain) is dict and isinstance(value, dict):
        yield from _in_mapping(get_args(plain)[1], value, keys)
    elif get_origin(plain) is list and isinstance(value, list) and value and _structs(get_args(plain)[0]):
        for i, item in enumerate(value):
            yield from problems_in(get_args(plain)[0], item, [*keys, i])
    else:
        yield from _not_convertible(kind, value, keys)


def _in_struct(struct: type[Struct], value: Mapping[Any, Any], keys: list[Key]) -> Iterator[Problem]:
    fields = {field.name: field for field in _fields(struct)}
    tag = struct.__struct_config__.tag_field
    unknown = [str(name) for name in value if name not in fields and name != tag]
    for name in unknown:
        near = did_you_mean(name, [field for field in fields if field not in value])
        near = near or did_you_mean(name, list(fields)) or f"; expected one of {', '.join(fields)}"
        yield Problem([*keys, name], f"unknown key{near}")
    for name, field in fields.items():
        if name in value:
            yield from problems_in(field.type, value[name], [*keys, name])
        elif field.required and not any(f"did you mean {name}?" in did_you_mean(one, list(fields)) for one in unknown):
            yield Problem(keys, f"the key {name} is missing")


@functools.cache
def _fields(struct: type[Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(struct)


def _in_mapping(kind: Any, value: Mapping[Any, Any], keys: list[Key]) -> Iterator[Problem]:
    for name, item in value.items():
        if not re.fullmatch(NAME, str(name)) or not isinstance(name, str):
            yield Problem([*keys, str(name)], f"expected a name of letters, digits and _, found {name!r}")
        else:
            yield from problems_in(kind, item, [*keys, name])


def _not_convertible(kind: Any, value: Any, keys: list[Key]) -> Iterator[Problem]:
    if value is None and not keys:
        names = ", ".join(field.name for field in msgspec.structs.fields(kind) if field.required)
        yield Problem(keys, f"expected the keys {names}, found nothing: the file is empty")
        return
    try:
        msgspec.convert(value, kind)
        return
    except msgspec.ValidationError as error:
        text, _, path = str(error).partition(" - at `")
    within: list[Key] = [word or int(number) for word, number in re.findall(r"\.(\w+)|\[(\d+)\]", path)]
    found = value
    for key in within:
        found = found[key]
    where = [*keys, *within]
    choices = _choices(kind)
    if kind is Seed:
        yield Problem(where, f"{SEED_EXPECTED}; found {_shortened(found)}")
    elif choices and isinstance(value, str):
        yield Problem(where, no_such("one of", value, choices))
    else:
        yield Problem(where, f"expected {_expected(kind, text)}, found {found_in(found)}")


def _expected(kind: Any, text: str) -> str:
    """What may stand there, from a message of msgspec such as "Expected `int` >= 2"."""
    match = re.match(r"Expected `([^`]+)`(?: (of length )?([<>]=?) ([\d.]+))?", text)
    if match is None:
        return text
    names, length, sign, limit = match.groups()
    words = " or ".join(dict.fromkeys(_KINDS.get(name, name) for name in names.split(" | ")))
    if "matching regex" in text:
        described = [meta.description for meta in _metas(kind) if meta.pattern and meta.description]
        return described[0] if described else words
    if sign is None:
        return words
    if length:
        unit = "characters" if names == "str" else "entries"
        return (
            f"{words} of {_LIMITS[sign]} {limit} {unit if limit != '1' else 'character' if names == 'str' else 'entry'}"
        )
    return f"{words}, {_LIMITS[sign]} {float(limit):g}"


def found_in(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float) and len(repr(value)) < 60:
        return repr(value)
    return "a list" if isinstance(value, list) else "keys with values" if isinstance(value, dict) else "a long value"


def _metas(kind: Any) -> Iterator[msgspec.Meta]:
    """What is said of a type and of those that it consists of."""
    for one in get_args(kind):
        if isinstance(one, msgspec.Meta):
            yield one
        else:
            yield from _metas(one)


def _without_meta(kind: Any) -> Any:
    return get_args(kind)[0] if get_origin(kind) is Annotated else kind


def _choices(kind: Any) -> list[str]:
    """The words of which one must stand here; none where any may."""
    plain = _without_meta(kind)
    kinds = get_args(plain) if get_origin(plain) in (Union, UnionType) else [plain]
    return sorted(str(word) for one in kinds if get_origin(one) is Literal for word in get_args(one))


def _structs(kind: Any) -> list[type[Struct]]:
    """The types of section that may stand here."""
    plain = _without_meta(kind)
    kinds = get_args(plain) if get_origin(plain) in (Union, UnionType) else [plain]
    return [one for one in kinds if isinstance(one, type) and issubclass(one, Struct)]


def _shortened(value: Any) -> str:
    """A seed is secret, and what stands in its place may be most of one."""
    text = str(value)
    return f"{type(value).__name__} {text}" if len(text) < 12 else f"{len(text)} characters, {type(value).__name__}"
