"""The model file as its author describes it: the loss, and for each input its shape, how to draw it, and what it means."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.derivation.chain import order_of
from grader.derivation.docstrings import DIMENSION, Described, described, docstrings_of
from grader.derivation.graph.loading import Model
from grader.derivation.graph.nodes import Unreadable
from grader.errors import ConfigError, UsageError
from grader.problem.model import load_module, read_source

Ask = Callable[[str, str, Iterable[str]], str]  # the question, the default, the choices -> the answer

_LOSSES = ("J", "L", "E", "C", "loss", "cost", "error", "objective")
_EXPRESSION = re.compile(r"[A-Za-z_]\w*|[-+*/ ()]|\d+")
_LENGTH = r"(?:[\w +*/-]|\((?:[\w +*/-]|\([\w +*/-]*\))*\))+"  # `W`, `W - K + 1`, `(H - K + 1) // 2`
_TERM = r"(?:\w+|\([\w +*/-]+\))"
_FORMULA = rf"{_TERM}(?: ?(?:[-+*]|//) ?{_TERM})*"  # the same without the words that follow it
_SHAPE = rf"\({_LENGTH}(?:,{_LENGTH})*,?\)"


@dataclass(frozen=True)
class ModelFile:
    """A model that can be turned into an assignment.

    Attributes:
        order: the functions that the loss needs, in order of evaluation, the loss last.
        inputs: what the docstrings say of each quantity that no function computes.
    """

    path: Path
    source: str
    model: Model
    loss: str
    order: tuple[str, ...]
    inputs: Mapping[str, Described]

    def line_of(self, name: str) -> int:
        """The line of the function `name`, or of the first one that takes a parameter of this name."""
        functions = [node for node in ast.parse(self.source).body if isinstance(node, ast.FunctionDef)]
        own = [node.lineno for node in functions if node.name == name]
        users = [node.lineno for node in functions if name in {argument.arg for argument in node.args.args}]
        return (own or users or [1])[0]

    def wrong(self, name: str, message: str) -> ConfigError:
        """The error for a quantity, with its file and line."""
        return self.wrong_at(self.line_of(name), message)

    def wrong_at(self, line: int, message: str) -> ConfigError:
        """The error for a line of the file."""
        return ConfigError(f"{self.path}:{line}: {message}")


def read_model(path: Path, ask: Ask) -> ModelFile:
    """Read a model file, and what its docstrings say.

    Raises:
        UsageError: there is no such file.
        ConfigError: it does not run, or does not say enough; the message has the line, and what to add.
    """
    if not path.is_file():
        raise UsageError(f"{path}: there is no such file; MODEL is the Python file of a model")
    source = read_source(path).decode("utf-8", "replace")
    load_module(source.encode(), path, "model")  # for its errors, which have a line
    model = Model(path)
    if not model.functions:
        raise ConfigError(
            f"{path}:1: no function is defined here: a model is one function for each quantity, the loss last"
        )
    loss = _loss(model, ask)
    try:
        order = order_of(model, loss)
    except Unreadable as error:
        raise ConfigError(f"{path}:{error.line}: {error.construct}") from error
    read = ModelFile(path, source, model, loss, order, {})
    return ModelFile(path, source, model, loss, order, _inputs(read))


def _loss(model: Model, ask: Ask) -> str:
    """The one function that no other one uses; where several could be meant, the one with the usual name, or the last."""
    used = {parameter for name in model.functions for parameter in model.parameters(name)}
    known = set(model.functions)
    ends = [name for name in model.functions if name not in used and known & set(model.parameters(name))]
    ends = ends or [list(model.functions)[-1]]
    usual = [name for name in ends if name in _LOSSES]
    if len(ends) == 1 or len(usual) == 1:
        return (usual or ends)[0]
    return ask("Which function is the loss?", (usual or ends)[-1], ends)


def _inputs(read: ModelFile) -> Mapping[str, Described]:
    try:
        found = described(read.model, read.loss)
    except Unreadable as error:
        silent = re.match(r"no shape is given for (.*?): ", error.construct)
        if not silent:
            raise ConfigError(str(error)) from error
        names = silent[1].split(", ")
        example = ", ".join(f"{name} is (N, D)" for name in names[:2])
        raise read.wrong(
            names[0],
            f"no shape is given for {', '.join(names)}: add it to a docstring, with your own dimensions, such as"
            f" `{example}`; a number that is used as an index is `x, an index below N`",
        ) from error
    for name, each in found.items():
        for part in each.shape:
            if not _is_length(part):
                raise read.wrong(
                    name, f"{name}: `{part}` is not a dimension: expected a name, a number, or such as `W - K + 1`"
                )
    return found


def _is_length(part: str) -> bool:
    """Whether an entry of a shape is a formula of names and whole numbers."""
    if "".join(_EXPRESSION.findall(part)) != part:
        return False
    try:
        nodes = list(ast.walk(ast.parse(part.strip(), mode="eval").body))
    except SyntaxError:
        return False
    allowed = (ast.Name, ast.Constant, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Load)
    return all(isinstance(node, allowed) for node in nodes)


def dimensions_in(parts: Iterable[str]) -> list[str]:
    """The names in entries of shapes, in order."""
    names = [name for part in parts for name in DIMENSION.findall(part)]
    return list(dict.fromkeys(name for name in names if not name.isdigit()))


def relations(read: ModelFile) -> dict[str, str]:
    """Dimensions that docstrings define by others: `O = W - K + 1`, or `P = O // 2` with that O."""
    named = set(dimensions_in(part for each in read.inputs.values() for part in each.shape))
    texts = docstrings_of(read.model)
    defined = {}
    for name, formula in re.findall(rf"\b([A-Za-z_]\w*) = ({_FORMULA})", " ".join(texts)):
        names = dimensions_in([formula])
        if names and name not in [*names, *read.inputs, *read.order] and _is_length(formula):
            defined[name] = formula
    found: dict[str, str] = {}
    for _ in defined:  # one may follow from another one
        known = (named - defined.keys()) | found.keys()
        found |= {name: text for name, text in defined.items() if known.issuperset(dimensions_in([text]))}
    return found


def written_lengths(read: ModelFile, dimensions: Iterable[str]) -> list[str]:
    """The formulas in the shapes that docstrings give, such as `(H - K + 1) // 2`."""
    texts = docstrings_of(read.model)
    shapes = re.findall(_SHAPE, " ".join(texts))
    parts = dict.fromkeys(part.strip() for shape in shapes for part in re.findall(_LENGTH, shape[1:-1]))
    known = set(dimensions)
    return [part for part in parts if _is_length(part) and known.issuperset(dimensions_in([part]))]


# What a quantity means, for the table of the handout


def meaning(read: ModelFile, name: str) -> str:
    """What the docstrings say of a quantity besides its shape, in Markdown; its formula if they say nothing."""
    if name in read.order:
        return _of_function(read, name)
    for text in docstrings_of(read.model):
        words = _of_input(text, name)
        if words:
            return words
    return ""


def _of_function(read: ModelFile, name: str) -> str:
    function = read.model.functions[name]
    first = " ".join(re.split(r"\n\s*\n|(?<=[^.])\.(?=\s|$)|;", (function.__doc__ or "").strip())[0].split())
    text = _uncapitalized(re.sub(rf"[:,]? ?(?:{_SHAPE}|a (?:single )?number)$|, {_SHAPE}(?=: )", "", _tidy(first)))
    text = text.removeprefix(f"{name}, ")
    formula = re.match(rf"{re.escape(name)}(?:_\w+)? = ([^,]*(?:\([^)]*\)[^,]*)*)(?:, (.*))?$", text)
    if formula:
        words = formula[2] or ""
        return f"{words}, `{formula[1].strip()}`" if words else f"`{formula[1].strip()}`"
    return text or _code(read, name)


def _code(read: ModelFile, name: str) -> str:
    """The formula of a function that only returns one."""
    node = next(n for n in ast.parse(read.source).body if isinstance(n, ast.FunctionDef) and n.name == name)
    last = node.body[-1]
    if len(node.body) == 1 and isinstance(last, ast.Return) and last.value is not None:
        return f"`{ast.unparse(last.value)}`"
    return f"computed by `{name}({', '.join(read.model.parameters(name))})`"


def _of_input(text: str, name: str) -> str:
    for sentence in re.split(r"(?<=[^.])\.(?=\s|$)|;|\n\s*\n|\n(?=\s*\w+ ?:)", text):
        flat = " ".join(sentence.split())
        found = re.search(rf"(?<![\w.]){re.escape(name)} (?:is|are)(?: |$)(.*)", flat)
        found = found or re.search(rf"(?:^|, ){re.escape(name)} ?:(?: |$)(.*)", flat)  # not "a bag of words: ..."
        if found:
            rest = re.split(r"(?:,| and) (?:and )?\w+(?:, \w+)*(?:,? and \w+)? (?:is|are) |, \w+: ", found[1])[0]
            shape = rf"(?<![-+*/=] ){_SHAPE}(?! ?[-+*/])"  # and not the parentheses in "with P = (H - 2) // 2"
            words = _tidy(re.sub(rf"(?:,? (?:of|with|has) (?:shape|size|dimensions?) ?)?{shape}", "", rest))
            words = words.removeprefix("a number, ")
            if words:
                return words
    return ""


def _uncapitalized(text: str) -> str:
    """The start of a sentence as the middle of one; a name or an abbreviation stays."""
    return text[0].lower() + text[1:] if re.match(r"(?:[A-Z][a-z]+|A)\b(?! =)", text) else text


def _tidy(text: str) -> str:
    """Without the commas and spaces that a removed shape leaves behind."""
    text = re.sub(r"\s+,", ",", " ".join(text.split()))
    text = re.sub(r"(, )+,?", ", ", text).strip(" ,.:;")
    return re.sub(r",? and$", "", text)
