"""Compare two runs of one file at the same steps: a file that answers differently each time is one for a person to look at."""

from grader.records.run import Answer, ArrayData, Run

TOLERANCE = 1e-9  # other versions of numpy, and other processors, differ in the last digits


def difference(before: Run, after: Run) -> str:
    """How they differ, in one line; "" if they do not."""
    if before.loading.outcome != after.loading.outcome:
        return f"loading the file: {before.loading.outcome} at first, {after.loading.outcome} when run again"
    differing = [name for name, answers in before.answers.items() if _differ(answers, after.answers.get(name, []))]
    return f"other answers when run again: {', '.join(differing)}" if differing else ""


def _differ(before: list[Answer], after: list[Answer]) -> bool:
    return len(before) != len(after) or any(not _same(a, b) for a, b in zip(before, after, strict=True))


def _same(a: Answer, b: Answer) -> bool:
    if a.outcome != b.outcome or (a.value is None) != (b.value is None):
        return False
    if a.value is None or b.value is None or a.value == b.value:
        return True
    if a.value.dtype != b.value.dtype or a.value.shape != b.value.shape:
        return False
    if not (a.value.kept and b.value.kept):
        return True  # other last digits would give another hash as well
    return _same_numbers(a.value, b.value)


def _same_numbers(a: ArrayData, b: ArrayData) -> bool:
    import numpy as np  # most often there is nothing to compare, and nothing else here needs it

    from grader.problem.derivatives import relative_error

    x, y = a.array(), b.array()
    if x.dtype.kind not in "fc":
        return bool(np.array_equal(x, y))
    finite = np.isfinite(x)
    return bool(np.array_equal(finite, np.isfinite(y)) and relative_error(x[finite], y[finite]) <= TOLERANCE)
