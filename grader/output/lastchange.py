"""What a student's last change did: the gradients whose verdict it changed, and those that are still wrong."""

from grader.output.wording import verdict
from grader.records.result import Grade


def progress(before: Grade, now: Grade) -> str:
    """One line, such as "dJ_dH: fixed; dJ_dI: still wrong"; "" where all was and is right."""
    known = {one.name: one for one in before.gradients}
    parts = []
    for one in now.gradients:
        old = known.get(one.name)
        if old is None or (old.status == one.status == "passed"):
            continue
        if one.status == "passed":
            parts.append(f"{one.name}: fixed")
        else:
            parts.append(f"{one.name}: {'still' if verdict(old) == verdict(one) else 'now'} {verdict(one)}")
    return "; ".join(parts)
