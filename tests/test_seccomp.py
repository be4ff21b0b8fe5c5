"""The system-call filter: every number in a simulator for both architectures, and acts in a real child."""

from __future__ import annotations

import ctypes
import errno
import functools
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import bpf_simulator
import numpy
import pytest
from bpf_simulator import AARCH64, ALLOW, ARM, ERRNO, I386, KILL_PROCESS, NOTIFY, X86_64, BadProgram

from grader.sandbox.inside.confine import landlock, seccomp

MACHINES = {"x86_64": X86_64, "aarch64": AARCH64}
Test = TypeVar("Test", bound=Callable[..., None])

VARIANTS = {"supervised": True, "alone": False}
NOBODY = 65534


def table(text: str, machine: str) -> dict[str, int]:
    """Name -> number for one machine; written from the kernel's headers, not from the module under test."""
    words = text.split()
    column = words[1 + list(MACHINES).index(machine) :: 3]
    return {name: int(number) for name, number in zip(words[::3], column, strict=True) if number != "-"}


HARMLESS = """
    read 0 63  write 1 64  readv 19 65  writev 20 66  pread64 17 67  lseek 8 62  close 3 57  fstat 5 80  poll 7 -
    ppoll 271 73  select 23 -  pselect6 270 72  munmap 11 215
    mremap 25 216  madvise 28 233  brk 12 214  rt_sigaction 13 134  rt_sigprocmask 14 135  rt_sigreturn 15 139
    sigaltstack 131 132  getitimer 36 102  restart_syscall 219 128  futex 202 98
    sched_yield 24 124  sched_getaffinity 204 123  nanosleep 35 101  clock_nanosleep 230 115  clock_gettime 228 113
    clock_getres 229 114  gettimeofday 96 169  time 201 -  getrandom 318 278  getpid 39 172  getppid 110 173
    gettid 186 178  getuid 102 174  geteuid 107 175  getgid 104 176  getegid 108 177  getcwd 79 17  getrusage 98 165
    times 100 153  sysinfo 99 179  uname 63 160  exit 60 93  exit_group 231 94
"""
NOT_FOUND = """
    stat 4 -  lstat 6 -  newfstatat 262 79  statx 332 291  readlink 89 -  readlinkat 267 78  access 21 -
    faccessat 269 48  faccessat2 439 439
"""
DEPENDS_ON_ARGUMENTS = """
    mmap 9 222  mprotect 10 226  fcntl 72 25  prlimit64 302 261  open 2 -  openat 257 56  clone3 435 435
    openat2 437 437  ioctl 16 29  socket 41 198  clone 56 220  prctl 157 167
"""
TO_LISTEN = "sendmsg 46 211"
REPORTED = """
    fork 57 -  execve 59 221  execveat 322 281  kill 62 129  tkill 200 130  tgkill 234 131  rt_sigqueueinfo 129 138
    rt_tgsigqueueinfo 297 240  pidfd_send_signal 424 424  ptrace 101 117  process_vm_readv 310 270
    process_vm_writev 311 271  pidfd_open 434 434  pidfd_getfd 438 438  kcmp 312 272  setuid 105 146  setgid 106 144
    setreuid 113 145  setregid 114 143  setresuid 117 147  setresgid 119 149  setgroups 116 159  setfsuid 122 151
    setfsgid 123 152  capset 126 91  unshare 272 97  setns 308 268  chroot 161 51  pivot_root 155 41  mount 165 40
    umount2 166 39  move_mount 429 429  open_tree 428 428  fsopen 430 430  open_by_handle_at 304 265  seccomp 317 277
    landlock_create_ruleset 444 444  landlock_restrict_self 446 446  memfd_create 319 279  memfd_secret 447 447
    shmget 29 194  shmat 30 196  msgget 68 186  semget 64 190  mq_open 240 180  bpf 321 280  perf_event_open 298 241
    userfaultfd 323 282  io_uring_setup 425 425  io_setup 206 0  keyctl 250 219  add_key 248 217  request_key 249 218
    init_module 175 105  finit_module 313 273  delete_module 176 106  kexec_load 246 104  reboot 169 142
    swapon 167 224  acct 163 89  syslog 103 116  quotactl 179 60  sethostname 170 161  settimeofday 164 170
    clock_settime 227 112  iopl 172 -  ioperm 173 -  modify_ldt 154 -
"""
FORBIDDEN = """
    vfork 58 -  socketpair 53 199  connect 42 203  bind 49 200  sendto 44 206  arch_prctl 158 -  shmctl 31 195
    mq_unlink 241 181  io_uring_enter 426 426  io_uring_register 427 427  chdir 80 49  fchdir 81 50  chmod 90 -
    fchmod 91 52  fchmodat 268 53  chown 92 -  fchown 93 55  lchown 94 -  fchownat 260 54  utime 132 -  utimes 235 -
    utimensat 280 88  futimesat 261 -  unlink 87 -  unlinkat 263 35  rename 82 -  renameat 264 38  renameat2 316 276
    link 86 -  linkat 265 37  symlink 88 -  symlinkat 266 36  mkdir 83 -  mkdirat 258 34  rmdir 84 -  mknod 133 -
    mknodat 259 33  creat 85 -  truncate 76 45  ftruncate 77 46  fallocate 285 47  setxattr 188 5
    removexattr 197 14  getxattr 191 8  umask 95 166  statfs 137 43  dup 32 23  dup2 33 -  dup3 292 24  pipe 22 -
    pipe2 293 59  eventfd2 290 19  timerfd_create 283 85  signalfd4 289 74  epoll_create 213 -  epoll_create1 291 20
    inotify_init1 294 26  fanotify_init 300 262  splice 275 76  tee 276 77  vmsplice 278 75  sendfile 40 71
    copy_file_range 326 285  pwrite64 18 68  preadv 295 69  pwritev 296 70  readahead 187 213  fsync 74 82
    flock 73 32  capget 125 90  setsid 112 157  setpgid 109 154  setrlimit 160 164  getrlimit 97 163
    sched_setaffinity 203 122  sched_setscheduler 144 119  sched_setparam 142 118  sched_setattr 314 274
    setpriority 141 140  ioprio_set 251 30  personality 135 92  timer_create 222 107  adjtimex 159 171
    clock_adjtime 305 266  remap_file_pages 216 234  pkey_mprotect 329 288  mlock 149 228  mlockall 151 230
    mbind 237 235  set_mempolicy 238 237  migrate_pages 256 238  move_pages 279 239  process_madvise 440 440
    name_to_handle_at 303 264  lookup_dcookie 212 18  vhangup 153 58  alarm 37 -  pause 34 -  set_tid_address 218 96
    set_robust_list 273 99  rseq 334 293  membarrier 324 283  wait4 61 260  waitid 247 95  setitimer 38 103
"""


