"""Which row of a gradebook gets a student's marks, and when no row does."""

import pytest

from grader.classroom.exports.matching import Matching, Who, match

SEVERAL, NEARLY, NAMESAKES, NOTHING = "several", "almost the same number", "several people", "in common"


def student(name: str, folder: str = "", submission: int | None = -1, **ids: str) -> Who:
    """Each has a submission of their own, unless said otherwise."""
    number = hash((name, folder, *ids.items())) if submission == -1 else submission
    return Who(ids, name, name, folder, number)


def folder(name: str) -> Who:
    return student(name, folder=name)


def row(name: str, **ids: str) -> Who:
    return Who(ids, name, name)


def placed(found: Matching) -> dict[int, int]:
    """Rows by student."""
    return {who: where for where, who in found.student_of.items()}


@pytest.mark.parametrize(
    ("who", "where"),
    [
        (student("x", sid="0041"), row("y", sid="0041")),
        (student("x", email="A.B@Uni.edu"), row("y", email="a.b@uni.edu")),
        (
            student("x", email="ab@uni.edu"),
            row("y", login="ab@uni.edu"),
        ),  # Canvas: the login is an address in many schools
        (student("x", login="ab"), row("y", login="AB")),
        (student("x", canvas="9001"), row("y", canvas="9001", sid="S1")),
        (student("x", sid="41", email="a@uni.edu"), row("y", sid="41")),
        (student("x", sid="1041"), row("y", sid="1041.0")),
        (student("x", sid="1041"), row("y", sid="1041,0")),
        (student("x", sid="1041"), row("y", sid="1.041E+03")),
        (student("x", sid="0041"), row("y", sid="41")),
        (student("x", sid="41"), row("y", sid="0041")),
        (student("x", sid="0041"), row("y", sid='="0041"')),
        (
            student("x", sid="1041000", email="a@x.edu"),
            row("y", sid="1.04E+06", email="a@x.edu"),
        ),  # digits lost: no contradiction
        (folder("Zoë Müller"), row("Müller, Zoë", canvas="1", sid="s1")),
        (folder("Zoe\u0308 Müller"), row("Müller, Zoë (she/her)")),
        (folder("ab"), row("y", login="ab")),
        (folder("0041"), row("y", sid="41")),
        (folder("a@uni.edu"), row("y", email="a@uni.edu")),
        (student("Ann Lee"), row("Lee, Ann")),
    ],
)
def test_a_student_is_found(who, where):
    others = [row("Another", canvas="77", sid="S77", login="l77", email="l77@uni.edu"), row("Third", canvas="78")]
    assert placed(match([who], [*others, where])) == {0: 2}


@pytest.mark.parametrize(
    ("who", "where", "why"),
    [
        (
            student("x", sid="1", email="a@x.edu"),
            [row("x", sid="1", email="b@x.edu")],
            "same student number, but another e-mail",
        ),
        (
            student("x", sid="1", email="a@x.edu"),
            [row("x", sid="1", login="b@x.edu")],
            "same student number, but another e-mail",
        ),
        (
            student("x", sid="1", email="a@x.edu"),
            [row("x", sid="1"), row("y", sid="2", email="a@x.edu")],
            "matches, but",
        ),
        (student("x", sid="1", email="a@x.edu"), [row("x", sid="1"), row("y", email="a@x.edu")], SEVERAL),
        (student("x", sid="1"), [row("x", sid="1"), row("y", sid="1")], SEVERAL),
        (student("Ann Lee", sid="1"), [row("Ann Lee", sid="2")], ""),
        (student("Ann Lee", sid="1"), [row("Ann Lee", canvas="9")], NOTHING),
        (student("Ann Lee", sid="1"), [row("Ann Lee")], NOTHING),
        (student("Ann Lee"), [row("Ann Lee", canvas="9")], NOTHING),  # the platform knows no id of this student
        (student("Ann Lee"), [row("Lee, Ann"), row("Ann Lee", sid="2")], NAMESAKES),
        (folder("Ann Lee"), [row("Lee, Ann", sid="1"), row("Lee, Ann", sid="2")], NAMESAKES),
        (folder("Wei Zhang"), [row("Zhang, Wei", sid="1"), row("Wei, Zhang", sid="2")], NAMESAKES),
        (folder("Zhang Wei"), [row("Zhang, Wei", sid="1")], "in another order"),
        (folder("Bo"), [row("Ann Lee")], ""),
        (student("x", sid="1"), [row("y", sid="1,000")], ""),  # a thousand
        (student("x", sid="1041000"), [row("y", sid="1.04E+06")], ""),
        (student("x", login="1e5"), [row("y", login="100000")], ""),
        (folder("41"), [row("x", sid="41", login="u1"), row("y", sid="42", login="41")], SEVERAL),
    ],
)
def test_a_student_is_not_found_and_the_reason_is_given(who, where, why):
    found = match([who], where)
    assert found.student_of == {}
    assert why in found.refused[0]
    assert bool(why) == bool(found.refused[0])


