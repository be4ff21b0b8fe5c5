"""Downloads of every kind: recognized, listed, and unsafe entries refused one by one."""

import io
import os
import stat
import warnings
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
from classroom import FLIPPED, LAYOUTS, SOLUTION, STUDENTS, Student, files, tar_bytes, write, zip_bytes, zipped
from hypothesis import example, given
from hypothesis import strategies as st

from grader.classroom.store.database import DATABASE
from grader.errors import UsageError
from grader.inputs.download import LAYOUTS as ALL_LAYOUTS
from grader.inputs.download import Download, read_download
from grader.inputs.downloads import PLATFORMS
from grader.inputs.entry import Received, person, receive, safe_key
from grader.inputs.tree import Refusal

VARIANTS = {"moodle_flat": "moodle", "classroom50": "github"}  # examples of a layout that has two
WANTED = "gradients.py"
LIMIT = 256 * 1024


def received(download: Download) -> dict[str, Received]:
    return {entry.people[0].key: receive(entry, WANTED, LIMIT, download.refused) for entry in download.entries}


@pytest.mark.parametrize("form", ["folder", "zip", "zip in a folder in a zip"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_recognized_and_gives_each_student_the_right_file(layout, form, tmp_path):
    content = files(layout)
    if form == "folder":
        path = write(tmp_path / "download", content)
    elif form == "zip":
        path = zipped(tmp_path / "download.zip", content)
    else:
        path = zipped(tmp_path / "outer.zip", {"download.zip": zip_bytes(content)})
    download = read_download(path, WANTED)
    assert download.layout == VARIANTS.get(layout, layout)
    found = received(download)
    sources = [one.source for one in found.values() if one.source is not None]
    assert sorted(sources) == sorted([SOLUTION, FLIPPED, SOLUTION]), found
    assert all(one.kind == "missing" for one in found.values() if one.source is None)
    assert download.refused == []


def test_every_layout_has_an_example_a_title_and_a_place_of_its_own():
    """A new module of `grader.inputs.downloads` needs a function in classroom.py, which makes its example."""
    assert {VARIANTS.get(layout, layout) for layout in LAYOUTS} == set(ALL_LAYOUTS)
    titles = [layout.called for layout in ALL_LAYOUTS.values()]
    assert all(titles)
    assert len(set(titles)) == len(titles)
    assert len({layout.precedence for layout in PLATFORMS.values()}) == len(PLATFORMS)


def test_students_have_the_names_and_numbers_of_their_platform(tmp_path):
    def keys(layout):
        people = [
            one
            for entry in read_download(write(tmp_path / layout, files(layout)), WANTED).entries
            for one in entry.people
        ]
        return sorted((one.key, one.name) for one in people)[0]

    assert keys("canvas") == ("haradanao_1044", "haradanao") or keys("canvas") == ("leeann_1041", "leeann")
    assert keys("moodle") == ("Ann Lee_1041", "Ann Lee")
    assert keys("gradescope") == ("01041", "Ann Lee")
    assert keys("github") == keys("classroom50") == ("alee", "alee")
    assert keys("blackboard") == ("alee", "alee")
    assert keys("brightspace") == ("Ann Lee", "Ann Lee")


def test_canvas_marks_late_submissions_and_elsewhere_the_due_date_decides(tmp_path):
    canvas = read_download(write(tmp_path / "canvas", files("canvas")), WANTED)
    assert {entry.key: entry.late for entry in canvas.entries} == {
        "1041": False,
        "1042": True,
        "1043": False,
        "1044": False,
    }
    exported = write(tmp_path / "gradescope", files("gradescope"))
    due = datetime(2026, 10, 3, 23, 59)
    assert [entry.late for entry in read_download(exported, WANTED, due=due).entries] == [False, True, False, False]
    assert {entry.late for entry in read_download(exported, WANTED).entries} == {None}


def test_a_group_of_gradescope_is_one_submission_of_several_people(tmp_path):
    content = files("gradescope", STUDENTS[:1])
    name = "assignment_77_export/submission_metadata.yml"
    second = b"  - :name: Zoe\n    :sid: null\n    :email: zoe@example.edu\n"
    content[name] = content[name].replace(b"  :created_at", second + b"  :created_at")
    (entry,) = read_download(write(tmp_path, content), WANTED).entries
    assert [(one.key, one.sid) for one in entry.people] == [("01041", "01041"), ("zoe@example.edu", "")]
    assert entry.group == "Ann Lee and Zoe"


def test_canvas_without_names_is_read_too(tmp_path):
    content = {"anon_aB3dE_555_gradients.py": SOLUTION, "LATE_anon_Zz9_556_gradients.py": SOLUTION}
    download = read_download(write(tmp_path, content), WANTED)
    assert download.layout == "canvas"
    assert [(entry.key, entry.late) for entry in download.entries] == [("Zz9", True), ("aB3dE", False)]


def test_a_layout_can_be_forced(tmp_path):
    write(tmp_path, {"lee_1_2_gradients.py": SOLUTION, "wu_3_4_gradients.py": SOLUTION})
    assert read_download(tmp_path, WANTED).layout == "canvas"
    forced = read_download(tmp_path, WANTED, layout="files")
    assert [entry.key for entry in forced.entries] == ["lee_1_2_gradients", "wu_3_4_gradients"]


def test_a_results_folder_inside_the_download_is_not_a_student(tmp_path):
    write(tmp_path, {"ann/gradients.py": SOLUTION, "results/grades.db": b""})
    assert [entry.key for entry in read_download(tmp_path, WANTED, leave_out=tmp_path / "results").entries] == ["ann"]


@pytest.mark.parametrize("database", [DATABASE, f"part/{DATABASE}"])
def test_results_of_an_earlier_batch_are_left_out_and_listed(database, tmp_path):
    results = {f"r/{database}": b"", "r/feedback/ann.md": b"", "r/moodle-feedback.zip": b""}
    write(tmp_path, {"ann/gradients.py": SOLUTION, **results})
    download = read_download(tmp_path, WANTED)
    assert [entry.key for entry in download.entries] == ["ann"]
    assert download.refused == [Refusal("r/", "results of `grader batch`, no submission")]


def test_a_student_who_submits_a_database_is_graded(tmp_path):
    write(tmp_path, {"ann/gradients.py": SOLUTION, f"ann/{DATABASE}": b"", "bob/gradients.py": SOLUTION})
    assert [entry.key for entry in read_download(tmp_path, WANTED).entries] == ["ann", "bob"]


def test_unsafe_entries_of_a_zip_are_refused_one_by_one_and_the_rest_is_taken(tmp_path):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ann/gradients.py", SOLUTION)
        archive.writestr("../escape.py", b"x")
        archive.writestr("/etc/passwd.py", b"x")
        archive.writestr("C:\\windows\\x.py", b"x")
        archive.writestr("bob\\..\\..\\x.py", b"x")
        archive.writestr(f"{'n' * 300}.py", b"x")
        archive.writestr("a\x01b/gradients.py", b"x")
        link = zipfile.ZipInfo("bob/gradients.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/shadow")
        archive.writestr("carol/gradients.py", b"\0" * 20_000_000)
    download = read_download(path, WANTED)
    reasons = {refusal.path: refusal.reason for refusal in download.refused}
    assert len(reasons) == 8, reasons
    for path_part, reason in [
        ("../escape.py", "with .."),
        ("/etc/passwd.py", "absolute"),
        ("C:\\windows\\x.py", "absolute"),
        ("bob\\..\\..\\x.py", "with .."),
        ("n" * 300 + ".py", "too long"),
        ("a\x01b/gradients.py", "control characters"),
        ("bob/gradients.py", "link"),
        ("carol/gradients.py", "bomb"),
    ]:
        assert reason in reasons[path_part]
    assert received(download)["ann"].source == SOLUTION


@pytest.mark.parametrize(
    ("start", "name", "reason"),
    [
        ("wuchi_1043_7003_", f"{'g' * 300}.py", "its path is too long"),
        ("wuchi_1043_7003_", "gra\ndients.py", "control characters"),
        ("wuchi_1043/", f"{'g' * 300}.py", "its path is too long"),
        ("wuchi_1043/", "d/" * 40 + "x.py", "too deep"),
    ],
)
def test_a_student_whose_only_file_has_an_impossible_name_is_listed_as_unreadable_with_the_reason(
    tmp_path, start, name, reason
):
    class_ = {start.replace("wuchi_1043", "leeann_1041") + WANTED: SOLUTION, start + name: SOLUTION}
    found = received(read_download(zipped(tmp_path / "class.zip", class_), WANTED))
    assert len(found) == 2
    refused = found["wuchi_1043"]
    assert (refused.kind, refused.source) == ("unreadable", None)
    assert reason in refused.problem[:200]


def test_links_in_a_folder_are_refused(tmp_path):
    write(tmp_path, {"ann/gradients.py": SOLUTION, "bob/": b""})
    (tmp_path / "bob" / WANTED).symlink_to("/etc/passwd")
    (tmp_path / "carol").symlink_to("/etc")
    os.mkfifo(tmp_path / "ann" / "pipe.py")
    download = read_download(tmp_path, WANTED)
    assert {refusal.path for refusal in download.refused} == {"bob/gradients.py", "carol", "ann/pipe.py"}
    assert [entry.key for entry in download.entries] == ["ann", "bob"]
    bob = received(download)["bob"]
    assert (bob.kind, bob.source) == ("unreadable", None)
    assert "a link" in bob.problem


def test_a_student_whose_only_file_is_refused_did_submit_something(tmp_path):
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ann/gradients.py", SOLUTION)
        archive.writestr("ann/data.bin", b"\0" * 20_000_000)
        archive.writestr("bob/gradients.py", b"\0" * 20_000_000)
    found = received(read_download(path, WANTED))
    assert found["ann"].source == SOLUTION
    assert found["bob"].kind == "unreadable"
    assert "zip bomb" in found["bob"].problem


@pytest.mark.parametrize(
    ("layout", "stray"),
    [
        ("gradescope", "assignment_77_export/submission_5/gradients.py"),
        ("canvas", "bob.py"),
        ("canvas", "bob/gradients.py"),
        ("moodle", "Bob (mailed)/gradients.py"),
        ("blackboard", "bob.py"),
        ("brightspace", "Bob/gradients.py"),
        ("folders", "bob.pdf"),
        ("files", "bob/gradients.py"),
    ],
)
def test_what_belongs_to_nobody_is_listed(layout, stray, tmp_path):
    content = {**files(layout), stray: SOLUTION}
    forced = "files" if layout == "files" else ""
    download = read_download(zipped(tmp_path / "class.zip", content), WANTED, layout=forced)
    assert download.layout == layout
    (refusal,) = download.refused
    assert refusal.path.rstrip("/") in stray
    assert "no submission" in refusal.reason


def test_brightspace_tells_namesakes_apart_by_number(tmp_path):
    content = {
        "1041-88 - Ann Lee - Oct 3, 2026 1159 PM/gradients.py": SOLUTION,
        "1041-88 - Ann Lee - Oct 2, 2026 905 AM/gradients.py": b"older",
        "1042-88 - Ann Lee - Oct 3, 2026 100 PM/gradients.py": FLIPPED,
        "1043-88 - Bo Wu- Oct 3, 2026 100 PM/gradients.py": SOLUTION,
    }
    download = read_download(write(tmp_path, content), WANTED)
    assert [one.people[0].name for one in download.entries] == ["Ann Lee", "Ann Lee", "Bo Wu"]
    found = {key: one.source for key, one in received(download).items()}
    assert found == {"Ann Lee 1041": SOLUTION, "Ann Lee 1042": FLIPPED, "Bo Wu": SOLUTION}


@pytest.mark.parametrize("assignment", ["HW 3", "HW_3_final"])
def test_blackboard_usernames_may_contain_underscores(assignment, tmp_path):
    sources = {"ann_lee": SOLUTION, "bob_lee": FLIPPED, "carl": SOLUTION}
    content = {f"{assignment}_{user}_attempt_2026-10-02-11-59-00_gradients.py": body for user, body in sources.items()}
    found = received(read_download(write(tmp_path, content), WANTED))
    assert {key: one.source for key, one in found.items()} == sources
    alone = write(tmp_path / "alone", {f"{assignment}_alee_attempt_2026-10-02-11-59-00_gradients.py": SOLUTION})
    assert list(received(read_download(alone, WANTED))) == ["alee"]


@pytest.mark.parametrize("receipts", [False, True])
def test_blackboard_receipts_show_where_the_username_begins(receipts, tmp_path):
    """All usernames begin alike, which the assignment does not."""
    start = "HW_3_{}_attempt_2026-10-02-11-59-00"
    content = {f"{start.format(user)}_gradients.py": SOLUTION for user in ("uni_ann", "uni_bob")}
    if receipts:
        content[f"{start.format('uni_ann')}.txt"] = (
            b"Name: Ann (Annie) Lee (uni_ann)\nAssignment: HW_3\nName: Bob (bob)"
        )
    found = received(read_download(write(tmp_path, content), WANTED))
    assert list(found) == (["uni_ann", "uni_bob"] if receipts else ["ann", "bob"])


SPOOFED = [
    ("canvas", "mallory_1041_7001_x_9999_text.html", "1041", ""),
    ("canvas", "mallory_1041_7001_x_9999_8888_gradients.py", "1041", ""),
    ("canvas", "mallory_1041_7001_LATE_9999_8888_gradients.py", "1041", ""),
    ("canvas", "mallory_1041_7001_9999_gradients.py", "1041", ""),
    ("canvas", "anon_LATE_1041_7001_gradients.py", "1041", ""),
    ("moodle", "Mallory_1041_assignsubmission_file_x_9999_assignsubmission_file_gradients.py", "1041", ""),
    ("moodle", "Mallory_1041_assignsubmission_file_/x_9999_assignsubmission_file_/gradients.py", "1041", ""),
    ("blackboard", "HW 1_mallory_attempt_2026-12-24-11-59-00_x_attempt_2026-10-01-00-00-00_g.py", "mallory", "2026-12-24"),
    ("blackboard", "HW 1_mallory_attempt_2026-12-24-11-59-00_HW 1_bob_attempt_2026-10-01-00-00-00.txt", "mallory", "2026-12-24"),
    ("brightspace", "1041-88 - Mallory - Dec 24, 2026 1159 AM - Bob - Oct 1, 2026 100 AM - g.py", "Mallory", "2026-12-24"),
    ("brightspace", "1-88 - Eve - Oct 1, 2026 100 AM - Dec 24, 2026 1159 AM/g.py", "Eve - Oct 1, 2026 100 AM", "2026-12-24"),
    ("autolab", "mallory@uni.edu_2_bob@uni.edu_99_gradients.py", "mallory@uni.edu", ""),
    ("autolab", "mallory_9@uni.edu_2_77_gradients.py", "mallory_9@uni.edu", ""),
    ("github", "hw3-submissions/hw3-mallory/hw3-bob/gradients.py", "hw3-mallory", ""),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "path", "key", "time"), SPOOFED)
def test_only_what_the_platform_wrote_identifies_the_student_and_the_time(layout, path, key, time, tmp_path):
    """What a student may choose, such as the name of a file, looks like a part of the platform's."""
    honest = {
        "canvas": "lee_5_6_gradients.py",
        "moodle": "Ann Lee_5_assignsubmission_file_gradients.py",
        "blackboard": "HW 1_ann_attempt_2026-10-03-11-59-00_gradients.py",
        "brightspace": "5-88 - Ann Lee - Oct 3, 2026 1159 PM - gradients.py",
        "autolab": "ann@uni.edu_1_gradients.py",
        "github": "hw3-submissions/hw3-ann/gradients.py",
    }
    download = read_download(write(tmp_path / "class", {path: SOLUTION, honest[layout]: FLIPPED}), WANTED)
    assert download.layout == layout
    assert len(download.entries) == 2
    (entry,) = [one for one in download.entries if one.key == key]
    assert entry.submitted_at[:10] == time


def test_two_names_with_one_number_are_two_submissions_for_a_person_to_decide(tmp_path):
    """A user who is called mallory_1041 in Canvas takes the place of user 1041."""
    content = {"lee_1041_7001_gradients.py": SOLUTION, "mallory_1041_1050_7002_gradients.py": FLIPPED}
    download = read_download(write(tmp_path, content), WANTED)
    assert [(entry.key, entry.people[0].ids) for entry in download.entries] == [
        ("lee_1041", {"canvas": "1041"}),
        ("mallory_1041", {"canvas": "1041"}),
    ]


def test_the_highest_version_of_autolab_is_the_latest_as_a_number(tmp_path):
    content = {f"Ann@uni.edu_{n}_handin.py": b"x" for n in (1, 2, 9)} | {"ann@uni.edu_10_handin.py": SOLUTION}
    content["bob_b@uni.edu_1_handin.py"] = FLIPPED
    download = read_download(write(tmp_path, content), WANTED)
    assert download.layout == "autolab"
    assert [(one.people[0].email, one.note) for one in download.entries] == [
        ("ann@uni.edu", "3 older version(s)"), ("bob_b@uni.edu", "")
    ]  # fmt: skip
    assert {key: one.source for key, one in received(download).items()} == {
        "ann@uni.edu": SOLUTION,
        "bob_b@uni.edu": FLIPPED,
    }


@pytest.mark.parametrize("name", ["Zoë Müller", "王小明", "José Nuñez"])
def test_names_in_a_zip_are_read_as_utf_8_with_and_without_the_flag(name, tmp_path):
    content = {f"{name}/gradients.py": SOLUTION, "Bo/gradients.py": FLIPPED}
    flagged = zipped(tmp_path / "a.zip", content)
    unflagged = tmp_path / "b.zip"
    unflagged.write_bytes(_without_flag(content))
    for path in (flagged, unflagged):
        found = received(read_download(path, WANTED))
        assert {one.source for one in found.values()} == {SOLUTION, FLIPPED}
        assert name in [entry.key for entry in read_download(path, WANTED).entries]


def test_names_in_a_zip_that_are_not_utf_8_are_read_as_windows_wrote_them(tmp_path):
    path = tmp_path / "c.zip"
    path.write_bytes(_without_flag({"Jos\udc82/gradients.py": SOLUTION, "Bo/gradients.py": FLIPPED}))
    assert [entry.key for entry in read_download(path, WANTED).entries] == ["Bo", "José"]


def _without_flag(content: dict[str, bytes]) -> bytes:
    """A zip as macOS and older PHP write it: the bytes of the names, and nothing that says what they are."""

    class Raw(zipfile.ZipInfo):
        def _encodeFilenameFlags(self):
            return self.filename.encode("utf-8", "surrogateescape"), self.flag_bits & ~0x800

    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, body in content.items():
            archive.writestr(Raw(name), body)
    return data.getvalue()


def test_names_with_underscores_are_read_from_moodle(tmp_path):
    content = {
        "Ann_Lee_1041_assignsubmission_file_/gradients.py": SOLUTION,
        "Bo Wu_1042_assignsubmission_file_/gradients.py": FLIPPED,
    }
    download = read_download(write(tmp_path, content), WANTED)
    assert [(one.key, one.people[0].name) for one in download.entries] == [("1041", "Ann Lee"), ("1042", "Bo Wu")]


def test_mixed_downloads_are_refused_unless_the_layout_is_named(tmp_path):
    write(tmp_path, {**files("canvas", STUDENTS[:1]), **files("moodle", STUDENTS[1:2])})
    with pytest.raises(UsageError, match=r"found names as in a .* and a .*: grade each.*--layout folders"):
        read_download(tmp_path, WANTED)
    assert read_download(tmp_path, WANTED, layout="folders").layout == "folders"


def test_forcing_the_wrong_layout_is_an_error(tmp_path):
    write(tmp_path, {"ann/gradients.py": SOLUTION})
    with pytest.raises(UsageError, match="expected submission_metadata"):
        read_download(tmp_path, WANTED, layout="gradescope")
    with pytest.raises(UsageError, match="in the layout moodle; without --layout"):
        read_download(tmp_path, WANTED, layout="moodle")


def test_a_file_that_becomes_a_link_after_it_was_listed_is_not_followed(tmp_path):
    write(tmp_path, {"ann/gradients.py": SOLUTION})
    download = read_download(tmp_path, WANTED)
    (tmp_path / "ann" / WANTED).unlink()
    (tmp_path / "ann" / WANTED).symlink_to("/etc/passwd")
    assert received(download)["ann"].kind == "unreadable"


def test_a_broken_zip_of_one_student_costs_the_others_nothing(tmp_path):
    nested = zip_bytes({"a.zip": zip_bytes({"b.zip": zip_bytes({"c.zip": zip_bytes({"gradients.py": SOLUTION})})})})
    write(
        tmp_path,
        {"ann.zip": b"PK\x03\x04 nonsense", "bob.zip": zip_bytes({"x/gradients.py": FLIPPED}), "carol.zip": nested},
    )
    download = read_download(tmp_path, WANTED)
    found = received(download)
    assert found["ann"].kind == "unreadable"
    assert "cannot be read" in found["ann"].problem
    assert found["bob"].source == FLIPPED
    assert found["carol"].kind == "unreadable"
    assert "more than 3 zips" in found["carol"].problem
    assert [refusal.path for refusal in download.refused] == ["ann: ann.zip", "carol: c.zip"]


def test_a_zip_that_fails_only_while_it_is_unpacked_costs_the_others_nothing(tmp_path):
    damaged = bytearray(zip_bytes({"gradients.py": SOLUTION}))
    start = 30 + len("gradients.py")
    damaged[start : start + 60] = b"\xff" * 60
    write(tmp_path, {"ann/ann.zip": bytes(damaged), "bob/gradients.py": SOLUTION})
    found = received(read_download(tmp_path, WANTED))
    assert found["ann"].kind == "unreadable"
    assert "cannot be read" in found["ann"].problem
    assert found["bob"].source == SOLUTION


def test_two_files_of_the_wanted_name_side_by_side_are_for_a_person_to_decide(tmp_path):
    write(tmp_path, {"ann/a/gradients.py": SOLUTION, "ann/b/gradients.py": FLIPPED, "bob/gradients.py": SOLUTION})
    found = received(read_download(tmp_path, WANTED))
    assert found["ann"].kind == "unreadable"
    assert found["ann"].problem == "expected one gradients.py, found a/gradients.py and b/gradients.py"


def test_a_file_of_another_name_is_taken_when_it_is_the_only_one(tmp_path):
    write(tmp_path, {"ann/hw3.py": SOLUTION, "bob/gradients (2).py": FLIPPED, "bob/gradients (1).py": SOLUTION})
    found = received(read_download(tmp_path, WANTED))
    assert found["ann"].note == "hw3.py was graded as gradients.py"
    assert found["bob"].source == FLIPPED


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "expected submissions, a folder or a gradients.py for each student, found none"),
        ({"submission_metadata.yml": b"- 1"}, "expected Gradescope's metadata, one entry per submission"),
        ({"submission_metadata.yml": b"a: ["}, "not usable as Gradescope's metadata"),
    ],
)
def test_something_that_is_not_a_download_is_an_error(content, message, tmp_path):
    with pytest.raises(UsageError, match=message):
        read_download(write(tmp_path, content), WANTED)