@functools.cache
def program(machine: str, listened: bool) -> bytes:
    return seccomp.program(machine, listened=listened)


def verdict(machine: str, listened: bool, name: str, *arguments: int) -> tuple[int, int]:
    everything = HARMLESS + NOT_FOUND + DEPENDS_ON_ARGUMENTS + REPORTED + FORBIDDEN + TO_LISTEN
    number = table(everything, machine)[name]
    answer = bpf_simulator.run(program(machine, listened), MACHINES[machine], number, *arguments)
    return answer.action, answer.errno


DENIED, ALLOWED, ABSENT, REPORTED_CALL = (ERRNO, errno.EPERM), (ALLOW, 0), (ERRNO, errno.ENOENT), (NOTIFY, 0)
either_machine = pytest.mark.parametrize("machine", MACHINES)
either_variant = pytest.mark.parametrize("listened", VARIANTS.values(), ids=VARIANTS)


def reported(listened: bool) -> tuple[int, int]:
    return REPORTED_CALL if listened else DENIED


@either_machine
@either_variant
def test_every_number_that_is_not_listed_is_denied(machine: str, listened: bool) -> None:
    listed = table(HARMLESS + NOT_FOUND + DEPENDS_ON_ARGUMENTS + (REPORTED + TO_LISTEN) * listened, machine).values()
    for number in {*range(601), 4095, 0x3FFFFFFF} - {*listed}:
        answer = bpf_simulator.run(program(machine, listened), MACHINES[machine], number)
        assert (answer.action, answer.errno) == DENIED, number


