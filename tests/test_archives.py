"""Archives and folders as hostile input: what is too much costs one submission its grade, and nobody else anything."""

import bz2
import gzip
import io
import json
import os
import random
import signal
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

import pytest
from classroom import FLIPPED, ROOT, SOLUTION, tar_bytes, write, zip_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import UnreadableError
from grader.inputs import tree as limits
from grader.inputs.archives import open_tree
from grader.inputs.download import read_download
from grader.inputs.entry import Entry, Received, pick, receive
from grader.inputs.reader import READER, Budget, OverBudgetError, Reader
from grader.inputs.submission import read_submission

WANTED = "gradients.py"
LIMIT = 256 * 1024
MB = 2**20
CRC = zlib.crc32(b"x = 1\n")


def raw_zip(entries, *, size=0, packed=0, method=8, version=20, extra=b"", crc=0):
    """A zip of (name, compressed bytes) that makes the given claims."""
    body, directory = bytearray(), bytearray()
    for name, data in entries:
        raw = name.encode()
        claims = (crc, packed or len(data), size, len(raw), len(extra))
        start = len(body)
        body += struct.pack("<4sHHHHHIIIHH", b"PK\3\4", version, 0, method, 0, 33, *claims) + raw + extra + data
        head = struct.pack("<4sHHHHHHIIIHH", b"PK\1\2", 0x314, version, 0, method, 0, 33, *claims)
        directory += head + struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, start) + raw + extra
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return bytes(body + directory + end)


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


def bz2_bomb():
    return raw_zip([(WANTED, bz2.compress(b"\n" * (16 * MB)))], size=200_000, method=12)


def lzma_bomb():
    return raw_zip([(WANTED, b"\x09\x04\x05\x00" + b"\0" * 2000)], size=200_000, method=14)


def deflate_bomb():
    return raw_zip([(WANTED, deflated(b"\n" * (16 * MB)))], size=200_000)


def overlapping():
    kernel = deflated(b"\n" * MB)
    whole = raw_zip([(WANTED, kernel)], size=100_000)
    directory = whole[whole.index(b"PK\1\2") : whole.rindex(b"PK\5\6")]
    body = whole[: whole.index(b"PK\1\2")]
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 500, 500, 500 * len(directory), len(body), 0)
    return body + 500 * directory + end


def false_zip64(size, packed):
    extra = struct.pack("<HHQQ", 1, 16, size, packed)
    return raw_zip([(WANTED, deflated(SOLUTION))], size=2**32 - 1, packed=2**32 - 1, version=45, extra=extra)


def false_directory():
    end64 = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2**60, 2**60, 2**62, 0)
    return end64 + struct.pack("<4sIQI", b"PK\6\7", 0, 0, 1) + b"PK\5\6\0\0\0\0" + b"\xff" * 12 + b"\0\0"


