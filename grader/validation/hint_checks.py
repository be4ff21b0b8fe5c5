"""Are the hints complete, and do they give nothing away?  Is every gradient derived?

A text gives a gradient away if a formula or number in it is the right answer: every formula in it is evaluated.  Understood are
numpy expressions (`h.T @ dJ_db2`), products without a sign between them (h^T dJ/db2), and entries with indices
(Σ_j dJ/db2[j] · U[i, j]), in any part of a sentence.
"""

import ast
import itertools
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from grader.config.keys import Gradient
from grader.diagnosis.hints import ANY, INDEX_LETTERS, LEVELS, Entry, fill, load_hints
from grader.diagnosis.misconceptions import all_misconceptions, evaluate, misconceptions, named_hypothesis
from grader.diagnosis.operators import OPERATORS
from grader.problem.assignment import Assignment
from grader.problem.derivatives import relative_error
from grader.problem.model import Array
from grader.validation.finding import Finding, finding

SAME = 1e-9
OTHER_TOPICS = (
    "recomputed runtime runtime-shape runtime-name shape constant none observation missing-result not-numbers not-real"
    " not-finite"
).split()


def topics(assignment: Assignment) -> list[str]:
    """Everything that a hint may be about."""
    kinds = {operator.kind for operator in OPERATORS.values()}
    return [
        *OPERATORS,
        *sorted(kinds - set(OPERATORS)),
        *OTHER_TOPICS,
        *[entry.name for entry in all_misconceptions(assignment)],
        ANY,
    ]


def check_hints(assignment: Assignment) -> Finding:
    """Each operator has hints, and no hint contains an expression or a number of the right answer."""
    optional = {ANY, *[entry.name for entry in all_misconceptions(assignment)]}
    entries = load_hints(assignment, topics(assignment))
    covered = {topic for entry in entries for topic in entry.topics}
    problems = [f"no hints for {topic}" for topic in topics(assignment) if topic not in covered | optional]
    count = 0
    for gradient in assignment.config.gradients:
        for entry in entries:
            if not entry.gradients or gradient.name in entry.gradients:
                count += LEVELS
                problems += _leaks(assignment, gradient, entry)
    good, bad = f"{count} hints, none gives a gradient away", "hints are missing, or give a gradient away"
    return finding("hints", good, bad, problems)


def _leaks(assignment: Assignment, gradient: Gradient, entry: Entry) -> list[str]:
    places = [*assignment.config.quantities, *assignment.names]
    found = []
    for level, text in enumerate(entry.texts, start=1):
        for place in places if "{where}" in text or "{within}" in text else [""]:
            shown = fill(text, assignment, gradient, place, place)
            found += [
                f"{gradient.name}, {entry.topics[0]}, level {level}: {leak}"
                for leak in leaks(assignment, gradient.name, shown, strict=level < LEVELS)
            ]
    return found


def check_misconceptions(assignment: Assignment) -> Finding:
    """Each named misconception is wrong, has numbers of its own, and gives nothing away."""
    problems = []
    entries = misconceptions(assignment)
    for entry in entries:
        for name in entry.gradients:
            values = evaluate(assignment, entry, name, {})
            right = assignment.exact[name]
            if all(v.shape == r.shape and relative_error(v, r) <= SAME for v, r in zip(values, right, strict=True)):
                problems.append(f"{entry.name}: its formula is the right one for {name}")
            problems += [f"{entry.name}: says {leak}" for leak in leaks(assignment, name, entry.says, strict=True)]
            hypothesis = named_hypothesis(entries, assignment, name, values, {}, SAME)
            if hypothesis is not None and hypothesis.operator != entry.name:
                problems.append(f"{entry.name}: has the numbers of {hypothesis.operator}, which comes before it")
    return finding(
        "misconceptions", f"{len(entries)} of your own, each with its own numbers", "some cannot be used", problems
    )