@either_machine
@either_variant
def test_calls_are_allowed_or_refused_whatever_their_arguments(machine: str, listened: bool) -> None:
    verdicts = [(HARMLESS, ALLOWED), (NOT_FOUND, ABSENT), (FORBIDDEN, DENIED), (REPORTED, reported(listened)),
                (TO_LISTEN, ALLOWED if listened else DENIED)]  # fmt: skip
    for text, expected in verdicts:
        for name in table(text, machine):
            assert verdict(machine, listened, name) == expected, name
            assert verdict(machine, listened, name, *[2**64 - 1] * 6) == expected, name


@either_machine
def test_the_names_of_reported_calls_are_those_of_the_kernel(machine: str) -> None:
    expected = table(REPORTED + "socket 41 198  clone 56 220  prctl 157 167", machine)
    assert seccomp.names(machine) == {number: name for name, number in expected.items()}


@either_machine
@either_variant
def test_of_sockets_those_that_lead_out_of_the_machine_are_reported(machine: str, listened: bool) -> None:
    assert verdict(machine, listened, "socket", 1, 1) == DENIED  # the C library looks up a user's name by one
    for family in (2, 10, 16, 17, 40, 2**32 - 1):
        assert verdict(machine, listened, "socket", family, 1) == reported(listened)


@either_machine
@either_variant
def test_a_fork_is_reported_but_starting_a_thread_or_a_program_is_not(machine: str, listened: bool) -> None:
    fork, thread, spawn, system = 0x1200011, 0x3D0F00, 0x4111, 0x4100
    assert verdict(machine, listened, "clone", fork) == reported(listened)
    for flags in (thread, spawn, system):
        assert verdict(machine, listened, "clone", flags) == DENIED


@either_machine
@either_variant
def test_prctl_is_reported_where_it_would_undo_restrictions(machine: str, listened: bool) -> None:
    for option in range(80):
        expected = reported(listened) if option in (1, 4, 22, 36) else DENIED
        assert verdict(machine, listened, "prctl", option, 1) == expected, option
    assert verdict(machine, listened, "prctl", 0x59616D61, 2**64 - 1) == reported(listened)


@pytest.mark.parametrize(
    ("machine", "foreign"), [("x86_64", I386), ("x86_64", AARCH64), ("aarch64", ARM), ("aarch64", X86_64)]
)
@either_variant
def test_a_call_of_another_architecture_kills(machine: str, foreign: int, listened: bool) -> None:
    for number in range(601):
        assert bpf_simulator.run(program(machine, listened), foreign, number).action == KILL_PROCESS


@either_machine
@either_variant
def test_a_call_with_the_x32_bit_kills(machine: str, listened: bool) -> None:
    for number in [*range(0x40000000, 0x40000000 + 601), 0x80000000, 0xFFFFFFFF]:
        assert bpf_simulator.run(program(machine, listened), MACHINES[machine], number).action == KILL_PROCESS


@either_machine
@either_variant
@pytest.mark.parametrize(("name", "flags_at"), [("open", 1), ("openat", 2)])
def test_no_file_exists_to_read_and_none_may_be_written(machine: str, listened: bool, name: str, flags_at: int) -> None:
    if name not in table(DEPENDS_ON_ARGUMENTS, machine):
        return
    reading = {0o4000, 0o400, 0o2000000}  # O_NONBLOCK, O_NOCTTY, O_CLOEXEC, then O_NOFOLLOW, O_LARGEFILE
    reading |= {0o400000, 0o100000} if machine == "x86_64" else {0o100000, 0o400000}
    for flags in [0, sum(reading), *(1 << bit for bit in range(32))]:
        expected = ABSENT if flags in {0, sum(reading), *reading} else DENIED
        assert verdict(machine, listened, name, *[0] * flags_at, flags) == expected, oct(flags)


@either_machine
@either_variant
def test_fcntl_knows_the_flags_of_a_descriptor_only(machine: str, listened: bool) -> None:
    allowed = [
        command
        for command in [*range(2048), 2**31, 2**32 - 1]
        if verdict(machine, listened, "fcntl", 0, command) == ALLOWED
    ]
    assert allowed == [1, 2, 3, 4]  # F_GETFD, F_SETFD, F_GETFL, F_SETFL


