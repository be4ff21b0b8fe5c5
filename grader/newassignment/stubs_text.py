"""The file that students fill in: an empty function for each gradient, or for several of them, in whatever way it is called."""

from collections.abc import Iterable, Iterator

from grader.config.calling import Function
from grader.config.keys import Config
from grader.packaging.handout.readme import number_in_words, shape_in_words

_FILE = '''"""The {count} of {loss}: yours to derive and to write.  This is the file to submit.

{how}

{quantities}

A gradient has the shape of what you differentiate with respect to.  {calls}
{imports}  Do not change {given}.
"""

import numpy as np
{functions}'''
_WITH_POINTS = """\
Each function takes one sample point `s` and returns d{loss}/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:"""
_SEVERAL = """\
Each function takes one sample point `s` and returns its gradients of {loss} as new numpy arrays.
`s` holds the quantities of that point, with the names and shapes of README.md:"""
_BY_NAME = """\
Each function returns d{loss}/d(the quantity in its name) as a new numpy array.  Give it the parameters that it needs,
in any order.  A parameter has the name of another gradient, which is what your own function returns, or of a quantity:"""
_DECLARED = """\
A function returns d{loss}/d(a quantity) as a new numpy array, or several of them.  It is given some of these quantities:"""


def stubs(config: Config, importable: Iterable[str]) -> str:
    """The file.

    Args:
        importable: what a student may import from the model.
    """
    count = len(config.gradients)
    imports = "Import numpy or the standard library if you need them, nothing else."
    if names := ", ".join(importable):
        imports = f"Import nothing but numpy, the standard library and, from `model`: {names}."
    by_name = config.interface == "parameters" and any(function.parameters is None for function in config.asked)
    several = any(len(function.returns) > 1 for function in config.asked)
    with_points = _SEVERAL if several else _WITH_POINTS
    how = with_points if config.has_points else _BY_NAME if by_name else _DECLARED
    return _FILE.format(
        count=f"{number_in_words(count)} gradients" if count > 1 else "gradient",
        loss=config.loss,
        how=how.format(loss=config.loss),
        quantities=_columns(config),
        calls="Functions may call one another."
        if config.has_points or by_name
        else "You may write functions of your own.",
        given="`s` or its arrays" if config.has_points else "the arrays that you are given",
        imports=imports,
        functions="".join(_stub(config, function) for function in config.asked),
    )


def _stub(config: Config, function: Function) -> str:
    of = {gradient.name: gradient.of for gradient in config.gradients}
    asked = [name for name in function.returns if name in of]
    owner, _, method = function.name.partition(".")
    parameters = function.parameters
    if parameters is None:
        parameters = ["s"] if config.interface == "step" else []
    signature = ", ".join([*(["self"] if method else []), *parameters])
    lines = [
        f"def {method or owner}({signature}):",
        *_docstring(config, function, [(name, of[name]) for name in asked]),
    ]
    lines += [f"    {name} = self.{name}" for name in function.attributes]
    lines += [f"    {line}" for line in _unpacked(config, [*parameters, *function.attributes])]
    lines.append(f'    raise NotImplementedError("{function.name} is not written yet")')
    if method:
        lines = [f"class {owner}:", *(f"    {line}".rstrip() for line in lines)]
    return "\n\n" + "\n".join(lines) + "\n"


def _docstring(config: Config, function: Function, asked: list[tuple[str, str]]) -> list[str]:
    shapes = {of: shape_in_words(config, of) for _, of in asked}
    texts = [f"d{config.loss}/d{of}, {'shape ' * shapes[of].startswith('(')}{shapes[of]}" for _, of in asked]
    if len(function.returns) == 1:
        return [f'    """{texts[0]}."""']
    rows = [f"        {name}: {text}" for (name, _), text in zip(asked, texts, strict=True)]
    first = f'    """Returns ({", ".join(function.returns)}), or a dict with these names.'
    return [first, "", *rows, '    """']


def _unpacked(config: Config, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        members = config.groups.get(name, ())
        if members:
            yield f"{', '.join(members)}{',' if len(members) == 1 else ''} = {name}"
            yield from _unpacked(config, members)


def _columns(config: Config) -> str:
    """The quantities in two columns: those that are drawn, and those that the model computes."""
    cells = [(config.written(name), shape_in_words(config, name)) for name in config.quantities]
    names, shapes = (max(len(cell[k]) for cell in cells) for k in (0, 1))
    texts = [f"{name:{names}}  {shape:{shapes}}" for name, shape in cells]
    half = (len(texts) + 1) // 2
    right = [*texts[half:], ""][:half]
    return "\n".join(f"    {a}    {b}".rstrip() for a, b in zip(texts[:half], right, strict=True))
