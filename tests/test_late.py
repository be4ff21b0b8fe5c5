"""The late policy: how late a submission is, what that costs, and which attempt counts."""

from pathlib import Path

import msgspec
import pytest
from conftest import ROOT

from grader.classroom.marks.choice import Attempt, choose
from grader.classroom.marks.lateness import lateness, penalty
from grader.classroom.marks.submission_times import time_of
from grader.classroom.store.ledger import Entry
from grader.config.keys import Late
from grader.config.load import load_config
from grader.errors import ConfigError
from grader.times import moment

DUE = "2026-10-02 12:00"


def policy(**more: object) -> Late:
    return msgspec.convert({"due": DUE, "timezone": "Europe/Zurich", "per_day": "10%", **more}, Late)


def extended(days: float | None = None, until: str = "") -> Entry:
    return Entry(student="ann", kind="extend", author="kim", value=days, until=until)


# (submitted, policy, days late, marks lost of 80 earned out of 100)
CASES = [
    ("2026-10-02 12:00:00", {}, 0, 0),
    ("2026-10-02 12:00:01", {}, 1, 10),
    ("2026-10-03 12:00:00", {}, 1, 10),
    ("2026-10-03 12:00:01", {}, 2, 20),
    ("2026-10-02T10:00:00Z", {}, 0, 0),  # with a zone of its own
    ("2026-10-02 10:00:01.123456000 Z", {}, 1, 10),
    ("2026-10-02 06:30:00 -0400", {}, 1, 10),
    ("2026-10-02 12:10:00", {"grace_minutes": 10}, 0, 0),
    ("2026-10-02 12:10:01", {"grace_minutes": 10}, 1, 10),
    ("2026-10-03 12:05:00", {"grace_minutes": 10}, 2, 20),  # after the grace period, lateness counts from the deadline
    ("2026-10-04 12:00:00", {"per_day": 5}, 2, 10),
    ("2026-10-04 12:00:00", {"per_day": 0.05}, 2, 10),
    ("2026-10-04 12:00:00", {"per_day": "0.5 marks"}, 2, 1),
    ("2026-10-04 12:00:00", {"per_day": None, "per_hour": 1}, 2, 48),
    ("2026-10-02 12:30:00", {"per_day": None, "per_hour": "2%"}, 1, 2),
    ("2026-10-04 12:00:00", {"slip_days": 1}, 2, 10),
    ("2026-10-04 12:00:00", {"slip_days": 5}, 2, 0),
    ("2026-10-04 13:00:00", {"slip_days": 2, "per_day": None, "per_hour": 1}, 3, 1),
    ("2026-10-05 12:00:00", {"max_days": 3}, 3, 30),
    ("2026-10-05 12:00:01", {"max_days": 3}, 4, 80),
    ("2026-10-05 12:00:01", {"max_days": 3, "slip_days": 1}, 4, 30),
    ("2026-10-05 12:00:00", {"floor": "60%"}, 3, 20),
    ("2026-10-05 12:00:00", {"floor": 90}, 3, 0),  # who has less than the floor loses nothing
    ("2026-10-22 12:00:00", {}, 20, 80),  # never below zero
    ("2026-10-26 11:00:00", {"due": "2026-10-24 12:00"}, 2, 20),  # the clocks change in between: 48 hours
    ("2026-10-26 12:00:00", {"due": "2026-10-24 12:00"}, 3, 30),
    ("2026-10-03 00:00:00", {"due": "2026-10-02"}, 0, 0),  # a date is the end of that day
    ("2026-10-03 00:00:01", {"due": "2026-10-02"}, 1, 10),
    ("2026-10-04 12:00:00", {"per_day": None}, 2, 0),
]


@pytest.mark.parametrize(("submitted", "settings", "days", "lost"), CASES)
def test_a_late_submission_loses_what_the_policy_says(submitted, settings, days, lost):
    late = lateness(policy(**settings), submitted)
    cost = penalty(policy(**settings), late, 80.0, 100.0)
    assert (late.days, cost.marks) == (days, lost)


def test_the_arithmetic_is_shown():
    rules = policy(slip_days=1, floor="65%")
    cost = penalty(rules, lateness(rules, "2026-10-04 13:01"), 80.0, 100.0)
    first, *rest = cost.lines
    assert first == (
        "Due 2026-10-02 12:00 (Europe/Zurich), submitted 2026-10-04 13:01 (Europe/Zurich):"
        " 49 h 1 min late, 3 late days begun, 1 of them free."
    )
    assert rest == [
        "2 days × 10 marks = 20 marks.",
        "Lateness brings nobody below 65 marks here: 15 are subtracted.",
    ]