@either_machine
@either_variant
def test_prlimit_is_a_query(machine: str, listened: bool) -> None:
    assert verdict(machine, listened, "prlimit64", 0, 7, 0, 0x7FFF12345678) == ALLOWED
    for new_limit in (1, 0x7FFF12345678, 0x7FFF00000000, 2**32, 2**63):
        assert verdict(machine, listened, "prlimit64", 0, 7, new_limit, 0) == DENIED, new_limit


@either_machine
@either_variant
def test_memory_is_never_executable(machine: str, listened: bool) -> None:
    for prot in range(8):
        expected = DENIED if prot & 0b100 else ALLOWED
        assert verdict(machine, listened, "mprotect", 0, 4096, prot) == expected, prot
        for flags in (0x02, 0x21, 0x22):  # a library, shared memory, the heap
            assert verdict(machine, listened, "mmap", 0, 4096, prot, flags) == expected, prot


@either_machine
@either_variant
def test_calls_with_a_fallback_do_not_exist_and_nothing_is_a_terminal(machine: str, listened: bool) -> None:
    assert verdict(machine, listened, "clone3") == (ERRNO, errno.ENOSYS)
    assert verdict(machine, listened, "openat2") == (ERRNO, errno.ENOSYS)
    assert verdict(machine, listened, "ioctl", 0, 0x5401) == (ERRNO, errno.ENOTTY)


@either_machine
@either_variant
def test_the_filter_takes_few_steps_for_any_call(machine: str, listened: bool) -> None:
    points = [
        bpf_simulator.run(program(machine, listened), MACHINES[machine], number, 0, 0, 5, 2).points
        for number in range(601)
    ]
    assert max(points) <= 20


def test_a_machine_without_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="no system-call table for 'riscv64'"):
        seccomp.program("riscv64", listened=False)
    assert seccomp.supported_machine() in {*MACHINES, None}


def instructions(*lines: tuple[int, int, int, int]) -> bytes:
    return b"".join(struct.pack("<HBBI", *line) for line in lines)


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"1234567",
        instructions((0x99, 0, 0, 0), (0x06, 0, 0, 0)),
        instructions((0x20, 0, 0, 0)),
        instructions((0x05, 0, 0, 1), (0x06, 0, 0, 0)),
        instructions((0x15, 0, 1, 0), (0x06, 0, 0, 0)),
        instructions((0x20, 0, 0, 2), (0x06, 0, 0, 0)),
        instructions((0x20, 0, 0, 64), (0x06, 0, 0, 0)),
    ],
    ids=["empty", "torn", "unknown", "off the end", "jump past the end", "branch past the end", "unaligned", "outside"],
)
def test_the_simulator_refuses_what_the_kernel_would(bad: bytes) -> None:
    with pytest.raises(BadProgram):
        bpf_simulator.run(bad, X86_64, 0)


def test_the_simulator_computes() -> None:
    masked = instructions((0x20, 0, 0, 16), (0x54, 0, 0, 0xF0), (0x05, 0, 0, 1), (0x06, 0, 0, 1), (0x15, 0, 1, 0x20),
                          (0x06, 0, 0, ALLOW), (0x06, 0, 0, KILL_PROCESS))  # fmt: skip
    assert bpf_simulator.run(masked, X86_64, 0, 0x12F).action == ALLOW
    assert bpf_simulator.run(masked, X86_64, 0, 0x13F).action == KILL_PROCESS


# ---- a real kernel -------------------------------------------------------------------------------------------------

needs_filter = pytest.mark.skipif(seccomp.supported_machine() is None, reason="no system-call table for this machine")
needs_landlock = pytest.mark.skipif(landlock.abi() == 0, reason="this kernel offers no Landlock")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
needs_privileges = pytest.mark.skipif(
    ctypes.CDLL(None).prctl(39, 0, 0, 0, 0) == 1, reason="no_new_privs is already set"
)

