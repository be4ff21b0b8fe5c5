"""Shapes and kinds of the model's inputs, as its docstrings and annotations give them, and sample points made of them.

    '''X is (N, D), W is (D, K), and y is (N, K), one-hot.'''       in the module's or a function's docstring
    def scores(X: Float[Array, "N D"], W: "D K", b): ...            or as annotations

A dimension is a name, a whole number, or a sum of them (`W - K + 1`).  Whatever is not said is reported with what to add.
"""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct

from grader.derivation.chain import Point, order_of
from grader.derivation.graph.loading import Model
from grader.derivation.graph.nodes import Array, Unreadable

# What the words beside a shape mean; the first that fits counts.
KINDS = {
    "one_hot": r"one[- ]hot",
    "sign": r"-1 (?:or|and) \+?1|\+?1 (?:or|and) -1|±1|[-\[{(]1, ?\+?1[\]})]|\+1, ?-1|plus or minus (?:1|one)\b",
    "mask": r"\bmask\b|\bbernoulli\b|\bbinary\b|(?<!between )\b0s? (?:or|and) 1|[{]0, ?1[}]|0/1|(?:zero|one)s and (?:zero|one)s",
    "index": r"\bind(ex|ices)\b|(?<!each )(?<!per )(?<!every )\b(?:labels?|ids?|tokens?)\b|\bint(?:egers?)?\b|whole number",
    "probability": r"\bprobabilit|between 0 and 1|in \(0, 1\)|in \[0, 1\]",
    "positive": r"\bpositive\b|\bvariance\b|\bstandard deviation\b",
}
_TYPES = {  # of `x (np.ndarray): ...`
    r" ?\((?:(?:np|numpy)\.)?(?:ndarray|array(?:[-_ ]like)?|matrix|vector)\)": "",
    r" ?\((?:float|scalar)\) ?:": ": a number,",
    r" ?\(int(?:eger)?\) ?:": ": integer,",
}
_ATTEMPTS = 300  # at sizes that fit together
SIZES = (5, 7, 6, 9, 11, 10, 13, 12, 14, 15, 17, 16, 19, 18)
DIMENSION = re.compile(r"[A-Za-z_]\w*|\d+")
INNER = r"(?:[^()]|\((?:[^()]|\([^()]*\))*\))*"  # what parentheses enclose: `F, (H - K + 1) // 2`


class Described(Struct, frozen=True):
    """An input: its shape as written, where its numbers come from, and for an index the dimension that it counts."""

    shape: tuple[str, ...]
    kind: str = "normal"
    of: str = ""


def described(model: Model, loss: str) -> dict[str, Described]:
    """What is said of each input of the model.

    Raises:
        Unreadable: nothing is said of one; the message proposes what to add.
    """
    order = order_of(model, loss)
    inputs = dict.fromkeys(name for function in order for name in model.parameters(function) if name not in order)
    sentences = list(_sentences(model))
    found = {
        name: _annotated(model, order, name) or _said(name, sentences, "|".join(map(re.escape, inputs)))
        for name in inputs
    }
    silent = [name for name, known in found.items() if known is None]
    if silent:
        raise Unreadable(
            f"no shape is given for {', '.join(silent)}: add, for example, `{silent[0]} is (N, D).` to the docstring",
            str(model.path),
            1,
        )
    return {name: known for name, known in found.items() if known}


def docstrings_of(model: Model) -> Iterable[str]:
    """The docstrings, the lists in them as `x: words`: written as `x -- words`, or with a type, `x (np.ndarray): words`."""
    for text in [model.doc, *(function.__doc__ or "" for function in model.functions.values())]:
        for pattern, words in _TYPES.items():
            text = re.sub(pattern, words, text)
        yield re.sub(r"(?m)^(\s*\w+) --? ", r"\1: ", text)


def _sentences(model: Model) -> Iterable[str]:
    for text in docstrings_of(model):
        paragraphs = re.split(r"\n\s*\n|\n(?=\s*\w+ ?:)|(?<=[^.])\.(?=\s|$)|;", text)
        yield from (" ".join(each.split()) for each in paragraphs)


