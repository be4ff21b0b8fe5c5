"""Quantities and terms that are wrong, missing or too many."""

from grader.diagnosis.bykind import ByKind

ENTRIES: ByKind = {
    "wrong-variable": (
        ("wrong-variable", 1.5, "with {new} where {old} belongs"),
        ("wrong-variable-shape", 1.5, "with {new} where {old} belongs"),
        ("wrong-constant", 1.6, "with the number {new} where {old} belongs"),
        ("wrong-row", 1.5, "with {new} where {old} belongs"),
        ("wrong-step", 1.5, "with {new} where {old} belongs"),
        ("wrong-size", 1.5, "with {new} where {old} belongs"),
        ("other-side", 1.5, "with {new} where {old} belongs"),
        ("wrong-gradient", 1.6, "with {new} where {old} belongs"),
        ("wrong-function-of", 1.9, "with {new} where {old} belongs"),
        ("exchanged", 1.6, "with {where} exchanged: each stands where the other belongs"),
        ("wrong-result", 2.2, "your numbers are exactly {new}: that is not the gradient asked for"),
        ("one-step-for-all", 1.45, "with {new} in every term, where each has its own ({where})"),
        ("shifted-and-cut", 1.7, "with {new} where {old} belong, and without the term that is left over"),
        ("skipped-activation", 1.6, "with the input of {where} where its output {old} belongs"),
        ("compared-gradient", 1.5, "when the gradient itself decides where it passes, and not {where}"),
        ("slope-argument", 1.4, "with the derivative of {where} evaluated at {new}"),
    ),
    "missing-term": (
        ("missing-term", 1.1, "without {where}"),
        ("missing-case", 1.1, "without {where}"),
        ("missing-step", 1.2, "without {where}"),
        ("missing-terms", 1.45, "without {where}"),
        ("missing-entry", 1.9, "when the target's entry is left out"),
        ("term-left-out", 1.2, "without the {new} term of the sum with {where}"),
        ("left-out", 1.2, "your numbers are right, but {new} is zero"),
        ("filled-once", 1.2, "your numbers are right in {new}, but zero elsewhere"),
    ),
    "extra-term": (
        ("extra-term", 2.2, "with {new} added"),
        ("carry-added", 1.5, "when {where} is added to what was handed back before, instead of replacing it"),
        ("repeated-term", 1.9, "when {where} is added or subtracted twice"),
        ("extra-path", 2.4, "with {new} added, a path that this gradient does not have"),
        ("extra-transpose", 2.3, "your numbers are the gradient plus its own transpose"),
        ("updated-parameter", 1.2, "your numbers are {where} after {new}: return the gradient itself"),
        ("offset", 1.7, "your numbers are the right ones plus a number that is the same in every entry"),
        ("weight-decay", 1.8, "your numbers are the right ones plus {new}, as weight decay adds"),
        ("moving-average", 1.9, "your numbers are {new} the right ones"),
    ),
}
