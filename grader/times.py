"""Times as platforms and people write them, with a zone or without one."""

import re
from datetime import datetime, timedelta, timezone, tzinfo

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
# As Moodle and Gradescope write them in English: `Friday, 2 October 2026, 11:58 PM`, `October 2, 2026, 23:58`.
_IN_WORDS = re.compile(
    r"(?:[A-Z][a-z]+day,? )?(?:(?P<d>\d{1,2}) (?P<m>[A-Z][a-z]+)|(?P<m2>[A-Z][a-z]+) (?P<d2>\d{1,2})),? (?P<y>\d{4}),? "
    r"(?:at )?(?P<clock>\d{1,2}:\d\d)(?P<s>:\d\d)?(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_FIRST, _LAST = 1970, 2999  # years: far from those that Python's arithmetic ends at
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(text: str) -> datetime | None:
    """A time as platforms and people write it; None if it cannot be read, or nobody can mean it."""
    at = _written(text)
    return at if at is not None and _FIRST <= at.year <= _LAST else None


def _written(text: str) -> datetime | None:
    text = re.sub(r"(\.\d{6})\d*", r"\1", text.strip()).replace(" UTC", "+00:00").replace(" Z", "+00:00")
    text = re.sub(r" ?([+-]\d\d):?(\d\d)$", r"\1:\2", re.sub(r"Z$", "+00:00", text))
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return _in_words(" ".join(text.split()))


def _in_words(text: str) -> datetime | None:
    """A time with the name of its month in English."""
    found = _IN_WORDS.fullmatch(text)
    month = (found["m"] or found["m2"])[:3] if found else ""
    if found is None or month not in _MONTHS:
        return None
    date = f"{found['y']}-{_MONTHS.index(month) + 1}-{found['d'] or found['d2']}"
    clock = f"{found['clock']}{found['s'] or ':00'}"
    half, form = (f" {found['half']}M", "%I:%M:%S %p") if found["half"] else ("", "%H:%M:%S")
    try:
        return datetime.strptime(f"{date} {clock}{half}", f"%Y-%m-%d {form}")
    except ValueError:
        return None


def moment_in(text: str, zone: tzinfo) -> datetime | None:
    """The same with a zone: its own, or else `zone`."""
    at = moment(text)
    return at if at is None or at.tzinfo is not None else at.replace(tzinfo=zone)


def deadline(text: str, zone: tzinfo) -> datetime | None:
    """A deadline in `zone`; a date without a time is the end of that day."""
    at = moment_in(text, zone)
    if at is None:
        return None
    at = at.astimezone(zone)
    return at + timedelta(days=1) if _DATE.fullmatch(text.strip()) else at


def zone_called(name: str) -> tzinfo | None:
    """The time zone of this name, such as Europe/Zurich; None if there is none."""
    if name.upper() in ("UTC", "Z"):
        return timezone.utc
    import zoneinfo  # few commands need it

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def seconds_between(earlier: datetime, later: datetime) -> float:
    """Seconds that really pass, also where the clocks change in between."""
    return (later.astimezone(timezone.utc) - earlier.astimezone(timezone.utc)).total_seconds()


def in_order(first: str, second: str) -> tuple[str, str]:
    """Two times as they are written, the earlier one first; one that cannot be read gives way to the other."""
    a, b = moment(first), moment(second)
    if a is None or b is None:
        known = first if b is None else second
        return known, known
    return (second, first) if (a.tzinfo is None) == (b.tzinfo is None) and b < a else (first, second)