def test_a_path_that_is_neither_a_folder_nor_an_archive_is_an_error(tmp_path):
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(UsageError, match="expected a folder or a zip"):
        read_download(tmp_path / "x.txt", WANTED)
    with pytest.raises(UsageError, match="there is no such folder or zip"):
        read_download(tmp_path / "y", WANTED)


@given(st.text(min_size=1, max_size=80))
def test_a_key_is_safe_as_a_file_name_whatever_the_student_is_called(identity):
    key = safe_key(identity)
    assert key == Path(key).name
    assert key[0] not in ".- "
    assert "\0" not in key
    assert len(key.encode("utf-8", "surrogatepass")) <= 200
    assert person(identity).key == key
    assert safe_key(identity) == key


@example(["\x00", "\x000"])
@given(st.lists(st.text(min_size=1, max_size=20), unique=True, max_size=8))
def test_a_zip_of_any_names_raises_nothing_but_usage_errors(names):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.zip"
        with zipfile.ZipFile(path, "w") as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # zipfile cuts names at a NUL: two may become one
            for name in names:
                archive.writestr(zipfile.ZipInfo(name.encode("utf-8", "replace").decode()), b"x")
        try:
            download = read_download(path, WANTED)
        except UsageError:
            return
        for entry in download.entries:
            receive(entry, WANTED, LIMIT, download.refused)
        keys = [one.key.casefold() for entry in download.entries for one in entry.people]
        assert len(keys) == len(set(keys))
        assert all(isinstance(refusal, Refusal) for refusal in download.refused)