PATHS = f"""
import sys
sys.path.insert(0, {str(Path(seccomp.__file__).parents[4])!r})
sys.path.append({str(Path(numpy.__file__).parents[1])!r})
import ctypes, errno, json, os, resource, signal, time, traceback
from grader.sandbox.inside.confine import landlock
from grader.sandbox.inside.confine import limits
from grader.sandbox.inside.confine import seccomp
from grader.sandbox.shared import processes
"""
CHILD = """
{imports}
ruleset = landlock.ruleset() if {landlock} else None
if {uid}:
    limits.drop_identity({uid})
limits.no_new_privileges()
if ruleset is not None:
    landlock.restrict(ruleset)
    os.close(ruleset)
seccomp.install(seccomp.program(seccomp.supported_machine(), listened=False))
{code}
"""


def python(script: str, launcher: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*launcher, sys.executable, "-I", "-S", "-B", "-c", PATHS + script],
        env={"OPENBLAS_NUM_THREADS": "1"},  # under the filter no thread can be started
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def child(code: str, *, landlock: bool, uid: int, imports: str = "") -> subprocess.CompletedProcess[str]:
    """Run `code` under the filter, and with `landlock` under that too; `uid` 0 is the user who runs the tests."""
    return python(CHILD.format(imports=imports, landlock=landlock, uid=uid, code=code))


def in_every_child(test: Test) -> Test:
    """Run a test with and without Landlock, as the user who tests and as nobody."""
    kernels = [pytest.param(True, marks=needs_landlock, id="Landlock"), pytest.param(False, id="no Landlock")]
    users = [pytest.param(0, id="same user"), pytest.param(NOBODY, marks=needs_root, id="nobody")]
    for mark in (pytest.mark.parametrize("restricted", kernels), pytest.mark.parametrize("uid", users), needs_filter):
        test = mark(test)
    return test


ACTS = {
    "open for writing": "os.open('/dev/null', os.O_WRONLY)",
    "create a file": "os.open(folder + '/new', os.O_CREAT | os.O_EXCL, 0o600)",
    "open a nameless file": "os.open(folder, os.O_TMPFILE | os.O_RDWR)",
    "find a file without opening it": "os.open('/etc', os.O_PATH)",
    "list a folder": "os.listdir('/')",
    "ask how full the disk is": "os.statvfs('/')",
    "ask for what is noted beside a file": "os.listxattr(folder)",
    "an internet socket": "socket.socket()",
    "a pair of sockets": "socket.socketpair()",
    "fork": "os.fork() or os._exit(0)",
    "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "execve": "os.execve('/bin/true', ['true'], {})",
    "a thread": "_thread.start_new_thread(int, ())",
    "signal the parent": "os.kill(os.getppid(), 0)",
    "signal itself": "os.kill(os.getpid(), 0)",
    "signal its thread": "signal.pthread_kill(_thread.get_ident(), 0)",
    "prctl": "processes.become_subreaper()",
    "another filter": "seccomp.install(seccomp.program(seccomp.supported_machine(), listened=False))",
    "shared memory": "os.memfd_create('x')",
    "a pipe": "os.pipe()",
    "a second descriptor": "os.dup(2)",
    "code in memory": "mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_EXEC)",
    "code out of data": "check(libc.mprotect(ctypes.c_void_p(libc.valloc(4096)), 4096, 5))",
    "raise a limit": "resource.setrlimit(resource.RLIMIT_CORE, resource.getrlimit(resource.RLIMIT_CORE))",
    "its processors": "os.sched_setaffinity(0, os.sched_getaffinity(0))",
    "a timer": "signal.setitimer(signal.ITIMER_REAL, 1000)",
    "its priority": "os.setpriority(os.PRIO_PROCESS, 0, 0)",
    "its user": "os.setresuid(os.getuid(), os.getuid(), os.getuid())",
    "its process group": "os.setpgid(0, 0)",
    "its folder": "os.chdir('/')",
    "change the mode": "os.chmod(folder, 0o700)",
    "change the time": "os.utime(folder)",
    "make a folder": "os.mkdir(folder + '/folder')",
    "make a link": "os.symlink('/', folder + '/link')",
    "rename": "os.rename(folder + '/a', folder + '/b')",
    "delete": "os.unlink(folder + '/a')",
}
MORE_ACTS = {
    "another ruleset": "landlock.restrict(-1)",
    "mount": "check(libc.mount(b'none', b'/mnt', b'tmpfs', 0, None))",
    "enter a user namespace": "check(libc.unshare(0x10000000))",
    "trace": "check(libc.ptrace(0, 0, 0, 0))",
    "read another's memory": "check(libc.process_vm_readv(os.getppid(), None, 0, None, 0, 0))",
    "lock its memory": "check(libc.mlockall(1))",
}
# Python words these two refusals itself.
IN_WORDS = {"a thread": "can't start new thread", "raise a limit": "not allowed to raise maximum limit"}
ACTING = """
def check(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "refused")

def outcome(act):
    try:
        exec(act)
    except OSError as error:
        return errno.errorcode[error.errno]
    except (RuntimeError, ValueError) as error:
        return str(error)
    return "done"
"""
ACTING_IMPORTS = """
import _thread, mmap, socket
libc = ctypes.CDLL(None, use_errno=True)
libc.valloc.restype = ctypes.c_void_p
"""


