"""Files are written whole or not at all, and links are replaced, not followed, unless the user named them."""

import resource
from pathlib import Path

import pytest

from grader.atomic import replacing, write_file, write_output
from grader.errors import UsageError


def test_a_file_is_replaced_unless_it_stays_the_same(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    write_file(path, b"one")
    before = path.stat().st_ino
    write_file(path, b"one")
    assert path.stat().st_ino == before
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


def test_a_file_that_cannot_be_written_whole_leaves_no_half_behind(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))  # as a disk that is nearly full
    try:
        with pytest.raises(OSError, match="too large"):
            write_file(path, b"x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("alone", [False, True])
def test_where_writing_is_interrupted_the_old_file_is_still_there(tmp_path: Path, alone: bool) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt), replacing(path, alone=alone) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_file(link, b"new")
    assert (link.is_symlink(), link.read_bytes(), target.read_bytes()) == (False, b"new", b"old")


@pytest.mark.parametrize("private", [True, False])
def test_a_private_file_can_be_read_by_its_owner_alone(tmp_path: Path, private: bool) -> None:
    (tmp_path / "plain").write_bytes(b"x")
    with replacing(tmp_path / "a", private=private) as file:
        file.write(b"x")
    mode = (tmp_path / "a").stat().st_mode & 0o777
    assert mode == (0o600 if private else (tmp_path / "plain").stat().st_mode & 0o777)


@pytest.mark.parametrize("name", [".", "nowhere/a.csv"])
def test_an_output_that_cannot_be_written_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write_output(tmp_path / name, b"x")
    assert list(tmp_path.iterdir()) == []