def _annotated(model: Model, order: Iterable[str], name: str) -> Described | None:
    for function in order:
        annotation = model.functions[function].__annotations__.get(name)
        text = annotation if isinstance(annotation, str) else getattr(annotation, "dim_str", None)
        if isinstance(text, str):
            inner = re.search(r"""["']([^"']*)["']""", text)
            written = inner.group(1) if inner else text
            kind = "index" if re.match(r"\w*Int", text) else "normal"
            return Described(tuple(re.sub(r"[(),]", " ", written).split()), kind)
    return None


def _said(name: str, sentences: Sequence[str], names: str) -> Described | None:
    """What the first sentence with a shape says; `names` matches any of the inputs.

    `U is (N, M)` comes before whatever else may be meant: in `scores = U m + c: (N,)` the shape is that of the scores.
    """
    others = rf"(?:, (?:{names})\b)*(?:,? and (?:{names})\b)?"  # the rest of "z, h and y"
    words = rf"(?:[^(),]|,(?! (?:and )?(?:{names})\b))*?"
    number = r"(?:(?:a|positive) number|numbers|scalars?|float)\b"
    index = r"(?:the |an |a )?(?:int(?:eger)?,? )?(?:index|indices|labels?)\b"
    verb = rf" ?(?::|is\b|are\b|(?:has|have|of) shape\b){words}"
    for start, said in ((r"(?<![-+*/@=] )", verb), ("", f"{verb}|[^(),]*?")):
        for sentence in sentences:
            for match in re.finditer(rf"(?<![\w.]){start}{re.escape(name)}(?!\w)", sentence):
                rest = sentence[match.end() :]
                scalar = re.match(rf"{others} ?(?:is|are|:|=){words}\b{number}", rest)
                shape = re.match(rf"{others}({said})(?:(?<!\w)|(?<=shape))\(({INNER})\)", rest)
                if shape and _is_shape(shape.group(2)) and not _on_another(shape.group(1), names):
                    return _of_kind(shape.group(2), rest[: _end(rest, shape.end(), names, others)])
                if scalar or re.match(rf"{others} ?(?:is|are|:) {index}", rest):
                    return _of_kind("", rest[: _end(rest, 0, names, others)])
    return None


def _on_another(words: str, names: str) -> bool:
    """Whether the words before a shape, behind a comma, lead to another input: `the data, and the weights W (D, K)`."""
    return "," in words and bool(re.search(rf"\b(?:{names})\b(?: (?:is|are)\b| ?:| ?$)", words))


def _end(rest: str, start: int, names: str, others: str) -> int:
    """Where the words on this quantity end: before the next shape."""
    start = start or len(re.match(others, rest)[0])  # type: ignore[index]
    following = re.search(rf"(?:,| and) (?:and )?(?:{names})\b{others} (?:is|are|has shape|have shape) ", rest[start:])
    return start + following.start() if following else len(rest)


def _is_shape(text: str) -> bool:
    parts = [re.sub(r"[()]", "", part).strip() for part in text.split(",")]
    return all(re.fullmatch(r"(?:\w+)(?: ?[-+*/]+ ?\w+)*", part) or not part for part in parts)


def _of_kind(shape: str, words: str) -> Described:
    dimensions = tuple(part.strip() for part in shape.split(",") if part.strip())
    kind = next((kind for kind, pattern in KINDS.items() if re.search(pattern, words, re.IGNORECASE)), "normal")
    below = re.search(r"(?:below|less than|<|up to) ([A-Za-z_]\w*)", words) or re.search(r"of ([A-Za-z_]\w*)", words)
    return Described(dimensions, kind, below.group(1) if below and kind == "index" else "")


# Points