_TOKEN = re.compile(r"Σ_\w|[^\W\d]\w*(?:\.T\b)?|\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|\*\*|[-+*/@()\[\],]|\S")
_WORDS = {"times": "*", "minus": "-", "plus": "+", "·": "*", "×": "*", "−": "-"}
_OPERATORS = ("+", "-", "*", "/", "@", "**", "(", ")", "[", "]", ",")
_LONGEST = 24
_NUMBER_DIGITS = 3  # fewer digits say nothing about an entry
_TOLERANCE = 1e-9


def leaks(assignment: Assignment, gradient: str, text: str, *, strict: bool) -> list[str]:
    """The formulas and numbers in `text` that are the right answer to `gradient`.

    Args:
        strict: also those that are the right answer up to transposition, sign and a constant factor, and its numbers.
    """
    right = assignment.exact[gradient]
    spaces = [namespace(assignment, gradient, k) for k in range(len(right))]
    found = []
    for tokens in _formulas(_normal(assignment, text), set(spaces[0])):
        source = "".join(f" {token} " for token in tokens)
        tree = _parsed(source)
        if tree is not None and _is_right(tree, spaces, right, strict=strict):
            found.append(" ".join(tokens))
    if strict:
        found += [number for number in re.findall(r"\d+\.\d+", text) if _is_entry(number, right)]
    return list(dict.fromkeys(found))


def namespace(assignment: Assignment, gradient: str, k: int) -> dict[str, Any]:
    """What a formula may be made of at sample point `k`: quantities, other gradients, functions of the model and numpy."""
    names: dict[str, Any] = {
        name: getattr(np, name) for name in ("exp", "log", "outer", "dot", "sum", "diag", "sqrt", "tanh")
    }
    config, values = assignment.config, assignment.points[k].values
    names |= {name: value for name, value in assignment.graph.helpers.items() if name not in config.quantities}
    names |= {name: value for name, value in values.items() if name != config.loss}
    names |= {name: right[k] for name, right in assignment.exact.items() if name != gradient}
    return names


def _normal(assignment: Assignment, text: str) -> str:
    """The text with gradients and transposes written as in Python."""
    loss = assignment.config.loss
    for gradient in assignment.config.gradients:
        text = re.sub(rf"\bd{loss}/d{gradient.of}(?![A-Za-z0-9_])", gradient.name, text)
    return re.sub(r"\bs\.(?=[A-Za-z_])", "", text).replace("^T", ".T")


def _formulas(text: str, known: set[str]) -> Iterator[tuple[str, ...]]:
    """Every run of tokens that could be a formula and contains a quantity."""
    run: list[str] = []
    for piece in [*_TOKEN.findall(text), "\n"]:
        piece = _WORDS.get(piece, piece)
        if _belongs(piece, known):
            run.append(piece)
            continue
        for start, end in itertools.combinations(range(len(run) + 1), 2):
            part = tuple(run[start:end])
            if len(part) <= _LONGEST and any(piece.removesuffix(".T") in known for piece in part):
                yield part
                yield from _with_products(part)
        run = []


def _belongs(piece: str, known: set[str]) -> bool:
    if piece.removesuffix(".T") in known or piece in _OPERATORS or piece in tuple(INDEX_LETTERS):
        return True
    return piece[0].isdigit() or piece.startswith("Σ_")


