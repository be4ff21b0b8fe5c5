"""The sentences in which a child explains an exception.  A child fills them in; the grader shows these and no others.

A field in braces is named by its kind, which `sandbox/explanations.py` checks; a digit tells two fields of one kind apart.
"""

import re

OPEN, CLOSE = "\N{MATHEMATICAL LEFT WHITE SQUARE BRACKET}", "\N{MATHEMATICAL RIGHT WHITE SQUARE BRACKET}"
MAX_OPERANDS = 6  # of a call that are described
MAX_COPY = 80  # characters of a field of the kind "copy"
KEYWORDS = ("axis", "keepdims", "dtype", "out", "where", "initial")  # what numpy's sums, means and the like take

_FIELD = re.compile(r"\{([a-z]+\d?)\}")


class Sentence:
    """A sentence with fields.

    Attributes:
        fields: their names in order; a name that appears twice stands for the same text.
        skeleton: the sentence with a pair of empty marks in place of each field.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.fields = _FIELD.findall(text)
        self.skeleton = _FIELD.sub(OPEN + CLOSE, text)

    def __call__(self, *values: str) -> str:
        """The sentence with a value, in marks, for each name in the order in which the names first appear.

        Raises:
            ValueError: a value cannot be shown; the grader would take the line for a forgery.
        """
        filled = dict(zip(dict.fromkeys(self.fields), values, strict=True))
        for name, value in filled.items():
            plain = not name.startswith("copy") or (len(value) <= MAX_COPY and value.isprintable())
            if OPEN in value or CLOSE in value or not plain:
                raise ValueError(name)
        return self.text.format_map({name: f"{OPEN}{value}{CLOSE}" for name, value in filled.items()})


# Where: before any of the others.
IN_FUNCTION = Sentence("in {name}: ")
IN_LINE = Sentence("line {number}: ")
IN_CELL = Sentence("cell {number}, line {number2}: ")

# Operators
IS = Sentence("{code} is {value}")
OPERATION = Sentence("{code} is {value}  {operator}  {code2} is {value2}")
NO_RESULT = Sentence("{code} is None: does the function that computes it `return` a result?")
NOT_CALLED = Sentence("{name} is a function: call it, as in {name}(s)")
ALL_QUANTITIES = Sentence("{code} holds all quantities: choose one, as in {code}.name")
INTEGERS_IN_PLACE = Sentence("{code} holds integers, and an in-place operation cannot turn them into floats")
SHAPE_IN_PLACE = Sentence("an in-place operation keeps the shape {value}, and the result has another one")
NO_AXIS_TO_SUM = Sentence("{product} sums over an axis, and a single number has none: multiply by a number with *")
SUMMED_AXES = Sentence(
    "{product} sums over the {position} axis of the left ({size}) and the {position2} axis of the right ({size2}):"
    " these two axes must match"
)
BROADCAST_AXES = Sentence(
    "element by element, axes are matched from the right and must be equal or have size 1:"
    " the {position} axes are {size} and {size2}"
)
BROADCASTS = Sentence("{code} is {shape}: numpy broadcasts both {shape2} and {shape3}")
INNER_PRODUCT = Sentence("{code} is a single number: both factors have one axis, {shape}, and @ sums over it")
PRODUCT = Sentence("{code} is {shape}  {product}  {code2} is {shape2}, which gives {shape3}")
TRANSPOSED_VECTOR = Sentence("{code} has no effect: {code2} has one axis, {shape}, and nothing to swap it with")

# Indices and assignments
ASSIGNED = Sentence("{code} is {value}, and you assign {code2}, which is {value2}")
ONE_ENTRY = Sentence("one entry holds one number, not an array of shape {shape}")
MUST_FIT = Sentence("the value must have the same axes in the same order, or axes of size 1")
NOT_INDEXED = Sentence("{code} cannot be indexed: its quantities are attributes, as in {code}.{copy}")
INDEXED = Sentence("{code} is {shape}, and the index is [{code2}]")
TOO_MANY_INDICES = Sentence("{code} has {axes}, but you give {number} indices")
INTEGER_INDEX = Sentence("an index must be an integer, not {number}")
INTEGER_SIZE = Sentence("a size must be an integer, not {number}: `/` gives a float, `//` an integer")
INDEX_KINDS = Sentence("an index must be an integer, a slice, or an array of integers or booleans, within the axis")
OUT_OF_BOUNDS = Sentence("{number} is out of bounds for axis {number2} of {code}, which has size {size}: {indices}")
ROW_ENTRIES = Sentence("a row has two axes: its entries are {code}[0, i]")
NO_ENTRIES = Sentence("it cannot be indexed")
ONE_INDEX = Sentence("it takes one integer or slice; only an array takes one index per axis")
EMPTY = Sentence("it is empty")
ONLY_INDEX = Sentence("its only index is 0")
INDICES = Sentence("its indices go from 0 to {number}")
UNPACKED = Sentence("{code} is {value}, and you unpack it into {number} names")
FIRST_AXIS = Sentence("an array is unpacked along its first axis, which has size {size}")
TRUTH = Sentence("a condition needs one truth value, and an array has one per entry")

# Calls
CALLS = [
    Sentence("{code0}" + ": " * (count > 0) + ", ".join(f"{{code{k}}} is {{value{k}}}" for k in range(1, count + 1)))
    for count in range(MAX_OPERANDS + 1)
]
CALLED_ARRAY = Sentence("an array cannot be called: write a product with an operator")
SIGNATURE = Sentence("{code} is defined as {code}({names})")
CALLED_WITH = Sentence("{dotted} is called with these arguments: {names}")
UNKNOWN_PARAMETER = Sentence("{dotted} has a parameter {name}, and there is no quantity of this name")
UNKNOWN_PARAMETER_NEAR = Sentence(
    "{dotted} has a parameter {name}, and there is no quantity of this name; did you mean {name2}?"
)
PARAMETERS = Sentence("parameters may be {names}")
IN_A_CIRCLE = Sentence("these gradients need one another as parameters: {chain}")
ONE_ARGUMENT = Sentence("{dotted} is called with one argument, the sample point: `def {dotted}(s)`")
SHAPES_TOGETHER = Sentence("it does not take arrays of these shapes together")
NO_ARGUMENT = Sentence("it has no argument called {copy}")
NO_ARGUMENT_NEAR = Sentence("it has no argument called {copy}; did you mean {keyword}?")
SQUARE = Sentence("this needs a square matrix")
ONE_NUMBER = Sentence("{code} takes a single number: for an array, use numpy's function")
TRANSPOSE = Sentence("a transpose of {shape} names each of its {number} axes exactly once")
SQUEEZE = Sentence("squeeze removes axes of size 1, and this axis of {value} has another size")
ONE_OPEN_SIZE = Sentence("only one size may be -1")
RESHAPE_REST = Sentence("reshape keeps all entries: {shape} has {count} entries, which {count2} does not divide")
RESHAPE = Sentence("reshape keeps all entries: {shape} has {count} entries, but {shape2} has {count2}")
LIST_OF_ARRAYS = Sentence("{name} takes a list of arrays, as in [a, b]")
STACK = Sentence("stack needs arrays of equal shape; these are {shapes}")
JOIN_AXES = Sentence("the arrays must have the same number of axes; these are {shapes}")
JOIN = Sentence("arrays joined along axis {number} must agree in every other axis; these are {shapes}")
EINSUM_ARRAYS = Sentence("`{copy}` describes {number} arrays, and you give {number2}")
EINSUM_AXES = Sentence("`{copy}` must have an index for each axis of array {number}, which is {shape}")
EINSUM_SIZES = Sentence("the index {copy} is {size} in one array and {size2} in another")
EINSUM_RESULT = Sentence("the index {copy} of the result is in none of the arrays")
NO_SUCH_AXIS = Sentence("there is no axis {number}: the array has {axes}, numbered from 0")
RECURSION = Sentence("these functions call each other without end: {chain}")

# Names and attributes
USED_EARLY = Sentence("{name} is used before it is assigned in this function")
LOCAL = Sentence("a name that is assigned anywhere in a function is local to all of it")
QUANTITY = Sentence("{name} is a quantity: write s.{name}")
ADD_PARAMETER = Sentence("{name} is a quantity: add it to the parameters of {name2}")
IN_GROUP = Sentence("{name} is one of the quantities in {name2}: unpack them first")
OF_SELF = Sentence("{name} is an attribute: write self.{name}")
NOT_GIVEN = Sentence("{name} is a quantity, but not among the arguments: {names}")
IMPORT_NUMPY = Sentence("numpy is not imported: write `import numpy as np` at the top of the file")
IMPORT_MODEL = Sentence("{name} is a function of the model: write `from model import {name}` at the top of the file")
IN_NUMPY = Sentence("{name} is part of numpy: write np.{name}")
QUANTITIES_IN = Sentence("in this function the quantities are in {name}, not in {name2}")
UNKNOWN = Sentence("{name} is not defined")
UNKNOWN_NEAR = Sentence("{name} is not defined; did you mean {name2}?")
UNKNOWN_NEAR_QUANTITY = Sentence("{name} is not defined; did you mean s.{name2}?")
NO_GRADIENTS = Sentence("s holds no gradients: call your own function, as in {copy}(s)")
NO_QUANTITY = Sentence("there is no quantity {copy}")
NO_QUANTITY_NEAR = Sentence("there is no quantity {copy}; did you mean s.{name}?")
QUANTITIES = Sentence("the quantities are {names}")
NO_ATTRIBUTE = Sentence("{owner} has no {copy}")
NO_ATTRIBUTE_NEAR = Sentence("{owner} has no {copy}; did you mean {dotted}?")
IN_MODEL = Sentence("numpy has no {copy}, but the model has: write `from model import {copy}`")
ATTRIBUTE_OF_NONE = Sentence("what is before .{copy} is None: does the function that computes it `return` a result?")
