"""Limits, identity and descent, each in a process of its own, since none can be undone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox.inside.confine import limits
from grader.sandbox.shared import processes

NOBODY = 65534
MB = 2**20
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="most of these are Linux's")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
PRELUDE = f"""
import sys
sys.path.insert(0, {str(Path(limits.__file__).parent)!r})
import ctypes, errno, mmap, os, resource, signal, time
import limits
sys.path.insert(0, {str(Path(processes.__file__).parent)!r})
import processes
"""


def python(script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", "-B", "-c", PRELUDE + script]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)


def output(script: str) -> list[str]:
    done = python(script)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def limited(script: str, *, memory_mb: int = 256, cpu_seconds: int = 10, nproc: bool = False, uid: int = 0) -> str:
    drop = f"limits.drop_identity({uid})\n" * bool(uid)
    wanted = f"limits.limits_to_set({memory_mb * MB}, {cpu_seconds}, nproc={nproc})"
    set_them = f"for limit in {wanted}: resource.setrlimit(*limit)\n"
    return set_them + drop + script


# ---- memory --------------------------------------------------------------------------------------------------------

ALLOCATE = "print(len(mmap.mmap(-1, 100 * 2**20)) and 'allocated')"


def test_memory_without_a_limit() -> None:
    assert output(ALLOCATE) == ["allocated"]


def test_memory_below_the_limit() -> None:
    assert output(limited(ALLOCATE, memory_mb=150)) == ["allocated"]


def test_memory_above_the_limit() -> None:
    assert "Cannot allocate memory" in python(limited(ALLOCATE, memory_mb=50)).stderr
    assert "MemoryError" in python(limited("bytearray(100 * 2**20)", memory_mb=50)).stderr


def test_memory_is_counted_from_what_the_process_has() -> None:
    before = "ballast = mmap.mmap(-1, 500 * 2**20)\n"
    assert output(before + limited(ALLOCATE, memory_mb=150)) == ["allocated"]
    assert "Cannot allocate memory" in python(before + limited(ALLOCATE, memory_mb=50)).stderr


def test_limits_computed_in_the_parent_hold_in_a_child() -> None:
    script = f"""
before = limits.address_space()
wanted = limits.limits_to_set({MB} * 50, 10, nproc=False)
if os.fork() == 0:
    for limit in wanted:
        resource.setrlimit(*limit)
    print(resource.getrlimit(resource.RLIMIT_AS)[0] - before == {MB} * 50, limits.address_space() - before < {MB})
"""
    assert output(script) == ["True True"]


# ---- processor -----------------------------------------------------------------------------------------------------

SPIN = "while time.process_time() < {}: pass\nprint('done')"


def test_processor_time_below_the_limit() -> None:
    assert output(limited(SPIN.format(0.3), cpu_seconds=1)) == ["done"]


def test_processor_time_above_the_limit() -> None:
    assert python(limited(SPIN.format(30), cpu_seconds=1)).returncode == -signal.SIGXCPU


@pytest.mark.slow
def test_processor_time_above_the_limit_with_the_warning_ignored() -> None:
    ignoring = "signal.signal(signal.SIGXCPU, signal.SIG_IGN)\n"
    assert python(limited(ignoring + SPIN.format(30), cpu_seconds=1)).returncode == -signal.SIGKILL


# ---- files, descriptors, processes -----------------------------------------------------------------------------------


def test_files_cannot_grow_and_pipes_work(tmp_path: Path) -> None:
    script = f"""
fd = os.open({str(tmp_path / "file")!r}, os.O_CREAT | os.O_WRONLY)
try:
    os.write(fd, b"x")
except OSError as error:
    print(errno.errorcode[error.errno])
"""
    assert output(limited(script)) == ["EFBIG"]
    assert (tmp_path / "file").read_bytes() == b""


def test_few_descriptors_can_be_opened_and_open_ones_stay() -> None:
    script = """
try:
    while True:
        last = os.open(os.devnull, os.O_RDONLY)
except OSError as error:
    print(errno.errorcode[error.errno], last, os.write(high, b"x"))
"""
    assert output("high = 40\nos.dup2(2, high)\n" + limited(script)) == ["EMFILE 15 1"]


FORK = """
try:
    os.fork() or os._exit(0)
    print("forked")
except OSError as error:
    print(errno.errorcode[error.errno])
"""
THREAD = """
import _thread
try:
    _thread.start_new_thread(time.sleep, (1,))
    print("started")
except RuntimeError as error:
    print(error)
"""


@needs_root
def test_processes_without_a_limit() -> None:
    assert output(limited(FORK + THREAD, uid=NOBODY)) == ["forked", "started"]


@needs_root
def test_processes_above_the_limit() -> None:
    assert output(limited(FORK + THREAD, nproc=True, uid=NOBODY)) == ["EAGAIN", "can't start new thread"]


def test_every_limit_is_set() -> None:
    script = "for name in {}: print(name, *resource.getrlimit(getattr(resource, 'RLIMIT_' + name)))"
    expected = {"CPU": "10 11", "FSIZE": "0 0", "NOFILE": "16 16", "NPROC": "0 0", "CORE": "0 0", "MEMLOCK": "0 0"}
    expected["MSGQUEUE"] = "0 0"
    lines = output(limited(script.format([*expected]), nproc=True))
    assert lines == [f"{name} {value}" for name, value in expected.items()]


@needs_root
def test_a_lower_limit_stays() -> None:
    script = f"""
