"""Students whose wrong answers are the same numbers, although no known mistake gives them.  Pure; accuses nobody.

Answers that follow from another gradient, and mistakes that the diagnosis knows, are left out: many make those independently.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.classroom.report.data import Record
from grader.classroom.report.details import Code, excerpt
from grader.records.result import GradientResult
from grader.records.run import Answer

DIGITS = 6
MOST = 0.05  # of the class: numbers that more students have are no rarity
SIDE_BY_SIDE = 4


@dataclass(frozen=True)
class Alike:
    """Students with the same unexplained numbers.

    Attributes:
        students: positions in the list of records; two or more.
        gradients: with these numbers in common, and how many of how many others have those of each.
        probability: that another student of this class has all of them, if the gradients are independent.
        code: the first of these functions in the files of up to SIDE_BY_SIDE of the students.
    """

    students: tuple[int, ...]
    gradients: tuple[tuple[str, int, int], ...]
    probability: float
    code: tuple[Code | None, ...]


def find_alike(records: Sequence[Record], steps_hash: str) -> list[Alike]:
    """The rarest first."""
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    answered: dict[str, int] = defaultdict(int)
    for k in one_of_each_group(records):
        record = records[k]
        if record.grade is None or record.status != "graded" or record.run is None or record.steps_hash != steps_hash:
            continue
        for result in record.grade.gradients:
            answers = record.run.answers.get(result.name, [])
            answered[result.name] += bool(answers)
            if _is_unexplained(result) and (key := _key(answers)):
                holders[result.name, key].append(k)
    shared: dict[tuple[int, ...], list[tuple[str, int, int]]] = defaultdict(list)
    for (name, _), students in holders.items():
        if 2 <= len(students) <= max(2, MOST * answered[name]):
            shared[tuple(students)].append((name, len(students) - 1, answered[name] - 1))
    found = [_alike(records, students, gradients) for students, gradients in shared.items()]
    return sorted(found, key=lambda one: (one.probability, one.students))


def one_of_each_group(records: Sequence[Record]) -> list[int]:
    """The positions of the records, of those who submitted together only the first."""
    first: dict[int, int] = {}
    for k, record in enumerate(records):
        first.setdefault(record.submission or -k - 1, k)
    return list(first.values())


def _alike(records: Sequence[Record], students: tuple[int, ...], gradients: list[tuple[str, int, int]]) -> Alike:
    chance = float(np.prod([others / all_others for _, others, all_others in gradients]))
    sources = [records[k].source.decode(errors="replace").splitlines() for k in students[:SIDE_BY_SIDE]]
    return Alike(students, tuple(gradients), chance, tuple(excerpt(lines, gradients[0][0]) for lines in sources))


def _is_unexplained(result: GradientResult) -> bool:
    """Whether it is wrong by itself, and no mistake that the diagnosis knows gives its numbers."""
    if result.status != "failed" or result.inherits or result.follow_through is not None:
        return False
    constant = any(check.name == "shape" and check.outcome == "failed" for check in result.checks)
    return not constant and (result.diagnosis is None or result.diagnosis.certainty not in ("exact", "tie"))


def _key(answers: Sequence[Answer]) -> str:
    """The numbers of an answer at all sample points, to DIGITS digits of its largest; "" where there is nothing to compare."""
    total, constant = hashlib.sha256(), True
    for answer in answers:
        if answer.value is None or not answer.value.kept:
            return ""
        value = answer.value.array()
        if value.dtype.kind not in "biuf" or not value.size:
            return ""
        value = value.astype(float)
        largest = float(np.max(np.abs(value)))
        if not np.isfinite(largest) or largest == 0:
            return ""  # zeros and overflows are common
        constant &= bool(np.all(value == value.flat[0]))
        scaled = np.round(value / largest, DIGITS) + 0.0
        total.update(f"{value.shape} {largest:.{DIGITS}g}".encode() + scaled.tobytes())
    return "" if constant else total.hexdigest()
