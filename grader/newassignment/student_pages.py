"""What students get: the stubs, and pages with tables made from the config.  No formula of a gradient is in them."""

from collections.abc import Iterable, Mapping
from importlib.resources import files
from string import Template
from textwrap import fill

from grader.config.keys import Config
from grader.config.quantities import Index, OneHot
from grader.newassignment.described_model import ModelFile, meaning
from grader.newassignment.stubs_text import stubs
from grader.packaging.handout.readme import fill_in, shape_in_words

_WIDTH = 100
_OF_MANY = {
    "size": "as a short numpy\nfunction",
    "write": "Write these functions:",
    "asked": "functions",
    "unwritten": "leave its stub as it is",
    "calls": "Your functions may call one another, and should if one gradient is a part of another.",
    "costs": "A call that crashes or never ends costs you that gradient and those that call it, not the others.",
    "function": "Each function",
}


def student_file(config: Config, read: ModelFile) -> str:
    """The file that students fill in."""
    return stubs(config, _importable(read))


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
        arguments=_arguments(config),
        **_words(config),
        given="`s` or its arrays" if config.has_points else "the arrays that you are given",
        example=config.written(names[-1]),
    )
    return fill_in(text, config, keep_markers=True)


def _words(config: Config) -> Mapping[str, str]:
    """What depends on whether each gradient has a function of its own, or one function returns all of them."""
    if not _is_one_for_all(config):
        return _OF_MANY
    (function,) = config.asked
    return {
        "size": "in a few lines of\nnumpy",
        "write": f"Write one function, `{config.call(function)}`, which returns these gradients:",
        "asked": "gradients",
        "unwritten": "return `None` for it",
        "calls": f"You may write more functions, and call them in `{function.name}`.",
        "costs": "If a line raises an exception, you lose the gradients that depend on it, not the others. If the function\n"
        "  never ends, you lose them all.",
        "function": "The function",
    }


def _is_one_for_all(config: Config) -> bool:
    return len(config.asked) == 1 and len(config.gradients) > 1


def _arguments(config: Config) -> str:
    if _is_one_for_all(config) and not config.has_points:
        return "It returns a new numpy array for each gradient."
    several = any(len(function.returns) > 1 for function in config.asked)
    results = f"a new numpy array{' for each of its gradients' * several}"
    if config.has_points:
        return (
            f"Each function takes one argument, the sample point `s`, and returns {results}.\n"
            "There are no gradients in `s`."
        )
    return "Each function returns a new numpy array for each of its gradients."


def shapes_page(config: Config) -> str:
    """shapes.md of the handout: how to find a transpose, on other functions."""
    rows = [f"| `{gradient.name}` | `{shape_in_words(config, gradient.of)}` |" for gradient in config.gradients]
    return _filled("shapes.md", gradients="\n".join(rows))


def _filled(template: str, **values: str) -> str:
    text = files("grader.newassignment").joinpath("templates").joinpath(template).read_text(encoding="utf-8")
    return Template(text).substitute(values)


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
        shape = "a number" if name == config.loss else shape_in_words(config, name)
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
