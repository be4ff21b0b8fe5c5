"""What may stand at a place of config.yaml, from the types in `keys`: for the messages about what stands there instead."""

from typing import Any

from msgspec import inspect

from grader.config.keys import Config
from grader.config.yamlfile import Key, at
from grader.errors import did_you_mean


def near_key(keys: list[Key], data: Any, found: str) -> str:
    """`; did you mean memory_mb?` for the unknown key `found`, or the keys that may stand there."""
    known = _names(_type_at(keys, data))
    return did_you_mean(found, known) or (f"; expected one of {', '.join(known)}" if known else "")


def allowed(keys: list[Key], data: Any) -> list[str]:
    """The words that may stand at `keys`: those of a literal or, for the kind of a quantity, the tags."""
    kind = _type_at(keys, data)
    if isinstance(kind, inspect.LiteralType):
        return [str(value) for value in kind.values]
    holder = _type_at(keys[:-1], {})
    return (
        [str(one.tag) for one in holder.types if isinstance(one, inspect.StructType)]
        if isinstance(holder, inspect.UnionType)
        else []
    )


def _names(kind: inspect.Type | None) -> list[str]:
    return [field.name for field in kind.fields] if isinstance(kind, inspect.StructType) else []


def _type_at(keys: list[Key], data: Any) -> inspect.Type | None:
    """The type of what stands at `keys`; of several kinds the one that the data there names, None where it names none."""
    kind: inspect.Type | None = inspect.type_info(Config)
    for depth, key in enumerate(keys, start=1):
        if isinstance(kind, inspect.StructType):
            kind = next((field.type for field in kind.fields if field.name == key), None)
        elif isinstance(kind, inspect.DictType):
            kind = kind.value_type
        elif isinstance(kind, inspect.ListType):
            kind = kind.item_type
        else:
            return None
        kind = _chosen(kind, at(data, keys[:depth]))
    return kind


def _chosen(kind: inspect.Type | None, data: Any) -> inspect.Type | None:
    """Of a union the member that `data` names by its tag, or the only one that is not null."""
    if not isinstance(kind, inspect.UnionType):
        return kind
    members = [one for one in kind.types if not isinstance(one, inspect.NoneType)]
    if len(members) == 1 or not isinstance(data, dict):
        return members[0] if len(members) == 1 else kind
    return next(
        (one for one in members if isinstance(one, inspect.StructType) and one.tag == data.get(one.tag_field)), kind
    )