def test_a_class_of_thousands_is_listed(tmp_path):
    students = [Student(f"S {i}", f"s{i}", i, {"gradients.py": b"x"}) for i in range(3000)]
    download = read_download(zipped(tmp_path / "c.zip", files("moodle", students)), WANTED)
    assert len(received(download)) == 3000


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["hw.ipynb"], "hw.ipynb"),
        (["gradients (1).ipynb", "other.ipynb"], "gradients (1).ipynb"),
        (["x.py", "gradients-2.ipynb"], "gradients-2.ipynb"),
        (["x.py", "y.ipynb"], "x.py"),
        (["a.ipynb", "b.ipynb"], ""),
    ],
)
def test_a_notebook_counts_as_the_file_whatever_its_name(names, chosen, tmp_path):
    write(tmp_path, {"bob/gradients.py": SOLUTION, **{f"ann/{name}": SOLUTION for name in names}})
    ann = received(read_download(tmp_path, WANTED))["ann"]
    assert ann.name == chosen
    assert ann.kind == ("" if chosen else "unreadable")


def test_a_notebook_per_student_is_a_class(tmp_path):
    download = read_download(write(tmp_path, {"ann.ipynb": SOLUTION, "bob.ipynb": FLIPPED}), WANTED)
    assert {key: one.kind for key, one in received(download).items()} == {"ann": "", "bob": ""}


