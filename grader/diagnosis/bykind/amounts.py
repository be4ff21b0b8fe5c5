"""Sizes, sums and numbers that are wrong."""

from grader.diagnosis.bykind import ByKind

ENTRIES: ByKind = {
    "scale": (
        ("scale-number", 1.3, "your numbers are {new} times the right ones"),
        ("scale-size", 1.3, "your numbers are the right ones divided by {new}"),
        (
            "scale-steps",
            1.8,
            "your numbers are the right ones up to a single factor that differs between sample points, such as a norm",
        ),
        ("scaled-term", 1.5, "with {new} where {old} belongs"),
        ("weighted-terms", 1.9, "when {where} are multiplied by {new} before they are added"),
        ("scale-known", 1.75, "your numbers are the right ones {new}"),
        ("clipped-values", 1.2, "your numbers are the right ones clipped to {new}"),
        ("clipped-norm", 1.2, "your numbers are the right ones scaled down wherever their norm exceeds {new}"),
    ),
    "reduction": (
        ("sum-missing", 1.4, "with the terms of a sum before they are added up ({where})"),
        ("wrong-axis", 1.0, "with {where} {new}"),
        ("examples-apart", 1.5, "when {where} are {new} over the examples before they are multiplied, not after"),
        ("first-terms", 1.4, "with the first {new} terms of the sum with {where} only"),
        (
            "running-average",
            1.6,
            "with a running average in place of the sum with {where}: early terms count less and less",
        ),
        ("sum-axis", 1.5, "when a sum runs {new} ({where})"),
        ("mean-for-sum", 1.35, "with a mean instead of a sum ({where})"),
        ("sum-for-mean", 1.2, "with a sum instead of a mean ({where})"),
        ("sum-extra", 1.5, "your numbers are the right ones summed {new}"),
        ("mean-extra", 1.6, "your numbers are the right ones averaged {new}"),
        ("running-sum", 1.9, "your numbers are running sums of the right ones, taken {new}"),
        (
            "sum-overwritten",
            1.5,
            "when {where} are overwritten instead of added up: a repeated place keeps its last value",
        ),
        ("last-term", 1.9, "when only one term of {where} is kept"),
        ("mean-variable", 1.9, "with the mean of {where} in place of its entries"),
        ("max-normalisation", 1.9, "when {where} is divided by its largest entry instead of the sum"),
        ("one-number", 2.0, "your numbers are {new}"),
        ("max-for-sum", 1.5, "with the {new} term instead of the sum over all of them ({where})"),
    ),
    "constant": (
        ("random", 1.0, "your numbers change from call to call: two calls with the same s give different ones"),
        (
            "constant",
            1.0,
            "your numbers are {new}: a gradient has one value per entry, and changes with the sample point",
        ),
        (
            "sizes-only",
            1.0,
            "your numbers are the same at all sample points of the same sizes: they depend on the shapes alone",
        ),
        (
            "kept-answer",
            1.0,
            "your numbers are right at the first sample point of each size, and only repeated at the next one",
        ),
    ),
    "numerical-gradient": (
        ("whole-numbers", 1.0, "your array holds {new}: everything assigned to it loses its decimals"),
        ("half-precision", 1.0, "your array is in half precision (float16), which keeps about three digits"),
        ("rounded", 1.0, "your numbers are the right ones rounded to {new}"),
        ("cut-off", 1.6, "your numbers are the right ones truncated to {new}"),
        (
            "numerical-gradient",
            1.0,
            "your numbers agree with the gradient to about {new}, as a numerical derivative does",
        ),
        ("digits-inside", 1.2, "when {where} is {new} on the way"),
        ("clipped-inside", 1.2, "when {where} is used {new}"),
        ("significant", 1.1, "your numbers are the right ones rounded to {new}"),
    ),
}
