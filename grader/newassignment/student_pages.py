"""What students get: the stubs, and pages with tables made from the config.  No formula of a gradient is in them."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from string import Template
from textwrap import fill

from grader.config.keys import Config
from grader.config.quantities import Index, OneHot
from grader.newassignment.described_model import ModelFile, meaning
from grader.packaging.handout.readme import fill_in

_STUBS = '''"""The {count} of {loss}: yours to derive and to write.  This is the file to submit.

Each function takes one sample point `s` and returns d{loss}/d(the quantity in its name) as a new numpy array.
`s` holds the quantities of that point, with the names and shapes of README.md:

{quantities}

A gradient has the shape of what you differentiate with respect to.  Functions may call one another.
{imports}  Do not change `s` or its arrays.
"""

import numpy as np
'''
_STUB = '''

def {name}(s):
    """d{loss}/d{of}, shape {shape}."""
    raise NotImplementedError("{name} is not written yet")
'''
_WIDTH = 100
_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()


def stubs(config: Config, read: ModelFile) -> str:
    """The file that students fill in."""
    functions = "".join(
        _STUB.format(name=gradient.name, of=gradient.of, loss=config.loss, shape=shape_text(config, gradient.of))
        for gradient in config.gradients
    )
    many = len(config.gradients) > 1
    count = f"{_number(len(config.gradients))} gradients" if many else "gradient"
    imports = "Import numpy or the standard library if you need them, nothing else."
    if names := ", ".join(_importable(read)):
        imports = f"Import nothing but numpy, the standard library and, from `model`: {names}."
    return _STUBS.format(count=count, loss=config.loss, quantities=_columns(config), imports=imports) + functions


def _columns(config: Config) -> str:
    """The quantities in two columns: those that are drawn, and those that the model computes."""
    cells = [(f"s.{name}", shape_text(config, name)) for name in config.quantities]
    names, shapes = (max(len(cell[k]) for cell in cells) for k in (0, 1))
    texts = [f"{name:{names}}  {shape:{shapes}}" for name, shape in cells]
    half = (len(texts) + 1) // 2
    right = [*texts[half:], ""][:half]
    return "\n".join(f"    {a}    {b}".rstrip() for a, b in zip(texts[:half], right, strict=True))


def shape_text(config: Config, quantity: str) -> str:
    """A shape as it is written: (1, Dh), or (D,)."""
    shape, whole = config.shape_of(quantity), isinstance(config.quantities[quantity], Index)
    if not shape:
        return "int" if whole else "a number"
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def handout_page(config: Config, read: ModelFile, relations: Mapping[str, str]) -> str:
    """README.md of the handout; its marked parts follow from the config, and are filled in again when it is packed."""
    names = [name for name in config.quantities if not isinstance(config.quantities[name], Index)]
    text = _filled(
        "README.md",
        title=config.title,
        loss=config.loss,
        graph=_graph(read),
        constants=_constants(read),
        sizes=fill(_sizes(config, relations), _WIDTH),
        quantities="\n".join(_quantity_rows(config, read)),
        imports=_imports(read),
        example=names[-1],
    )
    return fill_in(text, config, keep_markers=True)


def shapes_page(config: Config) -> str:
    """shapes.md of the handout: how to find a transpose, on other functions."""
    rows = [f"| `{gradient.name}` | `{shape_text(config, gradient.of)}` |" for gradient in config.gradients]
    return _filled("shapes.md", gradients="\n".join(rows))


def _filled(template: str, **values: str) -> str:
    text = files("grader.newassignment").joinpath("templates").joinpath(template).read_text(encoding="utf-8")
    return Template(text).substitute(values)


def _number(count: int) -> str:
    return _WORDS[count] if count < len(_WORDS) else str(count)


def _graph(read: ModelFile) -> str:
    """One line for each function: what it is computed from, and its name."""
    left = [", ".join(read.model.parameters(name)) for name in read.order]
    width = max(map(len, left))
    return "\n".join(f"{text:{width}}  ─►  {name}" for text, name in zip(left, read.order, strict=True))


def _constants(read: ModelFile) -> str:
    if not read.model.constants:
        return ""
    shown = ", ".join(f"`{name} = {value}`" for name, value in read.model.constants.items())
    return f"\nIt uses the constant{'s' * (len(read.model.constants) > 1)} {shown}.\n"


def _sizes(config: Config, relations: Mapping[str, str]) -> str:
    names = [f"`{name}`" for name in config.dimensions]
    if len(names) == 1:
        return f"The size {names[0]} differs from one sample point to the next."
    listed = f"{', '.join(names[:-1])} and {names[-1]}"
    related = "".join(f" `{name}` is `{formula}`." for name, formula in relations.items())
    return f"The sizes {listed} are always different from one another, and change from one sample point to the next.{related}"


def _quantity_rows(config: Config, read: ModelFile) -> Iterable[str]:
    for name in [*config.quantities, config.loss]:
        shape = "a number" if name == config.loss else shape_text(config, name).replace("int", "an int")
        words = meaning(read, name)
        if isinstance(config.quantities.get(name), OneHot) and "one-hot" not in words:
            words = f"{words}, one-hot".lstrip(", ")
        yield f"| `{name}` | {shape} | {_cell(words.split(';')[0] or 'given')} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _importable(read: ModelFile) -> list[str]:
    """What a student may import from the model: its helpers and constants."""
    helpers = [name for name in read.model.functions if name not in read.order]
    return [*helpers, *read.model.constants]


def _imports(read: ModelFile) -> str:
    names = _importable(read)
    return (
        f" You may write `from model import {', '.join(names)}`." if names else " Your file must not import `model.py`."
    )