@pytest.mark.parametrize(
    "submitted", ["", "yesterday", "Okt 3, 2026 1159 PM", "0001-01-01T00:00:00", "9999-12-31T23:59:59-12:00"]
)
def test_an_unknown_time_is_said_and_costs_nothing(submitted):
    late = lateness(policy(), submitted)
    cost = penalty(policy(), late, 80.0, 100.0)
    assert (cost.marks, late.in_time) == (0.0, False)
    assert "When you submitted is not known, so nothing is subtracted" in cost.lines[0]


@pytest.mark.parametrize(
    ("extensions", "days"),
    [
        ([extended(2)], 1),
        ([extended(3)], 0),
        ([extended(5), extended(1)], 2),  # the newest counts
        ([extended(until="2026-10-04 12:00")], 1),
        ([extended(until="2026-10-05 10:00Z")], 0),
        ([extended(until="2026-10-04")], 1),
        ([Entry(student="ann", kind="comment", author="kim")], 3),
    ],
)
def test_an_extension_moves_the_deadline_of_one_student(extensions, days):
    assert lateness(policy(), "2026-10-05 12:00", extensions).days == days


@pytest.mark.parametrize(
    ("due", "submitted", "seconds"),
    [
        ("2026-03-29 02:30", "2026-03-29T01:30:00Z", 0),  # the clocks go forward over it: half past three
        ("2026-03-29 02:30", "2026-03-29T01:30:01Z", 1),
        ("2026-10-25 02:30", "2026-10-25T00:30:01Z", 1),  # it comes twice: the first counts
        ("2026-10-25 02:30", "2026-10-25 02:30", 0),
        ("2026-10-25", "2026-10-25T23:00:00Z", 0),  # the end of a day with 25 hours
        ("2026-03-29", "2026-03-29T22:00:01Z", 1),
    ],
)
def test_a_deadline_in_the_hour_at_which_the_clocks_change(due, submitted, seconds):
    assert lateness(policy(due=due), submitted).seconds == seconds


def test_days_of_an_extension_are_days_on_the_clock():
    rules = policy(due="2026-10-24 12:00")
    assert lateness(rules, "2026-10-25 12:00", [extended(1)]).in_time  # after 25 hours


FIRST = Attempt(1, True, "2026-10-01 12:00", "2026-10-01 12:00", 70.0, 100.0)
SECOND = Attempt(2, True, "2026-10-02 11:00", "2026-10-02 11:00", 60.0, 100.0)
LATE = Attempt(3, True, "2026-10-03 11:00", "2026-10-03 11:00", 85.0, 100.0)
LAST = Attempt(4, False, "2026-10-04 11:00", "2026-10-04 11:00", 88.0, 100.0)


@pytest.mark.parametrize(
    ("which", "extensions", "chosen"),
    [
        ("latest", [], LAST),
        ("latest_before_due", [], SECOND),
        ("latest_before_due", [extended(1)], LATE),
        ("best", [], LATE),  # 70, 60, 85 - 10, 88 - 20
        ("best", [extended(2)], LAST),
    ],
)
def test_the_attempt_that_counts_is_the_one_of_the_policy(which, extensions, chosen):
    assert choose(policy(which=which), [FIRST, SECOND, LATE, LAST], extensions) == chosen


def test_without_a_policy_or_an_attempt_in_time_the_latest_counts():
    assert choose(None, [FIRST, LAST], []) == LAST
    assert choose(policy(which="latest_before_due"), [LATE, LAST], []) == LAST
    untimed = [one._replace(first_at="", submitted_at="") for one in (FIRST, LAST)]
    assert choose(policy(which="latest_before_due"), untimed, []) == untimed[1]


