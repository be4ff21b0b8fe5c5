"""The registry of what can go wrong: every operator's kind, cost and sentence for instructors, which `bykind` lists.

In a sentence `{new}` is what the numbers show, `{old}` the single quantity, factor or operation that belongs there.  Students
read those of `students` instead.
"""

import re

from msgspec import Struct

from grader.diagnosis.bykind import amounts, factors, ingredients, orientation
from grader.diagnosis.hypothesis import WHAT_YOU_GET, Edit


class Operator(Struct, frozen=True):
    """One way to go wrong.

    Attributes:
        slug: its name, the key of its hints.
        kind: kind of mistake, as in the JSON contract.
        cost: prior: 1 is common, 2 is seen, 3 is rare.
        sentence: `edit` puts "your numbers are what you get" before it, unless it is whole and begins with "your".
    """

    slug: str
    kind: str
    cost: float
    sentence: str

    def edit(self, where: str, *, new: str = "", old: str = "", extra: float = 0.0) -> Edit:
        sentence = self.sentence.format(new=new, old=old or where, where=where)
        if re.fullmatch(r"[\w/]+(, [\w/]+)+", old or where):
            sentence = sentence.replace(" belongs", " belong")
        if not sentence.startswith(("your numbers", "your array")):
            sentence = f"{WHAT_YOU_GET}{sentence}"
        also = _WITH_OTHER_MISTAKES.get(self.slug, "").format(new=new, where=where)
        return Edit(self.slug, self.kind, where, sentence, self.cost + extra, also=also, new=new, old=old or where)


# In place of sentences that compare the numbers with the right ones, when there is another mistake.
_WITH_OTHER_MISTAKES = {
    "sign-result": "the sign is flipped throughout",
    "transpose-result": "rows and columns are swapped",
    "operand-order": "the product with {where} is in the wrong order, which gives a {new}",
    "shape-squeezed": "the result has lost (or gained) an axis of length 1",
    "shape-reshaped": "the entries are in the wrong shape",
    "shape-scattered": "the entries fill one row of an array like {where}, and its other rows are zero",
    "row-alone": "only the row of {where} is there",
    "shape-repeated": "the entries are repeated: numpy has broadcast {new}",
    "repeated-rows": "everything is there {new}, one after the other",
    "extra-transpose": "the transpose is added",
    "scale-number": "everything is multiplied by {new}",
    "scale-size": "everything is divided by {new}",
    "scale-steps": "everything is multiplied by a factor that changes from sample point to sample point",
    "sum-extra": "everything is summed {new}",
    "mean-extra": "everything is averaged {new}",
    "running-sum": "running sums are taken {new}",
    "whole-numbers": "the array holds {new}, which cuts off decimals",
    "rounded": "everything is rounded to {new}",
    "cut-off": "everything is truncated to {new}",
    "reordered": "everything is {new}",
    "offset": "the same number is added to every entry",
    "weight-decay": "{new} is added, as weight decay does",
    "scale-known": "everything is {new}",
}

# By kind of mistake: slug, cost, sentence.
_BY_KIND = {**orientation.ENTRIES, **ingredients.ENTRIES, **factors.ENTRIES, **amounts.ENTRIES}

OPERATORS = {
    slug: Operator(slug, kind, cost, sentence) for kind, entries in _BY_KIND.items() for slug, cost, sentence in entries
}
