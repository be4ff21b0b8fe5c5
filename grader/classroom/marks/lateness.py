"""The late policy: how late a submission is, and what that costs.  Pure."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from grader.classroom.exports.cells import number
from grader.classroom.store.ledger import Entry
from grader.config.late import Late, in_marks
from grader.times import deadline, moment_in, seconds_between

_DAY, _HOUR = 86_400, 3_600


@dataclass(frozen=True)
class Lateness:
    """How late one submission is.

    Attributes:
        at: when it was submitted; None where that is unknown.
        due: the student's own deadline.
        extended: it is not everybody's.
        seconds: since the deadline; 0 if it is in time, or within the grace period.
    """

    at: datetime | None
    due: datetime
    extended: bool
    seconds: float

    @property
    def days(self) -> int:
        """Days late, one that has begun counting as a whole."""
        return math.ceil(self.seconds / _DAY)

    @property
    def in_time(self) -> bool:
        return self.at is not None and self.seconds == 0


@dataclass(frozen=True)
class Penalty:
    """What is subtracted, and the arithmetic in words."""

    marks: float
    lines: tuple[str, ...]


def lateness(policy: Late, submitted_at: str, extensions: Iterable[Entry] = ()) -> Lateness:
    """How late a submission is under a policy.

    Args:
        submitted_at: as in the download; without a zone it is in the policy's.
        extensions: entries of the ledger, of which the newest counts.
    """
    due = policy.due_at
    newest = next((one for one in reversed([*extensions]) if one.kind == "extend"), None)
    if newest is not None:
        longer = due + timedelta(days=newest.value or 0)  # on the clock: the same time of day
        due = (deadline(newest.until, policy.zone) or due) if newest.until else longer
    at = moment_in(submitted_at, policy.zone)
    seconds = 0.0 if at is None else max(0.0, seconds_between(due, at))
    if seconds <= policy.grace_minutes * 60:
        seconds = 0.0
    return Lateness(at, due, newest is not None, seconds)


def penalty(policy: Late, late: Lateness, marks: float, max_score: float) -> Penalty:
    """What a submission loses that is worth `marks` of `max_score` without it."""
    due = f"Due {_shown(late.due, policy)}{' by your extension' if late.extended else ''}"
    if late.at is None:
        return Penalty(0.0, (f"{due}. When you submitted is not known, so nothing is subtracted for lateness.",))
    when = f"{due}, submitted {_shown(late.at, policy)}"
    if late.seconds == 0:
        return Penalty(0.0, (f"{when}: in time.",))
    slip = min(policy.slip_days, late.days)
    begun = f"{late.days} late {_days(late.days)} begun" + (f", {slip} of them free" if slip else "")
    lines = [f"{when}: {_duration(late.seconds)} late, {begun}."]
    if policy.max_days is not None and late.seconds - slip * _DAY > policy.max_days * _DAY:
        most = number(policy.max_days)
        lines.append(f"More than {most} {_days(policy.max_days)} late: no marks, {number(marks)} are subtracted.")
        return Penalty(marks, tuple(lines))
    left = max(0.0, late.seconds - slip * _DAY)
    loss, unit, size = (
        (policy.per_hour, "hour", _HOUR) if policy.per_hour is not None else (policy.per_day, "day", _DAY)
    )
    units, rate = math.ceil(left / size), in_marks(loss or 0.0, max_score)
    full = round(units * rate, 9)
    lowest = min(marks, in_marks(policy.floor, max_score))
    taken = round(min(full, max(0.0, marks - lowest)), 9)
    if units and rate:
        lines.append(f"{units} {unit}{'' if units == 1 else 's'} × {number(rate)} marks = {number(full)} marks.")
    if taken < full:
        lines.append(f"Lateness brings nobody below {number(lowest)} marks here: {number(taken)} are subtracted.")
    return Penalty(taken, tuple(lines))


def _days(count: float) -> str:
    return "day" if count == 1 else "days"


def _shown(at: datetime, policy: Late) -> str:
    return f"{at.astimezone(policy.zone):%Y-%m-%d %H:%M:%S} ({policy.timezone})".replace(":00 (", " (")


def _duration(seconds: float) -> str:
    """`26 h 1 min`; less than a minute in seconds."""
    hours, minutes = divmod(int(seconds // 60), 60)
    parts = [f"{hours} h"] * bool(hours) + [f"{minutes} min"] * bool(minutes)
    return " ".join(parts) or f"{math.ceil(seconds)} s"