def test_of_equally_good_attempts_the_newest_counts_and_one_without_marks_never_does():
    same = [FIRST, SECOND._replace(score=70.0)]
    latest = LAST._replace(score=None)
    assert choose(policy(which="best"), [*same, latest], []) == same[1]


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("due: 9999-12-31", "late.due", "expected a time"),
        ("due: 2026-10-02 25:00", "late.due", 'expected a time, such as "2026-10-05 23:59", found 2026-10-02 25:00'),
        ("{due: 2026-10-02, timezone: Europe/Zurihc}", "late.timezone", "such as Europe/Zurich or America/New_York, found"),
        ("{due: 2026-10-02, timezone: ../../etc/passwd}", "late.timezone", "expected a time zone"),
        ("{due: 2026-10-02, per_day: 2, per_hour: 1}", "late.per_hour", "expected per_day or per_hour, found both"),
        ("{due: 2026-10-02, per_day: -1}", "late.per_day", "expected"),
        ("{due: 2026-10-02, per_day: 10 percent}", "late.per_day", "expected"),
        ("{due: 2026-10-02, per_day: 110%}", "late.per_day", "expected at most 100%, found 110%"),
        ("{due: 2026-10-02, per_dya: 1}", "late.per_dya", "unknown key; did you mean per_day?"),
        ("{per_day: 1}", "late", "the key due is missing"),
        ("{due: 2026-10-02, which: newest}", "late.which", "expected one of (best, latest, latest_before_due), found newest"),
    ],
)  # fmt: skip
def test_a_policy_that_means_nothing_is_refused(tmp_path: Path, section: str, key: str, words: str) -> None:
    path = tmp_path / "config.yaml"
    shown = section if section.startswith("{") else f"\n  {section}"
    path.write_text((ROOT / "config.yaml").read_text() + f"\nlate: {shown}\n")
    with pytest.raises(ConfigError) as error:
        load_config(path)
    assert f": {key}: " in str(error.value)
    assert words in str(error.value)


@pytest.mark.parametrize(
    "due", ["2026-10-05", "2026-10-05 23:59", "2026-10-05 23:59:00", '"2026-10-05T23:59:00+02:00"']
)
def test_a_deadline_may_be_written_as_people_write_times(tmp_path: Path, due: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text((ROOT / "config.yaml").read_text() + f"\nlate: {{due: {due}, timezone: Europe/Zurich}}\n")
    loaded = load_config(path).late
    assert loaded is not None
    assert f"{loaded.due_at:%m-%d %H:%M}" == ("10-06 00:00" if due == "2026-10-05" else "10-05 23:59")


# --- when a file was submitted ------------------------------------------------------------------------------------------


def recorded(submission: int, at: str) -> Entry:
    return Entry(student="ann", kind="submitted", author="kim", until=at, verdict=str(submission))


def test_a_recorded_time_takes_the_place_of_the_one_in_the_download_for_that_file_only():
    entries = [recorded(3, "2026-10-02 11:59"), recorded(3, "2026-10-02 11:30"), recorded(9, "2026-10-09")]
    assert time_of(3, "2026-10-03 11:00", entries) == "2026-10-02 11:30"
    assert time_of(4, "2026-10-04 11:00", entries) == "2026-10-04 11:00"
    assert time_of(4, "", entries) == ""


def test_the_attempt_that_counts_is_chosen_by_recorded_times():
    attempts = [FIRST, SECOND, LATE, LAST]
    in_time = [recorded(4, "2026-10-02 11:30")]
    assert choose(policy(which="best"), attempts, in_time) == LAST
    assert choose(policy(which="latest_before_due"), attempts, in_time) == LAST
    untimed = [one._replace(first_at="", submitted_at="") for one in attempts]
    given = [recorded(1, "2026-10-01 12:00"), recorded(2, "2026-10-02 11:00"), recorded(3, "2026-10-03 11:00")]
    assert choose(policy(which="latest_before_due"), untimed, given) == untimed[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Friday, 2 October 2026, 11:58 PM", "2026-10-02 23:58"),
        ("Friday, October 2, 2026, 11:58 PM", "2026-10-02 23:58"),
        ("Friday, 2 October 2026, 23:58", "2026-10-02 23:58"),
        ("2 Oct 2026 12:05 a.m.", "2026-10-02 00:05"),
        ("Sep 3 2026 12:08 PM", "2026-09-03 12:08"),
        ("2026-10-02 23:58", "2026-10-02 23:58"),
        ("2/10/2026 11:58", None),  # the second of October, or the tenth of February
        ("Freitag, 2. Oktober 2026, 23:58", None),
        ("Friday, 31 September 2026, 11:58 PM", None),
        ("Friday, 2 October 2026, 13:58 PM", None),
    ],
)
def test_times_are_read_as_platforms_write_them(text, found):
    at = moment(text)
    assert (at and f"{at:%Y-%m-%d %H:%M}") == found