@functools.cache
def outcomes(folder: str, restricted: bool, uid: int) -> dict[str, str]:
    """What became of each act in one child; a refused act leaves nothing behind that the next could notice."""
    code = f"folder = {folder!r}\nprint(json.dumps([outcome(act) for act in {[*ACTS.values(), *MORE_ACTS.values()]}]))"
    done = child(ACTING + code, landlock=restricted, uid=uid, imports=ACTING_IMPORTS)
    assert done.returncode == 0, done.stderr
    return dict(zip([*ACTS, *MORE_ACTS], json.loads(done.stdout), strict=True))


@in_every_child
@pytest.mark.parametrize("act", [*ACTS, *MORE_ACTS])
def test_a_forbidden_act_is_refused(
    act: str, restricted: bool, uid: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    expected = IN_WORDS.get(act, "EPERM")
    assert outcomes(str(tmp_path_factory.getbasetemp()), restricted, uid)[act] == expected


@pytest.mark.skipif(sys.platform != "linux", reason="the acts are Linux's")
def test_the_forbidden_acts_are_possible_without_the_filter(tmp_path: Path) -> None:
    """Otherwise the refusals above would prove nothing. Left out are those that a container may refuse, too."""
    (tmp_path / "a").touch()
    each = f"""
folder = {str(tmp_path)!r}
for act in {[*ACTS.values()]}:
    if os.fork() == 0:
        print(outcome(act), act, flush=True)
        os._exit(0)
    os.wait()
"""
    done = python(ACTING_IMPORTS + ACTING + each)
    assert len(done.stdout.splitlines()) >= len(ACTS) - 2, done.stderr  # after execve nothing is left to report it
    assert not [line for line in done.stdout.splitlines() if line.startswith(("EPERM", *IN_WORDS.values()))]


LOOKS = {
    "read": "os.open({path!r}, os.O_RDONLY)",
    "stat": "os.stat({path!r})",
    "lstat": "os.lstat({path!r})",
    "follow": "os.readlink({path!r})",
    "stat by a system call": "check(libc.fstatat(-100, {path!r}.encode(), bytes(300), 0))",
    "statx by a system call": "check(libc.statx(-100, {path!r}.encode(), 0, 0x7ff, bytes(300)))",
    "access": "os.access({path!r}, os.F_OK) or check(-1)",
    "enter": "os.chdir({path!r})",
    "list": "os.listdir({path!r})",
    "extended attributes": "os.listxattr({path!r})",
    "size of the disk": "os.statvfs({path!r})",
}
PATHS_OF_THE_SYSTEM = [
    "/etc/passwd",
    "/etc/shadow",
    "/proc/self/exe",
    "/proc/self/cwd",
    "/proc/1",
    "/",
    "/no/such/file",
]


@functools.cache
def sights(restricted: bool, uid: int) -> dict[str, list[str]]:
    looks = {
        what: [look.format(path=path) for path in (*PATHS_OF_THE_SYSTEM, __file__)] for what, look in LOOKS.items()
    }
    code = f"print(json.dumps({{what: [outcome(look) for look in looks] for what, looks in {looks}.items()}}))"
    done = child(ACTING + code, landlock=restricted, uid=uid, imports=ACTING_IMPORTS)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[str]] = json.loads(done.stdout)
    return found