def test_an_archive_submitted_again_on_canvas_replaces_the_first(tmp_path):
    content = {
        "leeann_1041_7001_hw3.tar.gz": tar_bytes((WANTED, FLIPPED)),
        "leeann_1041_7002_hw3-1.tar.gz": tar_bytes((WANTED, SOLUTION)),
    }
    download = read_download(write(tmp_path, content), WANTED)
    assert download.layout == "canvas"
    assert [one.source for one in received(download).values()] == [SOLUTION]


def test_the_zip_of_the_only_student_is_not_taken_for_the_class(tmp_path):
    download = read_download(write(tmp_path, {"ann.zip": zip_bytes({WANTED: SOLUTION})}), WANTED)
    assert {key: one.source for key, one in received(download).items()} == {"ann": SOLUTION}


EARLIER = [
    ("HW_ann_attempt_2026-10-0{}-11-59-00_gradients.py", ["2026-10-01T11:59:00", "2026-10-02T11:59:00"]),
    ("1041-88 - Ann Lee - Oct {}, 2026 1159 PM - gradients.py", ["2026-10-01T23:59:00", "2026-10-02T23:59:00"]),
    ("ann@uni.edu_{}_gradients.py", ["", ""]),
    ("leeann_1041_700{}_gradients.py", ["", ""]),
]


@pytest.mark.parametrize(("name", "times"), EARLIER)
def test_earlier_attempts_are_kept_with_their_times_the_oldest_first(name, times, tmp_path):
    content = {name.format(n): f"# {n}".encode() for n in (1, 2, 3)}
    [entry] = read_download(write(tmp_path, content), WANTED).entries
    assert [one.submitted_at for one in entry.earlier] == times
    assert [[file.read(9) for file in one.files] for one in entry.earlier] == [[b"# 1"], [b"# 2"]]
    assert {one.key for one in entry.earlier} == {entry.key}