def test_numbers_that_only_zeros_tell_apart_are_taken_as_they_stand_or_not_at_all():
    both = [row("x", sid="0041"), row("y", sid="41")]
    assert placed(match([student("a", sid="41"), student("b", sid="0041")], both)) == {0: 1, 1: 0}
    assert placed(match([student("b", sid="0041")], both)) == {0: 0}
    # 41 could be what a spreadsheet made of 0041.
    alone = match([student("a", sid="41"), student("b", sid="0041")], both[1:])
    assert alone.student_of == {}
    assert NEARLY in alone.refused[0]
    assert match([student("a", sid="41")], both).student_of == {}


@pytest.mark.parametrize("submission", [7, None])
def test_a_namesake_who_was_not_graded_or_submitted_nothing_makes_a_name_ambiguous(submission):
    found = match([student("Ann Lee"), student("Ann Lee", submission=submission)], [row("Lee, Ann")])
    assert found.student_of == {}
    assert NAMESAKES in found.refused[0]


def test_a_namesake_with_an_id_makes_a_name_ambiguous():
    found = match([student("Ann Lee"), student("Ann Lee", sid="5")], [row("Lee, Ann"), row("Ann Li", sid="5")])
    assert placed(found) == {1: 1}
    assert NAMESAKES in found.refused[0]


def test_a_row_gets_one_submission():
    found = match(
        [student("a", sid="1"), student("b", sid="1"), student("c", sid="2")], [row("x", sid="1"), row("y", sid="2")]
    )
    assert placed(found) == {2: 1}
    assert "several submissions for the row “x”: a, b" in found.refused[0]
    assert found.refused[0] == found.refused[1]


def test_a_student_listed_twice_in_a_team_gets_its_marks_once_and_an_empty_submission_does_not_count():
    team = [
        student("a", sid="1", submission=5),
        student("b", sid="1", submission=5),
        student("c", sid="2", submission=5),
    ]
    assert match(team, [row("x", sid="1"), row("y", sid="2")]).student_of == {0: 0, 1: 2}
    empty = student("b", sid="1", submission=None)
    assert match([empty, student("a", sid="1")], [row("x", sid="1")]).student_of == {0: 1}


def test_a_row_that_is_identified_as_somebody_elses_is_not_given_to_a_name():
    found = match([student("Bo", sid="1"), folder("Ann Lee")], [row("Lee, Ann", sid="1")])
    assert placed(found) == {0: 0}
    assert "somebody else's ID" in found.refused[1]


def test_folders_are_named_by_the_kind_of_identifier_that_fits_most_of_them():
    rows = [row("x", sid="7", login="1"), row("y", sid="8", login="2"), row("z", sid="3", login="")]
    found = match([folder("1"), folder("2"), folder("3")], rows)  # the third's login is not in the gradebook
    assert placed(found) == {0: 0, 1: 1}