@in_every_child
@pytest.mark.parametrize("look", LOOKS)
def test_a_path_reveals_nothing_and_all_paths_look_the_same(look: str, restricted: bool, uid: int) -> None:
    answers = sights(restricted, uid)[look]
    assert len(set(answers)) == 1
    assert answers[0] in ("ENOENT", "EPERM")


HONEST = {
    "numpy": "a = np.arange(90000.0).reshape(300, 300); assert (a @ a).shape == (300, 300); np.linalg.inv(np.eye(50))",
    "numpy's warnings": "np.seterr(all='warn'); np.float64(1) / np.float64(0)",
    "random numbers": "np.random.default_rng().normal(size=3); np.random.rand(3); random.random(); os.urandom(8)",
    "json": "assert json.loads(json.dumps({'a': [1.5, None]})) == {'a': [1.5, None]}",
    "mathematics": "assert math.fsum([math.exp(1)]) == math.e; statistics.mean([1, 2])",
    "clocks": "time.time(); time.monotonic(); time.process_time(); time.sleep(0.001); datetime.datetime.now()",
    "signal handlers": "signal.signal(14, print); signal.getitimer(0)",
    "much memory": "np.ones(20_000_000).sum(); b = [bytearray(100_000) for _ in range(300)]; del b",
    "a huge array": "refuses(MemoryError, lambda: np.ones(2**58))",
    "deep recursion": "f = lambda: f(); refuses(RecursionError, f)",
    "a module that is not there": "refuses(ImportError, lambda: __import__('no_such_module'))",
    "an exception": "refuses(ZeroDivisionError, lambda: 1 / 0)",
    "a traceback with source": "assert 'return error_on_this_line(1)' in trace()",
    "a traceback into the library": "assert 'json.loads' in trace('json.loads(chr(123))')",
    "descriptors": "assert not os.isatty(1); os.get_inheritable(1); select.select([], [], [], 0)",
    "files that are not there": "assert not os.path.exists('x'); assert not pathlib.Path('x').exists(); glob.glob('*')",
    "a file to be read if it is there": "refuses(FileNotFoundError, lambda: np.load('x.npy'))",
    "a folder that may not be listed": "refuses(PermissionError, lambda: os.listdir('.'))",
    "its folder": "pathlib.Path.cwd(); os.path.abspath('x'); pathlib.Path('x').resolve()",
    "questions": "os.getcwd(); os.getpid(); os.cpu_count(); os.times(); resource.getrusage(0); os.uname()",
    "limits": "assert resource.getrlimit(resource.RLIMIT_AS)",
    "names that are not ASCII": "exec('größe = 1'); 'é'.encode('utf-8'); unicodedata.normalize('NFC', 'é')",
    "regular expressions": "assert re.findall('a+', 'baab') == ['aa']",
    "printing": "print('text', file=sys.stderr)",
}
HONEST_IMPORTS = """
import datetime, encodings.idna, glob, linecache, math, pathlib, random, re, select, statistics, unicodedata
import numpy as np, numpy.random, numpy.linalg, numpy.fft, numpy.testing
"""
WORKING = """
source = "def called():\\n    return error_on_this_line(1)\\n"
linecache.cache["student.py"] = (len(source), None, source.splitlines(True), "student.py")
exec(compile(source, "student.py", "exec"))

def trace(expression="called()"):
    try:
        eval(expression)
    except Exception:
        return traceback.format_exc() + expression

def refuses(kind, act):
    try:
        act()
    except kind:
        return
    raise AssertionError("nothing was raised")

failures = {}
for name, code in snippets.items():
    try:
        exec(code)
    except BaseException:
        failures[name] = traceback.format_exc()
print(json.dumps(failures))
"""


@functools.cache
def failures(restricted: bool, uid: int) -> dict[str, str]:
    done = child(f"snippets = {HONEST}\n{WORKING}", landlock=restricted, uid=uid, imports=HONEST_IMPORTS)
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return found