def tar_of(*members, mode="w:gz"):
    """A tar of (name, type, link)."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode, format=tarfile.GNU_FORMAT) as archive:
        for name, kind, link in members:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            archive.addfile(info)
    return data.getvalue()


def large_header():
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 7 << 30
    return info.tobuf(tarfile.GNU_FORMAT) + bytes(10240)


def sparse():
    info = tarfile.TarInfo(WANTED)
    info.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"00000000000\0" * 2  # one piece of 0 bytes at 0
    block[483:495] = b"77777777777\0"  # of 8 GB
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + bytes(1024)


def gzip_bomb():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(MB)) for _ in range(80)) + packer.flush()


def many_zips():
    inner = zip_bytes({"x": b""})
    return zip_bytes({f"{i}.zip": inner for i in range(90)})


def zips_in_zips():
    data = zip_bytes({WANTED: SOLUTION})
    for _ in range(8):
        data = zip_bytes({"a.zip": data})
    return data


def large_zips():
    """Each is 30 MB and compresses just not enough to be taken for a bomb."""
    noise = random.Random(1).randbytes(200_000)
    inner = raw_zip([("x.bin", noise + bytes(30 * MB))], size=30 * MB + 200_000, method=0)
    return raw_zip([(f"{i}.zip", deflated(inner)) for i in range(9)], size=len(inner), crc=zlib.crc32(inner))


def with_names(*names):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, SOLUTION)
    return data.getvalue()


HOSTILE = {
    "bzip2 bomb": ("h.zip", bz2_bomb, "its compression is not supported"),
    "LZMA": ("h.zip", lzma_bomb, "its compression is not supported"),
    "deflate bomb with a false size": ("h.zip", deflate_bomb, "Bad CRC-32"),
    "overlapping entries": ("h.zip", overlapping, "cannot be read"),
    "false zip64 size": ("h.zip", lambda: false_zip64(2**60, 2**60), "larger than 256 MB"),
    "false zip64 compressed size": ("h.zip", lambda: false_zip64(200_000, 2**62), "cannot be read"),
    "false central directory": ("h.zip", false_directory, "cannot be read"),
    "links in a tar": (
        "h.tar.gz",
        lambda: tar_of((WANTED, tarfile.SYMTYPE, "/etc/passwd"), ("a/" + WANTED, tarfile.LNKTYPE, "/etc/shadow")),
        "a link: links are not followed",
    ),
    "devices in a tar": (
        "h.tar",
        lambda: tar_of((WANTED, tarfile.CHRTYPE, ""), ("b.py", tarfile.FIFOTYPE, ""), mode="w"),
        "neither a file nor a folder",
    ),
    "names that leave the folder": (
        "h.tgz",
        lambda: tar_of(("../gradients.py", tarfile.REGTYPE, ""), ("/etc/gradients.py", tarfile.REGTYPE, "")),
        "it would leave the folder",
    ),
    "a header of 7 GB": ("h.tar", large_header, "memory"),
    "a sparse file": ("h.tar", sparse, "a sparse file"),
    "gzip bomb": ("h.tar.gz", gzip_bomb, "it has more than 64 MB unpacked"),
    "one gzipped file": ("h.tgz", lambda: gzip.compress(SOLUTION), "cannot be read"),
    "many small zips": ("h.zip", many_zips, "too many archives"),
    "zips in zips in zips": ("h.zip", zips_in_zips, "a zip within more than 3 zips"),
    "large zips in a zip": ("h.zip", large_zips, "unpack to too many bytes"),
    "absolute names": ("h.zip", lambda: with_names("/gradients.py", "C:\\gradients.py"), "it would leave the folder"),
    "a RAR called zip": ("h.zip", lambda: b"Rar!\x1a\x07\x01\x00" + bytes(50), "it is a RAR archive"),
}


def received(folder: Path) -> dict[str, Received]:
    download = read_download(folder, WANTED)
    return {entry.key: receive(entry, WANTED, LIMIT, download.refused) for entry in download.entries}


_READ = """
import json, resource, sys
from pathlib import Path
from grader.inputs.download import read_download
from grader.inputs.entry import receive
from grader.inputs.reader import READER
download = read_download(Path(sys.argv[1]), "gradients.py")
found = {e.key: receive(e, "gradients.py", 2**18, download.refused) for e in download.entries}
READER.close()
own = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
memory = [int(own[0]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]
print(json.dumps([{key: [one.kind, one.problem] for key, one in found.items()}, memory]))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """What becomes of a class with all of them and two others, and the memory in kB of both processes."""
    folder = tmp_path_factory.mktemp("class")
    write(folder, {f"{name}/{file}": make() for name, (file, make, _) in HOSTILE.items()})
    write(
        folder, {"A first one/a.zip": zip_bytes({WANTED: SOLUTION}), "z last one/z.tgz": tar_bytes((WANTED, SOLUTION))}
    )
    command = [sys.executable, "-c", _READ, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_unreadable_and_says_why(name, outcomes):
    kind, problem = outcomes[0][name]
    assert kind == "unreadable"
    assert HOSTILE[name][2] in problem


def test_the_other_submissions_are_still_read(outcomes):
    assert outcomes[0]["A first one"] == outcomes[0]["z last one"] == ["", ""]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is limited and measured there")
def test_no_process_needs_300_mb_for_any_of_them(outcomes):
    ours, theirs = outcomes[1]
    assert ours < 100 * 1024
    assert 50 * 1024 < theirs < 300 * 1024


@pytest.mark.parametrize("name", ["bzip2 bomb", "links in a tar", "false zip64 size"])
def test_a_hostile_archive_by_itself_is_a_one_line_error(name, tmp_path):
    file, make, reason = HOSTILE[name]
    write(tmp_path, {file: make()})
    with pytest.raises(UnreadableError, match=reason) as error:
        read_submission(tmp_path / file, WANTED, LIMIT)
    assert "\n" not in str(error.value)


def test_entries_before_and_after_a_bad_one_are_read(tmp_path):
    data = tar_of((WANTED, tarfile.SYMTYPE, "/etc/passwd"), ("dev", tarfile.CHRTYPE, ""), mode="w")
    good = io.BytesIO(data)
    with tarfile.open(fileobj=good, mode="a") as archive:
        info = tarfile.TarInfo("work/gradients.py")
        info.size = len(SOLUTION)
        archive.addfile(info, io.BytesIO(SOLUTION))
    (tmp_path / "h.tar").write_bytes(good.getvalue())
    assert read_submission(tmp_path / "h.tar", WANTED, LIMIT).source == SOLUTION


def test_the_last_of_two_entries_of_one_name_counts_in_a_tar_too(tmp_path):
    (tmp_path / "h.tgz").write_bytes(tar_bytes((WANTED, FLIPPED), (WANTED, SOLUTION)))
    assert read_submission(tmp_path / "h.tgz", WANTED, LIMIT).source == SOLUTION


def nested(path: str, depth: int, rng: random.Random) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """The content of an archive with others inside it, and what each file in them holds, by its whole path."""
    content, expected = {}, {}
    for number in range(rng.randint(1, 4)):
        if depth and rng.random() < 0.5:
            inside, within = nested(f"{path}{number}.zip/", depth - 1, rng)
            content[f"{number}.zip"] = zip_bytes(inside)
            expected |= within
        else:
            content[f"{number}.py"] = expected[f"{path}{number}.py"] = f"{path}{number}".encode()
    return content, expected


@settings(max_examples=50, deadline=None)
@given(st.randoms(use_true_random=False))
def test_each_file_has_its_own_bytes_in_whatever_order_nested_archives_are_read(rng):
    content, expected = nested("", 3, rng)
    with tempfile.TemporaryDirectory() as folder:
        tree = open_tree(write(Path(folder), {"class.zip": zip_bytes(content)}) / "class.zip", one=True)
        files = pick(Entry("x", [], tree.files), "gradients.py", 1000).files
        rng.shuffle(files)
        assert {str(file.path): file.read(1000) for file in files} == expected


def test_a_file_listed_after_an_archive_is_not_mistaken_for_a_file_in_it(tmp_path):
    hers = zip_bytes({"gradients.py": FLIPPED, "notes.py": b"x = 1"})
    write(tmp_path, {"class.zip": zip_bytes({"ann.zip": hers, "bob.py": SOLUTION})})
    download = read_download(tmp_path / "class.zip", "gradients.py")
    found = {entry.key: receive(entry, "gradients.py", 2**18, []) for entry in download.entries}
    assert (found["ann"].source, found["bob"].source) == (FLIPPED, SOLUTION)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no signals")
def test_a_reading_process_that_was_killed_is_replaced(tmp_path):
    write(tmp_path, {"ann.zip": zip_bytes({WANTED: SOLUTION})})
    for _ in range(2):
        assert read_submission(tmp_path / "ann.zip", WANTED, LIMIT).source == SOLUTION
        assert READER._process is not None
        os.kill(READER._process.pid, signal.SIGKILL)
        READER._process.wait()
    assert read_submission(tmp_path / "ann.zip", WANTED, LIMIT).source == SOLUTION


def test_no_process_is_started_where_there_is_no_archive(tmp_path):
    READER.close()
    write(tmp_path, {"ann/gradients.py": SOLUTION, "bob.py": FLIPPED})
    assert {key: one.source for key, one in received(tmp_path).items()} == {"ann": SOLUTION, "bob": FLIPPED}
    assert READER._process is None


def test_an_archive_that_is_replaced_while_it_is_read_is_not_mistaken_for_the_first(tmp_path):
    path = tmp_path / "class.zip"
    path.write_bytes(zip_bytes({"ann/gradients.py": SOLUTION, "bob/gradients.py": FLIPPED}))
    download = read_download(path, WANTED)
    READER.close()
    path.write_bytes(zip_bytes({"bob/gradients.py": FLIPPED + b"\n", "ann/gradients.py": SOLUTION}))
    found = [receive(entry, WANTED, LIMIT, []) for entry in download.entries]
    assert [one.kind for one in found] == ["unreadable", "unreadable"]
    assert "changed while it was read" in found[0].problem


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([".zip", ".tar", ".tgz"]), st.integers(0, 2**32), st.integers(1, 30))
def test_any_bytes_of_an_archive_give_a_file_or_a_reason(suffix, seed, changes):
    rng = random.Random(seed)
    content = {WANTED: SOLUTION, "b.zip": zip_bytes({WANTED: FLIPPED})}
    modes = {".tar": "w", ".tgz": "w:gz"}
    data = bytearray(
        zip_bytes(content)
        if suffix == ".zip"
        else tar_bytes((WANTED, SOLUTION), (WANTED, content["b.zip"]), mode=modes[suffix])
    )
    for _ in range(changes):
        data[rng.randrange(len(data))] = rng.randrange(256)
    del data[rng.randrange(len(data) // 2, len(data) + 1) :]
    with tempfile.TemporaryDirectory() as folder:
        write(Path(folder), {f"mallory/h{suffix}": bytes(data), "ann/gradients.py": SOLUTION})
        found = received(Path(folder))
        assert found["ann"].source == SOLUTION
        assert (found["mallory"].source is None) == (found["mallory"].kind in ("missing", "unreadable"))


# --- folders --------------------------------------------------------------------------------------------------------


@pytest.fixture
def quick_path():
    """A folder in memory, where there is one: thousands of files take their time on a disk."""
    place = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=place if place.is_dir() else None) as folder:
        yield Path(folder)
        subprocess.run(["rm", "-rf", f"{folder}/mallory"], check=True)  # deeper than Python's own would go


def grow_deep(folder: Path, levels: int) -> None:
    """Level by level from within: no path may be so long."""
    script = "import os, sys\nos.chdir(sys.argv[1])\nfor i in range(int(sys.argv[2])): os.mkdir('a'); os.chdir('a')\n"
    subprocess.run([sys.executable, "-c", script, str(folder), str(levels)], check=True)


@pytest.mark.parametrize("levels", [40, 1100])
def test_a_deep_folder_costs_one_submission_its_grade(levels, quick_path):
    write(quick_path, {"ann/gradients.py": SOLUTION, "mallory/notes.txt": b""})
    grow_deep(quick_path / "mallory", levels)
    found = received(quick_path)
    assert found["ann"].source == SOLUTION
    assert found["mallory"].kind == "unreadable"
    assert "too deep: mallory/a/a" in found["mallory"].problem
    with pytest.raises(UnreadableError, match="too deep"):
        read_submission(quick_path / "mallory", WANTED, LIMIT)


def test_too_many_files_cost_one_submission_its_grade(quick_path):
    wrapped = "download/class"
    write(quick_path, {f"{wrapped}/ann/gradients.py": SOLUTION, f"{wrapped}/mallory/d/gradients.py": SOLUTION})
    for i in range(limits.MAX_SUBMISSION_ENTRIES):
        os.close(os.open(quick_path / f"{wrapped}/mallory/d/{i}", os.O_CREAT))
    found = received(quick_path)
    assert found["ann"].source == SOLUTION
    assert found["mallory"].kind == "unreadable"
    assert "more than 20000 files and folders" in found["mallory"].problem


def test_too_many_files_in_the_zip_of_a_class_cost_one_submission_its_grade(tmp_path):
    names = ["class/ann/gradients.py", *(f"class/mallory/d/{i}" for i in range(limits.MAX_SUBMISSION_ENTRIES))]
    (tmp_path / "class.zip").write_bytes(raw_zip([(name, b"x = 1\n") for name in names], size=6, method=0, crc=CRC))
    found = received(tmp_path / "class.zip")
    assert (found["ann"].source, found["mallory"].kind) == (b"x = 1\n", "unreadable")


def test_only_the_first_refusals_of_a_student_are_listed(tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("ann/gradients.py", SOLUTION)
        for i in range(1000):
            archive.writestr(zipfile.ZipInfo(f"mallory/../{i}"), b"")
    (tmp_path / "class.zip").write_bytes(data.getvalue())
    refused = read_download(tmp_path / "class.zip", WANTED).refused
    assert len(refused) == limits.MAX_REFUSALS + 1
    assert "980 more entries were refused" in [refusal.reason for refusal in refused]


def test_a_budget_is_spent_once():
    budget = Budget(archives=2)
    budget.spend(archives=1)
    budget.spend(archives=1)
    with pytest.raises(OverBudgetError):
        budget.spend(archives=1)


def test_once_archives_have_cost_too_much_together_each_may_cost_less():
    reader = Reader()
    before = reader.budget()
    reader.seconds = 1000.0
    after = reader.budget()
    assert (after.seconds, after.bytes, after.archives) < (before.seconds, before.bytes, before.archives)
    assert after.entries == before.entries


def test_the_process_that_opens_archives_imports_nothing_of_the_grader():
    script = ROOT / "grader" / "inputs" / "unpack.py"
    code = f"import runpy, sys; sys.argv = ['x', '{2**28}']; runpy.run_path({str(script)!r}, run_name='__main__')"
    code += "; print(json.dumps(sorted(m for m in sys.modules if m.startswith(('grader', 'numpy', 'msgspec')))))"
    command = [sys.executable, "-I", "-S", "-c", f"import json; {code}"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_a_damaged_receipt_of_blackboard_does_not_stop_the_class(tmp_path):
    users = ("ann", "bob")
    entries = [(f"HW 3_{user}_attempt_2026-10-02-11-59-00.txt", b"Name: (x)\n") for user in users]
    (tmp_path / "class.zip").write_bytes(raw_zip(entries, size=10, method=0, crc=CRC))
    assert [entry.key for entry in read_download(tmp_path / "class.zip", WANTED).entries] == ["ann", "bob"]