def sizes_for(
    inputs: Mapping[str, Described], number: int, avoided: Iterable[int] = (), attempt: int = 0
) -> dict[str, int]:
    """A size for each dimension, all different, others at each point, and none that is a number of the model's own.

    Every attempt but the first mixes them: a kernel must not be larger than its image.
    """
    written = " ".join(part for each in inputs.values() for part in (*each.shape, each.of))
    names = dict.fromkeys(name for name in DIMENSION.findall(written) if not name.isdigit())
    allowed = [size for size in SIZES if size not in {*avoided, *map(int, re.findall(r"\b\d+\b", written))}]
    pool = [allowed[(position + number) % len(allowed)] for position in range(len(allowed))]
    if attempt:
        pool[: len(names)] = np.random.default_rng((number, attempt)).permutation(pool)[: len(names)].tolist()
    extra = iter(range(15, 1000))
    return {name: pool[position] if position < len(pool) else next(extra) for position, name in enumerate(names)}


def length(written: str, sizes: Mapping[str, int]) -> int:
    """The value of a dimension such as `Dh`, `1` or `W - K + 1`."""
    operations = {ast.Add: int.__add__, ast.Sub: int.__sub__, ast.Mult: int.__mul__, ast.FloorDiv: int.__floordiv__}

    def value(node: ast.expr) -> int:
        if isinstance(node, ast.BinOp):
            return int(operations[type(node.op)](value(node.left), value(node.right)))
        return sizes[node.id] if isinstance(node, ast.Name) else int(ast.literal_eval(node))

    return value(_parsed(written))


@lru_cache(maxsize=256)
def _parsed(written: str) -> ast.expr:
    return ast.parse(written, mode="eval").body


def sample(inputs: Mapping[str, Described], number: int = 0, avoided: Iterable[int] = (), attempt: int = 0) -> Point:
    """One random point; points of different numbers have different sizes."""
    random = np.random.default_rng(number)
    sizes = sizes_for(inputs, number, avoided, attempt)
    discrete = frozenset(name for name, each in inputs.items() if each.kind in ("index", "mask", "sign"))
    return Point({name: _values(each, sizes, random) for name, each in inputs.items()}, sizes, discrete)


def _values(each: Described, sizes: Mapping[str, int], random: np.random.Generator) -> Array:
    shape = tuple(max(0, length(part, sizes)) for part in each.shape)
    if each.kind == "one_hot":
        return _one_hot(shape, random)
    if each.kind == "index":
        return np.asarray(random.integers(0, sizes[each.of] if each.of else 3, shape))
    if each.kind in ("mask", "sign"):
        return np.where(random.integers(0, 2, shape), 1.0, -1.0 if each.kind == "sign" else 0.0)
    if each.kind in ("probability", "positive"):
        low, high = (0.1, 0.9) if each.kind == "probability" else (0.5, 2.0)
        return np.asarray(random.uniform(low, high, shape))
    return np.asarray(random.normal(size=shape))


def _one_hot(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """A one at a random place along the last axis, or along the first for a column."""
    axis = -1 if shape[-1] > 1 or len(shape) == 1 else 0
    places = random.integers(0, shape[axis], tuple(np.delete(shape, axis)))
    rows: Array = np.moveaxis(np.eye(shape[axis])[places], -1, axis)
    return rows


def points_for(model: Model, loss: str, count: int = 3) -> tuple[Point, ...]:
    """Points for a model whose docstrings give the shapes of its inputs, of sizes at which it runs."""
    inputs = described(model, loss)
    tree = ast.parse(model.path.read_text(encoding="utf-8-sig"))
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    avoided = [node.value for node in constants if isinstance(node.value, int)]
    order = order_of(model, loss)

    def point(number: int) -> Point:
        mixed = (sample(inputs, number, avoided, attempt) for attempt in range(_ATTEMPTS))
        return next((drawn for drawn in mixed if _runs(model, order, drawn)), None) or sample(inputs, number, avoided)

    return tuple(map(point, range(count)))


def _runs(model: Model, order: Iterable[str], point: Point) -> bool:
    values = dict(point.inputs)
    try:
        with np.errstate(all="ignore"):
            for name in order:
                values[name] = model.functions[name](*(values[parameter] for parameter in model.parameters(name)))
    except Exception:
        return False
    return all(np.size(value) for value in values.values())