@in_every_child
@pytest.mark.parametrize("what", HONEST)
def test_honest_code_works(what: str, restricted: bool, uid: int) -> None:
    assert what not in failures(restricted, uid), failures(restricted, uid)[what]


@in_every_child
def test_abort_still_ends_the_process(restricted: bool, uid: int) -> None:
    done = child("os.abort()", landlock=restricted, uid=uid)
    assert done.returncode in {-signal.SIGABRT, -signal.SIGSEGV, -signal.SIGILL, -signal.SIGTRAP}


@in_every_child
def test_a_crash_still_ends_the_process(restricted: bool, uid: int) -> None:
    assert child("ctypes.string_at(0)", landlock=restricted, uid=uid).returncode == -signal.SIGSEGV


only_x86_64 = pytest.mark.skipif(
    seccomp.supported_machine() != "x86_64", reason="only x86_64 has a second and a third way into the kernel"
)


@only_x86_64
def test_the_x32_way_into_the_kernel_kills() -> None:
    done = child("ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 | 39)); print('alive')", landlock=False, uid=0)
    assert (done.returncode, done.stdout) == (-signal.SIGSYS, "")


@only_x86_64
def test_the_32_bit_way_into_the_kernel_kills() -> None:
    """The code (getpid by interrupt 0x80) is made before the filter, under which it could not be."""
    code_in_memory = """
import mmap
memory = mmap.mmap(-1, 4096, prot=7)
memory.write(bytes.fromhex("b814000000cd80c3"))
way = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(memory)))
"""
    done = child("way(); print('alive')", landlock=False, uid=0, imports=code_in_memory)
    assert done.stdout == ""
    assert done.returncode in {-signal.SIGSYS, -signal.SIGSEGV}  # the latter where the kernel has no 32-bit calls


INSTALLING = """
try:
    seccomp.install({program})
except OSError as error:
    print(error)
"""


@needs_filter
@needs_root
@needs_privileges
def test_a_filter_without_no_new_privileges_is_an_error() -> None:
    good = "seccomp.program(seccomp.supported_machine(), listened=False)"
    done = python(f"limits.drop_identity({NOBODY})" + INSTALLING.format(program=good))
    assert done.stdout == "[Errno 13] seccomp: Permission denied\n", done.stderr


@needs_filter
def test_a_filter_that_the_kernel_cannot_read_is_an_error() -> None:
    done = python("limits.no_new_privileges()" + INSTALLING.format(program=b"x" * 8))
    assert done.stdout == "[Errno 22] seccomp: Invalid argument\n", done.stderr


SUPERVISED = """
import fcntl, socket, struct
grader, child = socket.socketpair()
pid = os.fork()
if pid == 0:
    limits.no_new_privileges()
    listener = seccomp.install(seccomp.program(seccomp.supported_machine(), listened=True), listened=True)
    child.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", listener))])
    os.close(listener)
    try:
        os.kill(os.getppid(), 0)
    except PermissionError:
        os._exit(7)
    os._exit(8)
_, [(_, _, rights)], _, _ = grader.recvmsg(1, 100)
listener = struct.unpack("i", rights)[0]
call = bytearray(80)
fcntl.ioctl(listener, 0xC0502100, call)
identity, caller, _, number = struct.unpack_from("=QIIi", call)
assert caller == pid
fcntl.ioctl(listener, 0xC0182101, struct.pack("=QqiI", identity, 0, -errno.EPERM, 0))
print(seccomp.names(seccomp.supported_machine())[number], os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


@needs_filter
def test_a_supervisor_receives_a_reported_call_and_answers_it() -> None:
    done = python(SUPERVISED)
    assert done.stdout == "kill 7\n", done.stderr


@needs_filter
def test_a_kernel_that_knows_no_supervisors_is_an_error_and_leaves_the_process_free() -> None:
    deny = [sys.executable, str(Path(__file__).with_name("deny.py")), "listener"]
    code = "limits.no_new_privileges()" + INSTALLING.format(
        program="seccomp.program(seccomp.supported_machine(), listened=True), listened=True"
    )
    done = python(code + "print(os.path.exists('/'))", deny)
    assert done.stdout == "[Errno 22] seccomp: Invalid argument\nTrue\n", done.stderr