resource.setrlimit(resource.RLIMIT_CPU, (3, 5))
resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))
resource.setrlimit(resource.RLIMIT_AS, ({300 * MB}, {300 * MB}))
limits.drop_identity({NOBODY})
for limit in limits.limits_to_set({2**40}, 60, nproc=True):
    resource.setrlimit(*limit)
print(*map(resource.getrlimit, (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE, resource.RLIMIT_AS)))
"""
    assert output(script) == [f"(5, 5) (8, 8) ({300 * MB}, {300 * MB})"]


# ---- identity --------------------------------------------------------------------------------------------------------


@needs_root
def test_an_identity_is_dropped_whole_and_for_good() -> None:
    script = f"""
os.setgroups([0, 1, 2])
limits.drop_identity({NOBODY})
print(*os.getresuid(), *os.getresgid(), os.getgroups())
for line in open("/proc/self/status"):
    if line.startswith(("CapPrm", "CapEff")):
        print(int(line.split()[1], 16))
for back in (os.setuid, os.seteuid, os.setgid, os.setegid):
    try:
        back(0)
    except PermissionError:
        print("refused")
"""
    assert output(script) == [" ".join([str(NOBODY)] * 6) + " []", "0", "0", *["refused"] * 4]


@pytest.mark.parametrize("uid", [0, -1, -5])
def test_dropping_to_root_or_to_no_change_is_refused(uid: int) -> None:
    with pytest.raises(ValueError, match=f"uid: expected a positive number, got {uid}"):
        limits.drop_identity(uid)


@needs_root
def test_an_identity_that_may_not_be_changed_is_an_error() -> None:
    done = python(f"limits.drop_identity({NOBODY})\nlimits.drop_identity({NOBODY - 1})")
    assert "PermissionError" in done.stderr


# ---- parents and children --------------------------------------------------------------------------------------------

# The test reads until the last holder of the pipe is gone: it ends in time only if the grandchild dies.
ORPHAN = """
parent = os.fork()
if parent == 0:
    alive, started = os.pipe()
    if os.fork() == 0:
        {drop}
        limits.die_with_parent(os.getppid())
        os.write(started, b"x")
        time.sleep(600)
    os.read(alive, 1)
    os._exit(0)
os.waitpid(parent, 0)
"""


@pytest.mark.parametrize(
    "drop",
    [pytest.param("", id="same user"), pytest.param(f"limits.drop_identity({NOBODY})", marks=needs_root, id="nobody")],
)
def test_a_process_dies_with_its_parent(drop: str) -> None:
    assert python(ORPHAN.format(drop=drop)).returncode == 0


def test_a_process_whose_parent_has_already_gone_dies() -> None:
    assert python("limits.die_with_parent(os.getppid() + 1)\ntime.sleep(600)").returncode == -signal.SIGKILL


def test_a_process_whose_parent_lives_goes_on() -> None:
    assert output("limits.die_with_parent(os.getppid())\nprint('alive')") == ["alive"]


def test_a_process_without_children_has_none() -> None:
    assert output("print(processes.children_of_this_process())") == ["[]"]


def test_children_are_listed_running_or_not_by_either_way() -> None:
    """Names are chosen by the children, so one looks like the fields that follow a name."""
    script = """
ctypes.CDLL(None).prctl(15, b"a) S 1 (b")
ended, running = os.fork() or os._exit(0), os.fork() or time.sleep(20)
os.waitid(os.P_PID, ended, os.WEXITED | os.WNOWAIT)
print({ended, running} == set(processes.children_of_this_process()) == set(processes._children_by_search()))
os.kill(running, signal.SIGKILL)
"""
    assert output(script) == ["True"]


def test_a_subreaper_adopts_orphans_even_undumpable_and_as_nobody() -> None:
    script = f"""
processes.become_subreaper()
if os.geteuid() == 0:
    limits.drop_identity({NOBODY})
limits.undumpable()
reading, writing = os.pipe()
child = os.fork()
if child == 0:
    if os.fork() == 0:
        os.setsid()
        os.write(writing, str(os.getpid()).encode())
        time.sleep(20)
    os._exit(0)
os.waitpid(child, 0)
orphan = int(os.read(reading, 20))
print(processes.children_of_this_process() == [orphan] == processes._children_by_search())
os.kill(orphan, signal.SIGKILL)
print(os.waitpid(orphan, 0)[0] == orphan)
"""
    assert output(script) == ["True", "True"]


# ---- flags -----------------------------------------------------------------------------------------------------------


def test_new_privileges_are_impossible() -> None:
    show = "print([line.split()[1] for line in open('/proc/self/status') if line.startswith('NoNewPrivs')])"
    assert output(f"limits.no_new_privileges()\n{show}") == ["['1']"]


@needs_root
def test_an_undumpable_process_is_closed_to_others_of_the_same_user() -> None:
    script = f"""
limits.drop_identity({NOBODY})
ready, writing = os.pipe()
for close in (lambda: None, limits.undumpable):
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
        close()
        os.write(writing, b"x")
        time.sleep(20)
    os.read(ready, 1)
    try:
        print(open(f"/proc/{{child}}/environ").read() and "read")
    except PermissionError:
        print("refused")
    os.kill(child, signal.SIGKILL)
"""
    assert output(script) == ["read", "refused"]


def test_what_the_kernel_refuses_is_an_error() -> None:
    with pytest.raises(OSError, match=r"prctl 38: Invalid argument"):
        limits._prctl(38, 2)
