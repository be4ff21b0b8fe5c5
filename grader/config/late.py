"""The section `late` of config.yaml: what a late submission costs."""

import re
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from grader.times import deadline, zone_called

_LOSS = r"^\s*(\d+(?:\.\d+)?)\s*(%|marks?)\s*$"
_LOSS_WORDS = "a share of the marks such as 10%, or marks such as 5 marks"
_MOST = Meta(ge=0, le=1e9)
# Below 1 a share of the maximum marks, from 1 on marks; "10%" and "0.5 marks" are both explicit.
Loss = Annotated[float, _MOST] | Annotated[str, Meta(pattern=_LOSS, description=_LOSS_WORDS)]


class Late(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a late submission costs.  A loss below 1 is a share of the maximum marks, from 1 on it is marks."""

    due: str
    timezone: str = "UTC"
    grace_minutes: Annotated[float, _MOST] = 0.0
    per_day: Loss | None = None
    per_hour: Loss | None = None
    max_days: Annotated[float, _MOST] | None = None
    floor: Loss = 0.0
    slip_days: Annotated[int, Meta(ge=0, le=10_000)] = 0
    which: Literal["latest", "best", "latest_before_due"] = "latest"

    @property
    def zone(self) -> tzinfo:
        zone = zone_called(self.timezone)
        if zone is None:
            raise ValueError(f"no time zone is called {self.timezone}")
        return zone

    @property
    def due_at(self) -> datetime:
        at = deadline(self.due, self.zone)
        if at is None:
            raise ValueError(f"not a time: {self.due}")
        return at


def in_marks(loss: float | str, max_score: float) -> float:
    """A loss or floor of the policy in marks."""
    if isinstance(loss, str):
        found = re.match(_LOSS, loss)
        amount, unit = (float(found[1]), found[2]) if found else (0.0, "marks")
        return amount / 100 * max_score if unit == "%" else amount
    return loss * max_score if loss < 1 else loss


def problems(late: Late) -> Iterator[tuple[str, str]]:
    """(key, what was expected and found) of each value that the types accept and that means nothing."""
    zone = zone_called(late.timezone)
    if zone is None:
        yield "timezone", f"expected a time zone, such as Europe/Zurich or America/New_York, found {late.timezone}"
    elif deadline(late.due, zone) is None:
        yield "due", f'expected a time, such as "2026-10-05 23:59", found {late.due}'
    if late.per_day is not None and late.per_hour is not None:
        yield "per_hour", "expected per_day or per_hour, found both"
    for key, loss in (("per_day", late.per_day), ("per_hour", late.per_hour), ("floor", late.floor)):
        if isinstance(loss, str) and "%" in loss and in_marks(loss, 1.0) > 1:
            yield key, f"expected at most 100%, found {loss}"


def late_in(data: Any) -> Late | None:
    """The policy in the content of a config.yaml that was accepted once; None where there is none."""
    section = data.get("late") if isinstance(data, dict) else None
    return None if section is None else msgspec.convert(section, Late)
