"""What a student's last change did: the gradients whose verdict it changed, and those that are still wrong."""

from grader.output.wording import listed, verdict
from grader.records.result import Grade


def progress(before: Grade, now: Grade) -> str:
    """One line, such as "dJ_dH: fixed; dJ_dI: still wrong"; "" where all was and is right."""
    if now.message:
        return ""  # nothing of it was checked: the message on the file says why
    known = {one.name: one for one in before.gradients}
    found: dict[str, list[str]] = {}
    for one in now.gradients:
        old = known.get(one.name)
        if old is None or (old.status == one.status == "passed"):
            continue
        same = verdict(old) == verdict(one)
        if same and not one.is_root_cause:
            continue  # it follows from what is still wrong
        what = "fixed" if one.status == "passed" else f"{'still' if same else 'now'} {verdict(one)}"
        found.setdefault(what, []).append(one.name)
    return "; ".join(f"{listed(names)}: {what}" for what, names in found.items())
