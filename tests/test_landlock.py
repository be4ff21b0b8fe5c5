"""Landlock: what a restricted child can and cannot do with files, sockets and signals, in a real child."""

from __future__ import annotations

import ctypes
import functools
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.inside.confine import landlock

NOBODY = 65534
ABI = landlock.abi()
needs_landlock = pytest.mark.skipif(ABI == 0, reason="this kernel offers no Landlock")
needs_tcp = pytest.mark.skipif(ABI < 4, reason="this kernel's Landlock does not cover TCP")
needs_scopes = pytest.mark.skipif(ABI < 6, reason="this kernel's Landlock does not cover abstract sockets and signals")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
needs_privileges = pytest.mark.skipif(
    ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 1, reason="no_new_privs is already set"
)
as_either_user = pytest.mark.parametrize(
    "uid", [pytest.param(0, id="same user"), pytest.param(NOBODY, marks=needs_root, id="nobody")]
)

PRELUDE = f"""
import sys
sys.path.insert(0, {str(Path(landlock.__file__).parent)!r})
import errno, json, os, socket
import landlock, limits

def outcome(act):
    try:
        exec(act)
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"

def json_of_outcomes(acts):
    return json.dumps([outcome(act) for act in acts])
"""


def python(script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-B", "-c", PRELUDE + script]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)


@functools.cache
def outcomes(acts: tuple[str, ...], restricted: bool, uid: int) -> dict[str, str]:
    """What becomes of `acts` in a child, under Landlock if it is `restricted`."""
    enter = f"limits.drop_identity({uid})\n" * bool(uid)
    if restricted:
        enter = f"ruleset = landlock.ruleset()\n{enter}limits.no_new_privileges()\nlandlock.restrict(ruleset)\n"
    done = python(f"{enter}print(json_of_outcomes({acts}))")
    assert done.returncode == 0, done.stderr
    return dict(zip(acts, json.loads(done.stdout), strict=True))


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder where every user may do everything, so that only Landlock can refuse."""
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        (folder / "secret").mkdir()
        for file in ("text", "other", "program"):
            (folder / "secret" / file).write_text("#!/bin/sh\n")
        for each in [folder, *folder.rglob("*")]:
            each.chmod(0o777)
        yield folder


def acts_in(place: Path) -> dict[str, str]:
    return {
        "list": f"os.listdir('{place}')",
        "read": f"os.open('{place}/text', os.O_RDONLY)",
        "write": f"os.open('{place}/text', os.O_WRONLY)",
        "append": f"os.open('{place}/text', os.O_WRONLY | os.O_APPEND)",
        "truncate": f"os.truncate('{place}/other', 0)",
        "create": f"os.open('{place}/new', os.O_CREAT | os.O_RDONLY)",
        "make a folder": f"os.mkdir('{place}/folder')",
        "make a link": f"os.symlink('text', '{place}/link')",
        "make a second name": f"os.link('{place}/text', '{place}/hard')",
        "make a pipe": f"os.mkfifo('{place}/pipe')",
        "make a socket": f"socket.socket(socket.AF_UNIX).bind('{place}/socket')",
        "rename": f"os.rename('{place}/other', '{place}/moved')",
        "delete": f"os.unlink('{place}/text')",
        "run": f"os.execv('{place}/program', ['program'])",
    }


@needs_landlock
@as_either_user
@pytest.mark.parametrize("act", acts_in(Path()))
def test_nothing_can_be_done_with_files(folder: Path, act: str, uid: int) -> None:
    if act == "truncate" and ABI < 3:
        pytest.skip("this kernel's Landlock does not cover truncation")
    acts = acts_in(folder / "secret")
    assert outcomes(tuple(acts.values()), True, uid)[acts[act]] == "EACCES"


@needs_landlock
@as_either_user
def test_the_same_acts_succeed_without_landlock(folder: Path, uid: int) -> None:
    """Otherwise the refusals above would prove nothing."""
    (folder / str(uid)).mkdir()
    (folder / str(uid)).chmod(0o777)
    for file in ("text", "other"):
        (folder / str(uid) / file).touch()
        (folder / str(uid) / file).chmod(0o666)
    acts = acts_in(folder / str(uid))
    del acts["run"]
    if uid:
        del acts["make a second name"]  # a common setting forbids it to those who do not own the file
    assert {*outcomes(tuple(acts.values()), False, uid).values()} == {"done"}


@needs_landlock
@as_either_user
def test_the_system_is_closed(uid: int) -> None:
    paths = ("/", "/etc/passwd", "/proc/self/environ", "/proc/self/status", f"/proc/{os.getpid()}/environ", __file__)
    acts = tuple(f"os.open({path!r}, os.O_RDONLY)" for path in paths)
    assert {*outcomes(acts, True, uid).values()} == {"EACCES"}


@needs_tcp
@as_either_user
def test_tcp_is_closed(uid: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = server.getsockname()
        acts = (f"socket.socket().connect({address})", "socket.socket().bind(('127.0.0.1', 0))")
        assert [*outcomes(acts, False, uid).values()] == ["done", "done"]
        assert [*outcomes(acts, True, uid).values()] == ["EACCES", "EACCES"]


@needs_scopes
@as_either_user
def test_abstract_sockets_of_others_are_out_of_reach(uid: int) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("")  # the kernel chooses an abstract name
        server.listen()
        act = f"socket.socket(socket.AF_UNIX).connect({server.getsockname()!r})"
        assert outcomes((act,), False, uid) == {act: "done"}
        assert outcomes((act,), True, uid) == {act: "EPERM"}


@needs_scopes
def test_processes_outside_cannot_be_signalled() -> None:
    act = "os.kill(os.getppid(), 0)"
    assert outcomes((act,), False, 0) == {act: "done"}
    assert outcomes((act,), True, 0) == {act: "EPERM"}


@needs_landlock
def test_one_ruleset_restricts_every_child_and_not_the_parent(folder: Path) -> None:
    done = python(f"""
ruleset = landlock.ruleset()
limits.no_new_privileges()
acts = ["os.listdir({str(folder)!r})"]
for _ in range(3):
    if os.fork() == 0:
        landlock.restrict(ruleset)
        print(json_of_outcomes(acts), flush=True)
        os._exit(0)
    os.wait()
print(json_of_outcomes(acts))
""")
    assert done.stdout.splitlines() == ['["EACCES"]'] * 3 + ['["done"]'], done.stderr


@needs_landlock
def test_a_restricted_process_passes_the_restriction_on(folder: Path) -> None:
    done = python(f"""
limits.no_new_privileges()
landlock.restrict(landlock.ruleset())
os.fork() and os._exit(os.wait()[1])
print(json_of_outcomes(["os.listdir({str(folder)!r})"]))
""")
    assert done.stdout == '["EACCES"]\n', done.stderr


def open_descriptors() -> set[int]:
    """The one that lists the folder is closed again when they are looked at."""
    listed = [int(name) for name in os.listdir("/proc/self/fd")]
    return {fd for fd in listed if Path(f"/proc/self/fd/{fd}").exists() or Path(f"/proc/self/fd/{fd}").is_symlink()}


@needs_landlock
def test_a_ruleset_leaves_one_descriptor_which_no_program_inherits() -> None:
    before = open_descriptors()
    ruleset_fd = landlock.ruleset()
    assert ruleset_fd is not None
    assert open_descriptors() - before == {ruleset_fd}
    assert not os.get_inheritable(ruleset_fd)
    os.close(ruleset_fd)


@needs_landlock
def test_the_version_does_not_depend_on_an_earlier_error() -> None:
    with pytest.raises(OSError, match=r"landlock: (Bad file descriptor|Operation not permitted)"):
        landlock.restrict(-1)
    assert landlock.abi() == ABI


@needs_landlock
@needs_root
@needs_privileges
def test_restricting_without_no_new_privileges_is_an_error() -> None:
    done = python(f"""
ruleset = landlock.ruleset()
limits.drop_identity({NOBODY})
try:
    landlock.restrict(ruleset)
except OSError as error:
    print(error)
""")
    assert done.stdout == "[Errno 1] landlock: Operation not permitted\n", done.stderr


@pytest.mark.parametrize(
    "version, files, tcp, scoped",
    [
        (1, 0x1FFF, 0, 0),
        (2, 0x3FFF, 0, 0),
        (3, 0x7FFF, 0, 0),
        (4, 0x7FFF, 3, 0),
        (5, 0xFFFF, 3, 0),
        (6, 0xFFFF, 3, 3),
        (8, 0xFFFF, 3, 3),
        (9, 0x1FFFF, 3, 3),
        (99, 0x1FFFF, 3, 3),
    ],
)
def test_each_version_is_asked_for_exactly_what_it_knows(version: int, files: int, tcp: int, scoped: int) -> None:
    assert struct.unpack("=QQQ", landlock._handled(version)) == (files, tcp, scoped)


@pytest.mark.skipif(ABI > 0, reason="this kernel offers Landlock")
def test_a_kernel_without_landlock_has_no_ruleset() -> None:
    assert landlock.ruleset() is None