def _with_products(tokens: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The same with a sign wherever two factors are side by side: as matrix products, and as others."""
    ends = [piece[0].isalnum() or piece in (")", "]") for piece in tokens]
    begins = [piece[0].isalpha() or piece == "(" for piece in tokens]
    gaps = [i for i in range(1, len(tokens)) if ends[i - 1] and begins[i]]
    for sign in ("@", "*") if gaps else ():
        yield tuple(part for i, own in enumerate(tokens) for part in ((sign, own) if i in gaps else (own,)))


def _parsed(source: str) -> ast.expr | None:
    """The expression, sums over an index written as calls of SUM; None where it is none."""
    while (found := re.search(r"Σ_(\w)", source)) is not None:
        source = f"{source[: found.start()]} SUM('{found[1]}', {source[found.end() :]})"
    try:
        return ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None


def _is_right(tree: ast.expr, spaces: Sequence[dict[str, Any]], right: Sequence[Array], *, strict: bool) -> bool:
    factors = set()
    for space, wanted in zip(spaces, right, strict=True):
        try:
            with np.errstate(all="ignore"):
                value = np.squeeze(np.asarray(_evaluate(tree, space), dtype=float))
        except Exception:
            return False
        factor = _factor(value, np.squeeze(wanted), strict=strict)
        if factor is None:
            return False
        factors.add(round(factor, 6))
    return len(factors) == 1


def _factor(value: Array, wanted: Array, *, strict: bool) -> float | None:
    """The number c with value = c wanted, if there is one; without `strict` only 1 counts."""
    for arranged in (value, value.T) if strict else (value,):
        if arranged.shape == wanted.shape and np.all(np.isfinite(arranged)) and np.any(arranged):
            factor = float(np.vdot(wanted, arranged) / np.vdot(wanted, wanted))
            close = np.linalg.norm(arranged - factor * wanted) <= _TOLERANCE * np.linalg.norm(arranged)
            if close and (strict or abs(factor - 1) <= _TOLERANCE):
                return factor
    return None


def _evaluate(node: ast.expr, space: dict[str, Any]) -> Any:
    """The value of an expression; entries with indices have one axis for each index letter."""
    match node:
        case ast.Constant(value=int() | float() as number):
            return number
        case ast.Name(id=name):
            return space[name]
        case ast.Attribute(value=value, attr="T"):
            return _evaluate(value, space).T
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_evaluate(operand, space)
        case ast.BinOp(left=left, op=operator, right=right):
            return _OPERATIONS[type(operator)](_evaluate(left, space), _evaluate(right, space))
        case ast.Subscript(value=value, slice=ast.Name(id=letter)):
            return _entries(_evaluate(value, space), [letter])
        case ast.Subscript(value=value, slice=ast.Tuple(elts=letters)):
            return _entries(_evaluate(value, space), [letter.id for letter in letters if isinstance(letter, ast.Name)])
        case ast.Call(func=ast.Name(id="SUM"), args=[ast.Constant(value=letter), summand]):
            return np.sum(_evaluate(summand, space), axis=INDEX_LETTERS.index(str(letter)), keepdims=True)
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return space[name](*[_evaluate(argument, space) for argument in arguments])
        case _:
            raise ValueError("not a formula")


def _entries(array: Array, letters: Sequence[str]) -> Array:
    """`A[i, j]` for all i and j: the array with the axis of each letter in its own place."""
    array = np.squeeze(array) if np.ndim(array) != len(letters) else array
    if np.ndim(array) != len(letters) or len(set(letters)) != len(letters):
        raise ValueError("not one letter an axis")
    places = [INDEX_LETTERS.index(letter) for letter in letters]
    shape = [1] * len(INDEX_LETTERS)
    for place, size in zip(places, np.shape(array), strict=True):
        shape[place] = size
    return np.transpose(array, np.argsort(places)).reshape(shape)


def _is_entry(number: str, right: Sequence[Array]) -> bool:
    """Whether a number is an entry of the right answer at some sample point, rounded to as many decimals."""
    digits = len(number.partition(".")[2])
    if len(number.replace(".", "").lstrip("0")) < _NUMBER_DIGITS:
        return False
    return any(bool(np.any(np.round(np.abs(array), digits) == float(number))) for array in right)


_OPERATIONS: dict[type[ast.operator], Any] = {
    ast.Add: np.add, ast.Sub: np.subtract, ast.Mult: np.multiply, ast.Div: np.divide, ast.MatMult: np.matmul, ast.Pow: np.power,
}  # fmt: skip
