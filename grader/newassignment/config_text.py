"""config.yaml as an instructor would write it: what has no default, in the order of the documentation, with comments."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from grader.newassignment.blueprint import Blueprint

_YAML_WORDS = ("yes", "no", "on", "off", "true", "false", "null", "~")  # keys that YAML may read as no name

_TEXT = """\
# Made from {file} by `grader new`.  Paths are relative to this file.  Try a change with `grader validate`.

title: {title}
model: assignment/model.py         # one function for each quantity; its parameters are what it is computed from
solution: solutions/gradients.py   # derived from the model; for instructors only
submission: gradients.py           # the file's name, looked for in folders and zips at any depth
loss: {loss}
objective: cross_entropy           # the gradients of {loss} itself; log_likelihood: those of -{loss}
{calling}
# The size of each dimension: sample point 1 takes the first sizes, point 2 the second ones, and so on, again from the
# start when they run out.  At each point all sizes differ, so that a size names its axis.
dimensions:
{dimensions}

# The random sample points at which answers are compared.  `seed` is secret.
steps:
  count: {count}
  seed: "{seed}"

# What a sample point `s` holds.  `sample` says where the numbers come from; `model` is a function of the model.
quantities:
{quantities}

{delete}
gradients:
{gradients}

# Per gradient, in this order; a failed check skips the later ones.  `share` of the gradient's marks: together 1.
checks:
{checks}

# A gradient that is wrong only because it builds on a wrong one of the student's own keeps this share of the marks
# of the checks that it failed.
follow_through:
  share: 1.0
  substitute: true                 # with random numbers in place of one that gives none
"""
_DELETE = """\
# The functions that students write, in the order of backpropagation.  Delete those that you don't want to ask for,
# from assignment/gradients.py and assignment/shapes.md, too."""
_DELETE_OUTPUTS = """\
# What students derive, in the order of backpropagation.  Delete what you don't want to ask for, from
# assignment/gradients.py and assignment/shapes.md, too, and write _ in its place under `returns`."""


def config_text(blueprint: Blueprint) -> str:
    """The file's text."""
    data = blueprint.data
    quantities = {name: _flow(entry) for name, entry in data["quantities"].items()}
    return _TEXT.format(
        file=blueprint.read.path.name,
        title=json.dumps(data["title"], ensure_ascii=False),
        loss=data["loss"],
        calling="\n".join(_calling(data)),
        dimensions="\n".join(_dimension(blueprint, name, sizes) for name, sizes in data["dimensions"].items()),
        count=data["steps"]["count"],
        seed=data["steps"]["seed"],
        quantities="\n".join(f"  {_key(name)}: {entry}" for name, entry in quantities.items()),
        delete=_DELETE_OUTPUTS if "functions" in data else _DELETE,
        gradients="\n".join(f"  - {_flow(gradient)}" for gradient in data["gradients"]),
        checks="\n".join(line for name, check in data["checks"].items() for line in _check(name, check)),
    )


def _calling(data: Mapping[str, Any]) -> Iterator[str]:
    """The lines on how functions are called, where they take no sample point."""
    if "interface" in data:
        yield f"interface: {data['interface']}              # functions take quantities, and the student's own gradients, by name"
    if "functions" in data:
        yield "\n# What students write; `groups` are quantities that are one argument, unpacked in this order."
        yield "functions:"
        yield from (f"  - {_flow(function)}" for function in data["functions"])
        yield "groups:"
        yield from (f"  {_key(name)}: {_value(members)}" for name, members in data["groups"].items())
    if "interface" in data or "functions" in data:
        yield ""


def _dimension(blueprint: Blueprint, name: str, sizes: list[int] | str) -> str:
    if isinstance(sizes, str):
        return f"  {_key(name)}: {sizes}"
    line = f"  {_key(name)}: [{', '.join(map(str, sizes))}]"
    if name in blueprint.measured.fixed:
        return f"{line}    # the same everywhere: the solution is written out for this size"
    return line


def _check(name: str, check: Mapping[str, Any]) -> list[str]:
    comments = {
        "tolerance": {
            "finite_difference": "relative error, |a - b| / max(|a|, |b|) over the whole array",
            "reference": "relative error; numerical differentiation is never this exact",
        }.get(name, ""),
        "method": "exact; difference quotients are not reliable near the kinks, or the steep parts, of this model",
    }
    lines = [f"  {name}:"]
    for key, value in check.items():
        line = f"    {key}: {_value(value)}"
        lines.append(f"{line:<34} # {comments[key]}" if comments.get(key) else line)
    return lines


def _flow(entry: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in entry.items()) + "}"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, float) and value < 1e-3:
        return f"{value:.0e}".replace("e-0", "e-")
    return _key(value) if isinstance(value, str) else str(value)


def _key(name: str) -> str:
    return f'"{name}"' if name.lower() in _YAML_WORDS else name
