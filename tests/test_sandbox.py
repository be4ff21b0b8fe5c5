"""What every sandbox must do, with real processes: limits, isolation, blame, and the environments it may find itself in."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import numpy as np
import pytest
from conftest import ROOT
from right import RIGHT_FILE

from grader.classroom.store.packing import pack_run, unpack_run
from grader.config.keys import Sandbox as Limits
from grader.errors import SandboxError
from grader.grading.pipeline import grade_run
from grader.grading.running import make_sandbox
from grader.problem.assignment import Assignment
from grader.records.run import Run
from grader.sandbox.freshprocesses import FreshProcesses
from grader.sandbox.host import Sandbox
from grader.sandbox.inside.confine.watch import PATIENCE
from grader.sandbox.inside.zygote import WARM_UP_AFTER
from grader.sandbox.job import MAX_OUTPUT
from grader.sandbox.spawner import Report
from grader.sandbox.zygotes import Zygote

HONEST = RIGHT_FILE.read_bytes()
IS_ROOT = os.geteuid() == 0
ADDRESS = re.compile("0x[0-9a-f]+")
needs_reports = pytest.mark.skipif(
    sys.platform == "linux" and tuple(map(int, os.uname().release.split(".")[:2])) < (5, 0),
    reason="this kernel does not report calls",
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="zygotes are for Linux")


def with_dJ_dU(body: str, top: str = "") -> bytes:
    """The solution, with another body for dJ_dU."""
    indented = textwrap.indent(textwrap.dedent(body).strip(), "    ")
    return HONEST + f"\n{top}\ndef dJ_dU(s):\n{indented}\n".encode()


def changed(assignment: Assignment, **limits: object) -> Assignment:
    config = msgspec.structs.replace(
        assignment.config, sandbox=msgspec.structs.replace(assignment.config.sandbox, **limits)
    )
    return Assignment(assignment.folder, config, assignment.graph, assignment.points, assignment.reference)


@contextmanager
def sandboxed(assignment: Assignment, *without: str, fresh: bool = False) -> Iterator[Sandbox]:
    model, limits = ROOT / assignment.config.model, assignment.config.sandbox

    def start() -> Zygote | FreshProcesses:
        return FreshProcesses(model, limits) if fresh else Zygote(model, limits, without)

    with make_sandbox(assignment, start) as running:
        yield running


@pytest.fixture(scope="module")
def sandbox(assignment: Assignment) -> Iterator[Sandbox]:
    """One as it is installed, for all tests that change nothing about it."""
    with sandboxed(assignment) as running:
        yield running


@contextmanager
def one_busy_processor(others: int) -> Iterator[None]:
    """This process, and those that it starts, share one processor with others that never rest."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    busy = [
        subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"], start_new_session=True)
        for _ in range(others)
    ]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()
        os.sched_setaffinity(0, allowed)


def statuses(assignment: Assignment, run: Run) -> dict[str, str]:
    return {gradient.name: gradient.status for gradient in grade_run(assignment, run, "x").gradients}


def only_dJ_dU_is(status: str, assignment: Assignment, run: Run) -> bool:
    found = statuses(assignment, run)
    return found.pop("dJ_dU") == status and set(found.values()) == {"passed"}


# --- limits: below and above ---------------------------------------------------------------------------------------


def test_processor_time_below_the_limit_is_fine_and_above_costs_the_gradient(assignment: Assignment) -> None:
    quick = changed(assignment, call_cpu_seconds=0.2, submission_cpu_seconds=3.0)
    spin = (
        "import time\nend = time.process_time() + {}\nwhile time.process_time() < end: pass\nreturn s.h.T @ dJ_db2(s)"
    )
    with sandboxed(quick) as sandbox:
        assert only_dJ_dU_is("passed", quick, sandbox.run(with_dJ_dU(spin.format(0.05))))
        run = sandbox.run(with_dJ_dU(spin.format(60)))
    assert only_dJ_dU_is("timed_out", quick, run)
    assert run.answers["dJ_dU"][-1].message == "stopped: a call may take 0.2 s of processor time, or 1 s with waiting"
    assert run.attempts == 3, "the main run, the rest, and once more alone"


def test_a_file_that_takes_too_long_to_load_gets_a_message_that_says_what_to_leave_out(assignment: Assignment) -> None:
    quick = changed(assignment, call_cpu_seconds=0.2)
    with sandboxed(quick) as sandbox:
        loading = sandbox.run(b"while True: pass").loading
    limit, _, advice = loading.message.partition("; ")
    assert limit == "stopped: loading the file may take 0.2 s of processor time, or 1 s with waiting"
    assert advice == 'leave out what trains, tests or plots, or put it under `if __name__ == "__main__":`'


def test_waiting_costs_no_processor_time_and_is_limited_by_the_clock(assignment: Assignment) -> None:
    quick = changed(assignment, call_cpu_seconds=0.1, wall_factor=4.0)
    with sandboxed(quick) as sandbox:
        run = sandbox.run(with_dJ_dU("import time\ntime.sleep(60)"))
    assert only_dJ_dU_is("timed_out", quick, run)
    assert "a call may take 0.1 s of processor time, or 0.4 s with waiting" in run.answers["dJ_dU"][-1].message


@linux
@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this kernel does not report waiting times")
def test_waiting_for_a_busy_processor_does_not_count_as_running_time(assignment: Assignment) -> None:
    quick = changed(assignment, call_cpu_seconds=0.5, wall_factor=1.6)
    spin = "import time\nwhile time.process_time() < 0.3: pass\nreturn s.h.T @ dJ_db2(s)"
    with one_busy_processor(6), sandboxed(quick) as sandbox:
        run = sandbox.run(with_dJ_dU(spin))
    assert set(statuses(quick, run).values()) == {"passed"}


def test_the_whole_submission_has_a_limit_too(assignment: Assignment) -> None:
    quick = changed(assignment, call_cpu_seconds=0.15, submission_cpu_seconds=0.4)
    loops = b"".join(f"def {name}(s):\n    while True: pass\n".encode() for name in assignment.names)
    with sandboxed(quick) as sandbox:
        run = sandbox.run(loops)
    assert set(statuses(quick, run).values()) == {"timed_out"}
    assert run.cpu_seconds < 2
    assert "had used up its 0.4 s" in run.answers["dJ_dh_prev"][-1].message


def test_calls_that_are_each_within_their_limit_may_not_exceed_that_of_the_whole(assignment: Assignment) -> None:
    quick = changed(assignment, call_cpu_seconds=5.0, submission_cpu_seconds=0.4)
    spin = "\nimport time\ndef _spin(s):\n    end = time.process_time() + 0.15\n    while time.process_time() < end: pass\n"
    all_spin = spin + "".join(f"{name} = _spin\n" for name in assignment.names)
    with sandboxed(quick) as sandbox:
        run = sandbox.run(all_spin.encode())
    assert "timed_out" in statuses(quick, run).values()
    messages = [answers[-1].message for answers in run.answers.values() if answers[-1].outcome == "timed_out"]
    assert messages[0] == "stopped: the file as a whole may take 0.4 s of processor time, or 2 s with waiting"
    assert run.cpu_seconds < 1.5


def test_memory_below_the_limit_is_fine_and_above_costs_the_gradient(assignment: Assignment, sandbox: Sandbox) -> None:
    take = "import numpy as np\nx = np.ones({} * 2**17)\nreturn s.h.T @ dJ_db2(s)"
    assert only_dJ_dU_is("passed", assignment, sandbox.run(with_dJ_dU(take.format(100))))
    assert only_dJ_dU_is("out_of_memory", assignment, sandbox.run(with_dJ_dU(take.format(4000))))


def test_memory_kept_until_nothing_is_left_costs_the_gradient(assignment: Assignment) -> None:
    small = changed(assignment, memory_mb=100)
    with sandboxed(small) as sandbox:
        run = sandbox.run(with_dJ_dU("while True: KEPT.append(bytearray(2**16))", top="KEPT = []"))
    assert only_dJ_dU_is("out_of_memory", small, run)


def test_a_file_of_the_allowed_size_runs_and_a_larger_one_does_not(assignment: Assignment, sandbox: Sandbox) -> None:
    size = assignment.config.sandbox.source_kb * 1024
    assert only_dJ_dU_is("passed", assignment, sandbox.run(HONEST + b"#" * (size - len(HONEST))))
    run = sandbox.run(HONEST + b"#" * (size - len(HONEST) + 1))
    assert run.loading.message == "the file is larger than the 256 kB that are accepted"
    assert run.attempts == 0


def test_output_is_kept_up_to_its_limit(assignment: Assignment, sandbox: Sandbox) -> None:
    run = sandbox.run(with_dJ_dU("print('x' * 10**6)\nreturn s.h.T @ dJ_db2(s)", top="print('loading')"))
    assert only_dJ_dU_is("passed", assignment, run)
    assert run.loading.printed == "loading\n"
    assert run.answers["dJ_dU"][0].printed == "x" * 2048


def test_output_that_takes_many_bytes_a_character_is_output_like_any_other(
    assignment: Assignment, sandbox: Sandbox
) -> None:
    run = sandbox.run(with_dJ_dU("print('\U0001f600' * 9999)\nraise ValueError('\U0001f600' * 9999)"))
    assert only_dJ_dU_is("raised", assignment, run)
    assert len(run.answers["dJ_dU"][0].printed) == 2048


@pytest.mark.parametrize(
    "shape",
    ["(2**20,)", *(pytest.param(other, marks=pytest.mark.slow) for other in ("(1, 2**20)", "(1, 1, 2**19, 2)"))],
)
def test_only_type_and_shape_of_a_far_too_large_answer_are_kept(
    assignment: Assignment, sandbox: Sandbox, shape: str
) -> None:
    source = with_dJ_dU(f"import numpy as np\nreturn np.random.rand(2**20).reshape({shape})")
    run = sandbox.run(source)
    value = run.answers["dJ_dU"][0].value
    assert value is not None
    assert (value.dtype, value.shape) == ("<f8", eval(shape))
    assert len(pack_run(run)) < 100_000
    [result] = [one for one in grade_run(assignment, run, "x").gradients if one.name == "dJ_dU"]
    assert f"expected shape (Dh, V) = (7, 11), got {value.shape}" in result.checks[0].message
    assert grade_run(assignment, unpack_run(pack_run(run)), "x") == grade_run(assignment, run, "x")
    assert only_dJ_dU_is("failed", assignment, run)


def test_a_wrong_answer_as_large_as_a_jacobian_is_kept_whole(assignment: Assignment, sandbox: Sandbox) -> None:
    run = sandbox.run(with_dJ_dU("import numpy as np\nreturn np.einsum('ij,kl->jkl', s.y_hat, s.U)"))
    assert all(answer.value is not None and answer.value.kept for answer in run.answers["dJ_dU"])


def test_a_file_that_prints_and_warns_at_every_call_is_kept_within_limits(assignment: Assignment) -> None:
    talk = (
        "\nimport warnings\ndef _talk(s):\n    print('x' * 9999)\n    for i in range(9): warnings.warn(str(i) * 9999)\n"
    )
    source = talk + "".join(f"{name} = _talk\n" for name in assignment.names)
    talkative = changed(assignment, output_kb=16)
    with sandboxed(talkative) as sandbox:
        run = sandbox.run(source.encode())
    shared = [answer for found in run.answers.values() for answer in found]
    all_answers = [*shared, *run.fresh.values(), *run.inconsistent.values()]
    texts = [text for answer in all_answers for text in (answer.printed, *answer.warnings)]
    assert len(texts[0]) == 10_000
    assert sum(map(len, texts)) == MAX_OUTPUT
    assert statuses(talkative, run)["dJ_db2"] == "failed"


# --- blame ---------------------------------------------------------------------------------------------------------

ENDINGS = [
    ("import os; os._exit(0)", "died", "ended itself with exit code 0"),
    ("import os; os.abort()", "died", "ended by SIG"),
    ("import ctypes; ctypes.string_at(0)", "died", "ended by SIGSEGV"),
    ("raise SystemExit(0)", "raised", "SystemExit: 0"),
    ("raise KeyboardInterrupt", "raised", "KeyboardInterrupt"),
    ("raise MemoryError", "out_of_memory", "MemoryError"),
    ("return dJ_dU(s)", "raised", "RecursionError"),
    ("raise NotImplementedError", "missing", "NotImplementedError"),
    ("import os\nfor fd in range(64):\n    try: os.write(fd, b'x' * 100)\n    except OSError: pass", "died", "sent"),
]


@linux
@pytest.mark.parametrize(("body", "status", "words"), ENDINGS, ids=[e[0][:30] for e in ENDINGS])
def test_what_ends_one_gradient_costs_only_that_one(
    assignment: Assignment, sandbox: Sandbox, body: str, status: str, words: str
) -> None:
    run = sandbox.run(with_dJ_dU(body))
    assert only_dJ_dU_is(status, assignment, run)
    assert words in run.answers["dJ_dU"][-1].message


def test_an_exception_without_a_message_is_named_without_a_colon(sandbox: Sandbox) -> None:
    run = sandbox.run(with_dJ_dU("raise NotImplementedError"))
    assert run.answers["dJ_dU"][-1].message == "NotImplementedError"


def test_a_gradient_broken_by_another_one_is_called_again_alone(assignment: Assignment, sandbox: Sandbox) -> None:
    source = (
        HONEST
        + b"\nimport numpy as np\nBROKEN = []\n_db2 = dJ_db2\ndef dJ_db2(s):\n    BROKEN.append(1)\n    return _db2(s)\n"
    )
    source += (
        b"def dJ_dI(s):\n    if len(BROKEN) > 6: raise ValueError('broken by others')\n    return s.e.T @ dJ_db1(s)\n"
    )
    run = sandbox.run(source)
    assert statuses(assignment, run)["dJ_dI"] == "passed"
    assert run.attempts == 2


def test_inputs_changed_in_place_are_undone_for_the_next_call(assignment: Assignment, sandbox: Sandbox) -> None:
    run = sandbox.run(with_dJ_dU("g = s.h.T @ dJ_db2(s)\ns.y_hat[:] = 0\ns.h_prev *= 2\nreturn g"))
    assert only_dJ_dU_is("passed", assignment, run)
    assert set(run.answers["dJ_dU"][0].mutated) == {"y_hat", "h_prev"}


LOADING = [
    (b"def dJ_dU(s:\n", "raised", f"(read by Python {sys.version_info[0]}.{sys.version_info[1]})"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", "raised", "it is a picture, not Python"),
    ("x = 1\n".encode("utf-16"), "raised", "it is saved as UTF-16"),
    (b"\0\0\0", "raised", "null bytes"),
    (b"x = 'caf\xe9'\n", "raised", "save the file as UTF-8"),
    (b"raise SyntaxError('mine')\n", "raised", "SyntaxError: mine"),
    (b"import torch\n", "raised", "torch is not available here: use numpy, `model`, and those parts"),
    (b"import sqlite3\n", "raised", "that need no files, network or other programs"),
    (b"import os\nos._exit(0)\n", "died", "exit code 0"),
    (b"raise ValueError('no')\n", "raised", "ValueError: no"),
    (b"x = (" + b"(" * 5000 + b"\n", "raised|out_of_memory|died", ""),
]


@linux
@pytest.mark.parametrize(("source", "status", "words"), LOADING, ids=[entry[2][:12] or "nesting" for entry in LOADING])
def test_a_file_that_cannot_be_loaded_is_reported_with_the_reason(
    assignment: Assignment, sandbox: Sandbox, source: bytes, status: str, words: str
) -> None:
    run = sandbox.run(source)
    assert run.loading.outcome in status.split("|")
    assert words in run.loading.message
    assert set(statuses(assignment, run).values()) <= set(status.split("|"))


@linux
def test_nothing_of_the_grader_or_the_solution_is_in_the_students_process(sandbox: Sandbox) -> None:
    look = """
        import sys, gc, os
        names = [name for name in sys.modules if "grader" in name or "solution" in name or "msgspec" in name]
        files = [p for p in sys.path if "grader" in p or "site-packages" in p]
        texts = [o for o in gc.get_objects() if isinstance(o, dict) and "y_hat - s.y" in str(o.get("__doc__"))]
        known = ("PATH", "LC_ALL", "LD_BIND_NOW", "PYTHONHASHSEED", "PYTHONBREAKPOINT")
        environment = [k for k in os.environ if k not in known and "NUM_THREADS" not in k]
        raise ValueError([names, files, texts, sorted(environment), os.getcwd(), sys.argv[1:]])
    """
    message = sandbox.run(b"def dJ_dU(s):\n" + textwrap.indent(textwrap.dedent(look), "    ").encode()).answers[
        "dJ_dU"
    ][0]
    kept = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE", "LD_LIBRARY_PATH")
    environment = sorted(name for name in kept if name in os.environ)
    assert message.message.startswith(f"ValueError: [[], [], [], {environment}, '/', [")


@linux
def test_no_process_outlives_its_submission(sandbox: Sandbox) -> None:
    fork = "import os\npid = os.fork()\nif pid == 0:\n    import time\n    time.sleep(1000)\nreturn s.h.T @ dJ_db2(s)"
    run = sandbox.run(with_dJ_dU(fork))
    assert run.answers["dJ_dU"][-1].message.startswith("PermissionError")


def test_many_files_at_once_get_their_own_answers(assignment: Assignment, sandbox: Sandbox) -> None:
    scales = list(range(1, 13))
    sources = [HONEST + f"\ndef dJ_db2(s):\n    return {scale} * (s.y_hat - s.y)\n".encode() for scale in scales]
    runs = dict(sandbox.run_many(iter(sources), in_flight=4))
    for number, scale in enumerate(scales):
        run = runs[number]
        assert isinstance(run, Run)
        value = run.answers["dJ_db2"][0].value
        assert value is not None
        assert np.allclose(value.array(), scale * assignment.exact["dJ_db2"][0], rtol=1e-12)


def test_stopping_early_leaves_the_sandbox_usable(assignment: Assignment, sandbox: Sandbox) -> None:
    for _ in sandbox.run_many([HONEST] * 10, in_flight=3):
        break
    assert only_dJ_dU_is("passed", assignment, sandbox.run(HONEST))


# --- when the sandbox itself fails ----------------------------------------------------------------------------------


@linux
def test_a_zygote_that_dies_is_replaced_and_the_files_it_was_running_are_run_again(assignment: Assignment) -> None:
    with sandboxed(assignment) as sandbox:
        spawner = sandbox.spawner
        assert isinstance(spawner, Zygote)
        assert spawner.report
        spawner._process.kill()
        spawner._process.wait()
        assert only_dJ_dU_is("passed", assignment, sandbox.run(HONEST))


@linux
def test_a_zygote_that_dies_while_a_file_runs_is_replaced_and_the_file_run_again(assignment: Assignment) -> None:
    slow = with_dJ_dU("import time\ntime.sleep(0.1)\nreturn s.h.T @ dJ_db2(s)")
    with sandboxed(assignment) as sandbox:
        assert sandbox.report, "it has started"
        process = sandbox.spawner._process  # type: ignore[attr-defined]
        threading.Timer(0.15, process.kill).start()
        assert only_dJ_dU_is("passed", assignment, sandbox.run(slow))
        assert sandbox.spawner._process is not process  # type: ignore[attr-defined]


def kill_children_of(parent: int) -> None:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has just ended
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                os.kill(int(stat.parent.name), signal.SIGKILL)


@linux
@pytest.mark.parametrize("body", ["time.sleep(0.4)", "def dJ_db2(s): return time.sleep(0.015) or s.y_hat - s.y"])
def test_a_file_whose_child_is_killed_from_outside_is_run_again(assignment: Assignment, body: str) -> None:
    """As a system short of memory does: the file is run again."""
    with sandboxed(assignment) as sandbox:
        assert sandbox.report, "it has started"
        zygote = sandbox.spawner._process.pid  # type: ignore[attr-defined]
        timer = threading.Timer(0.15, kill_children_of, [zygote])
        timer.start()
        run = sandbox.run(HONEST + f"\nimport time\n{body}\n".encode())
        timer.join()
    assert set(statuses(assignment, run).values()) == {"passed"}
    assert run.attempts == 1, "the one that was killed does not count"


@linux
def test_a_file_that_is_killed_again_and_again_is_not_run_forever(assignment: Assignment) -> None:
    with sandboxed(assignment) as sandbox:
        assert sandbox.report, "it has started"
        zygote = sandbox.spawner._process.pid  # type: ignore[attr-defined]
        ended = threading.Event()

        def kill_all() -> None:
            while not ended.wait(0.1):
                kill_children_of(zygote)

        killer = threading.Thread(target=kill_all)
        killer.start()
        try:
            run = sandbox.run(HONEST + b"\nimport time\ntime.sleep(60)\n")
        finally:
            ended.set()
            killer.join()
    assert run.loading.message == "the process was ended by SIGKILL"


@linux
def test_what_there_is_to_do_meanwhile_does_not_wait_for_the_sandbox_to_start(assignment: Assignment) -> None:
    with sandboxed(assignment) as sandbox:
        zygote = sandbox.spawner._process  # type: ignore[attr-defined]
        zygote.send_signal(signal.SIGSTOP)
        run = sandbox.run(HONEST, meanwhile=lambda: zygote.send_signal(signal.SIGCONT))
    assert set(statuses(assignment, run).values()) == {"passed"}


@linux
def test_a_sandbox_that_never_gets_ready_is_an_error(assignment: Assignment) -> None:
    zygote = Zygote(ROOT / assignment.config.model, assignment.config.sandbox)
    try:
        zygote._process.send_signal(signal.SIGSTOP)
        assert zygote.events() == [], "it may still get ready"
        zygote._started -= 60
        with pytest.raises(SandboxError, match="did not start within"):
            zygote.events()
    finally:
        zygote.close()


@linux
def test_a_sandbox_that_cannot_start_raises_the_reason(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("import nowhere\n")
    zygote = Zygote(tmp_path / "model.py", Limits())
    with pytest.raises(SandboxError, match="the sandbox did not start: ModuleNotFoundError"):
        _ = zygote.report
    zygote.close()


# --- environments ---------------------------------------------------------------------------------------------------

ATTACK = """
def attempts(s):
    import ctypes, os
    libc = ctypes.CDLL(None)
    yield "read", lambda: os.open("/etc/passwd", os.O_RDONLY)
    yield "write", lambda: os.open("/tmp/gg-attack", os.O_CREAT | os.O_WRONLY)
    yield "fork", os.fork
    yield "kill", lambda: os.kill(os.getppid(), 0)
    yield "socket", lambda: 1 / (libc.socket(2, 1, 0) + 1)
    yield "unlink", lambda: os.unlink("/tmp/gg-victim")
    yield "stat", lambda: os.stat("/etc/passwd")
    yield "readlink", lambda: os.readlink("/proc/self/exe")
    yield "access", lambda: 1 / os.access("/etc/passwd", os.F_OK)
    yield "list", lambda: os.listdir("/etc")

def dJ_dU(s):
    done = []
    for name, attempt in attempts(s):
        try: attempt()
        except (OSError, ZeroDivisionError): continue
        done.append(name)
    raise ValueError(f"done: {done}")
"""

STRONG = [
    ("everything", ()),
    ("no uid (as without root)", ("uid",)),
    ("no Landlock", ("landlock",)),
    ("no Landlock, no chroot (as without root)", ("landlock", "chroot", "uid")),
    ("no reports (as before Linux 5.0)", ("reports",)),
]
WEAK = [
    ("no seccomp", ("seccomp",), "open an internet socket"),
    ("limits only", ("seccomp", "landlock", "chroot", "uid"), "find out what files there are"),
]


@linux
@pytest.mark.parametrize("without", [s[1] for s in STRONG], ids=[s[0] for s in STRONG])
def test_the_sandbox_is_strong_and_honest_files_pass_in(assignment: Assignment, without: tuple[str, ...]) -> None:
    with sandboxed(assignment, *without) as sandbox:
        assert sandbox.report.strong, sandbox.report
        sandbox.require("strong")
        assert only_dJ_dU_is("passed", assignment, sandbox.run(HONEST))
        library = sorted((ROOT / "tests" / "submissions").glob("standard_library.passed.py"))
        for path in library:
            assert set(statuses(assignment, sandbox.run(path.read_bytes())).values()) == {"passed"}
        run = sandbox.run(HONEST + ATTACK.encode())
        assert run.answers["dJ_dU"][0].message == "ValueError: done: []"
    assert not Path("/tmp/gg-attack").exists()


@linux
@pytest.mark.parametrize(("without", "breach"), [w[1:] for w in WEAK], ids=[w[0] for w in WEAK])
def test_a_weak_sandbox_is_detected_and_refused_unless_allowed(
    assignment: Assignment, without: tuple[str, ...], breach: str
) -> None:
    with sandboxed(assignment, *without) as sandbox:
        assert not sandbox.report.strong
        assert breach in sandbox.report.breaches
        with pytest.raises(
            SandboxError, match=r"does not hold on this machine: weak .*could .*sandbox\.require to any"
        ):
            sandbox.require("strong")
        sandbox.require("any")
        assert only_dJ_dU_is("passed", assignment, sandbox.run(HONEST))


@linux
@pytest.mark.skipif(not IS_ROOT, reason="needs root to become someone else")
def test_an_ordinary_user_has_a_strong_sandbox_too(tmp_path: Path) -> None:
    """The whole command as nobody, with a Python that this user may read."""
    readable = Path(sys.executable).resolve()
    if any(not parent.stat().st_mode & 0o001 for parent in readable.parents):
        pytest.skip("this Python is in a folder that only root may enter")
    done = subprocess.run(
        [sys.executable, "-m", "grader", "grade", str(RIGHT_FILE), "--json"],
        cwd=ROOT, capture_output=True, user=65534, group=65534, extra_groups=[], timeout=60, env={"HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result = msgspec.json.decode(done.stdout)
    assert result["score"] == 100
    assert result["sandbox"].startswith("strong")
    assert "own user" not in result["sandbox"]


WHERE_NOTHING_CAN_BE_SEEN = [
    ("Linux, root", ()),
    ("ordinary user", ("uid", "chroot")),
    ("only seccomp", ("uid", "chroot", "landlock")),
]


@linux
@pytest.mark.parametrize(
    "without", [w[1] for w in WHERE_NOTHING_CAN_BE_SEEN], ids=[w[0] for w in WHERE_NOTHING_CAN_BE_SEEN]
)
def test_no_file_can_be_found_and_ordinary_questions_have_ordinary_answers(
    assignment: Assignment, without: tuple[str, ...]
) -> None:
    look = """
        import glob, os, pathlib
        import numpy as np
        def result(ask):
            try: return ask()
            except Exception as error: return type(error).__name__
        there = ["/etc/passwd", "/etc/shadow", "/proc/self/exe", "/proc/self/cwd", np.__file__, os.__file__]
        asks = (os.stat, os.lstat, os.readlink, os.path.exists, open)
        answers = [{result(lambda: ask(path)) for path in there} for ask in asks]
        answers += [result(lambda: os.listdir(".")), result(lambda: np.load("x.npy")), result(lambda: open("x", "w"))]
        answers += [os.path.exists("x"), pathlib.Path("x").exists(), glob.glob("*"), os.getcwd(), str(pathlib.Path.cwd())]
        raise ValueError(answers)
    """
    none = "{'FileNotFoundError'}"
    expected = f"[{none}, {none}, {none}, {{False}}, {none}, 'PermissionError', 'FileNotFoundError', 'PermissionError'"
    with sandboxed(assignment, *without) as sandbox:
        message = sandbox.run(with_dJ_dU(look)).answers["dJ_dU"][0].message
    assert message == f"ValueError: {expected}, False, False, [], '/', '/']"


# --- forbidden acts ----------------------------------------------------------------------------------------------------

FORBIDDEN = {
    "os.fork()": ("clone",),
    "os.kill(os.getppid(), 9)": ("kill",),
    "os.kill(-1, 0)": ("kill",),
    "os.execv('/bin/true', ['true'])": ("execve",),
    "os.setuid(0)": ("setuid",),
    "socket.socket()": ("socket",),
    "socket.create_connection(('127.0.0.1', 80))": ("socket",),
    "libc.socket(2, 1, 0)": ("socket",),
    "libc.ptrace(16, os.getppid(), 0, 0)": ("ptrace",),
    "libc.unshare(0x10000000)": ("unshare",),
    "libc.prctl(4, 1, 0, 0, 0)": ("prctl",),
    "libc.syscall(425, 1, 0)": ("io_uring_setup",),
    "os.memfd_create('x')": ("memfd_create",),
    "os.fork() if libc.ptrace(0, 0, 0, 0) else 0": ("clone", "ptrace"),
}
HABITS = [
    "np.save('x', [1])", "np.load('x.npy')", "open('x')", "open('x', 'w')", "os.listdir('.')", "np.loadtxt('x')",
    "os.system('cls')", "os.popen('ls').read()", "__import__('requests')", "__import__('matplotlib.pyplot')",
    "multiprocessing.cpu_count()", "multiprocessing.Pool(2)", "multiprocessing.Lock()", "subprocess.run(['clear'])",
    "subprocess.run('clear', shell=True)", "threading.Thread(target=print).start()", "os.makedirs('out')", "os.chdir('..')",
    "os.remove('x')", "os.chmod('x', 0o644)", "pathlib.Path.home()", "getpass.getuser()", "platform.platform()",
    "platform.processor()",
    "tempfile.mkdtemp()", "time.sleep(0.01)", "sys.setrecursionlimit(10000)", "asyncio.run(asyncio.sleep(0))",
    "resource.setrlimit(resource.RLIMIT_STACK, (-1, -1))", "os.nice(1)", "uuid.uuid4()", "input()", "signal.alarm(3)",
    "signal.signal(signal.SIGINT, signal.SIG_DFL)", "signal.raise_signal(signal.SIGUSR1)", "os.cpu_count()",
    "os.get_terminal_size()",
    "pathlib.Path('x').exists()", "np.random.default_rng().normal()", "concurrent.futures.ThreadPoolExecutor().submit(print)",
    "os.kill(os.getpid(), signal.SIGINT)", "random.seed()", "logging.warning('x')", "shutil.copy('a', 'b')", "exit()",
]  # fmt: skip
NEEDED = """
import asyncio, concurrent.futures, ctypes, getpass, logging, multiprocessing, os, pathlib, platform, random, resource, shutil
import signal, socket, subprocess, sys, tempfile, threading, time, uuid
import numpy as np
libc = ctypes.CDLL(None)
def attempt(what):
    try: eval(what)
    except BaseException: pass
"""


@linux
@needs_reports
def test_what_no_honest_file_does_is_reported_even_when_the_refusal_is_caught(sandbox: Sandbox) -> None:
    for what, calls in FORBIDDEN.items():
        run = sandbox.run(HONEST + f"{NEEDED}attempt({what!r})\n".encode())
        assert run.loading.outcome == "returned", what
        assert run.violations == calls, what


@linux
@needs_reports
def test_ordinary_habits_are_not_reported(sandbox: Sandbox) -> None:
    run = sandbox.run(HONEST + f"{NEEDED}for habit in {HABITS}: attempt(habit)\n".encode())
    assert run.loading.outcome == "returned"
    assert run.violations == ()
    assert sandbox.run(with_dJ_dU("import os; os.abort()")).violations == ()


@linux
@needs_reports
def test_each_file_has_its_own_violations(sandbox: Sandbox) -> None:
    fork = HONEST + b"\nimport os\ntry: os.fork()\nexcept OSError: pass\n"
    kill = with_dJ_dU("import os\nos.kill(1, 9)")
    runs = dict(sandbox.run_many([HONEST, fork, HONEST, kill] * 3, in_flight=4))
    found = [runs[number].violations for number in range(12)]  # type: ignore[union-attr]
    assert found == [(), ("clone",), (), ("kill",)] * 3


@linux
@needs_reports
def test_after_a_thousand_attempts_a_file_gets_no_answer(assignment: Assignment) -> None:
    attempts = f"\n{NEEDED}for _ in range({{}}): attempt('os.kill(1, 9)')\n"
    with sandboxed(changed(assignment, call_cpu_seconds=0.5, wall_factor=3.0)) as sandbox:
        assert sandbox.run(HONEST + attempts.format(PATIENCE).encode()).loading.outcome == "returned"
        assert sandbox.run(HONEST + attempts.format(PATIENCE + 1).encode()).loading.outcome == "timed_out"


@linux
@needs_reports
@pytest.mark.skipif(not IS_ROOT, reason="the zygote shows its descriptors to nobody else")
def test_an_ended_child_leaves_no_descriptor(assignment: Assignment) -> None:
    with sandboxed(assignment) as sandbox:
        descriptors = Path(f"/proc/{sandbox.spawner._process.pid}/fd")  # type: ignore[attr-defined]
        counts = []
        for _ in range(2):
            for _ in sandbox.run_many([HONEST] * 5):
                pass
            counts.append(len([*descriptors.iterdir()]))
    assert counts[0] == counts[1]


@linux
@needs_reports
@pytest.mark.slow
def test_endless_attempts_get_no_answer_and_disturb_nobody(assignment: Assignment) -> None:
    quick = changed(assignment, call_cpu_seconds=0.3, wall_factor=3.0)
    flood = with_dJ_dU("import os\nwhile True:\n    try: os.kill(1, 9)\n    except OSError: pass")
    with sandboxed(quick) as sandbox:
        runs = dict(sandbox.run_many([flood, HONEST, HONEST], in_flight=3))
    assert isinstance(runs[0], Run)
    assert only_dJ_dU_is("timed_out", quick, runs[0])
    assert runs[0].violations == ("kill",)
    for number in (1, 2):
        run = runs[number]
        assert isinstance(run, Run)
        assert set(statuses(quick, run).values()) == {"passed"}


@linux
def test_a_kernel_that_cannot_report_calls_still_refuses_them(assignment: Assignment) -> None:
    with sandboxed(assignment, "reports") as sandbox:
        assert not sandbox.report.reports
        run = sandbox.run(HONEST + b"\nimport os\ntry: os.fork()\nexcept PermissionError: print('refused')\n")
    assert run.loading.printed == "refused\n"
    assert run.violations == ()


@linux
def test_the_grader_detects_that_a_kernel_cannot_report_calls() -> None:
    command = [
        sys.executable,
        "tests/deny.py",
        "listener",
        sys.executable,
        "-m",
        "grader",
        "grade",
        str(RIGHT_FILE),
    ]
    done = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    result = msgspec.json.decode(done.stdout)
    assert result["sandbox"].startswith("strong")
    assert "seccomp" in result["sandbox"]
    assert "watched" not in result["sandbox"]


@pytest.mark.slow
def test_fresh_processes_do_the_same_work_where_forking_is_not_safe_and_report_a_weak_sandbox(
    assignment: Assignment,
) -> None:
    quick = changed(assignment, call_cpu_seconds=0.5, wall_factor=6.0)
    with sandboxed(quick, fresh=True) as sandbox:
        assert not sandbox.report.strong
        assert "could do whatever the user who runs the grader may do" in str(sandbox.report)
        assert only_dJ_dU_is("passed", quick, sandbox.run(HONEST + b"\nimport statistics, numpy.random\n"))
        assert only_dJ_dU_is("timed_out", quick, sandbox.run(with_dJ_dU("while True: pass")))
        assert only_dJ_dU_is("died", quick, sandbox.run(with_dJ_dU("import os; os._exit(3)")))


def test_the_report_names_restrictions_and_breaches() -> None:
    strong = Report("Linux x86_64", uid=True, landlock=7, seccomp=True)
    assert str(strong) == "strong (Linux x86_64: resource limits, own user, Landlock 7, seccomp)"
    weak = Report("Linux x86_64", chroot=True, reports=True, breaches=("start a process", "open a local socket"))
    assert str(weak) == (
        "weak (Linux x86_64: resource limits, empty root, watched);"
        " a student's code could start a process, open a local socket"
    )


@linux
@pytest.mark.parametrize("without", [(), ("landlock",)], ids=["as it is", "no Landlock"])
def test_harmless_imports_work_on_every_machine(assignment: Assignment, without: tuple[str, ...]) -> None:
    unused = "import argparse, ast, base64, cProfile, getpass, importlib.machinery, importlib.util, pdb, pickle\n"
    unused += (
        "import shlex, tracemalloc, xml.etree.ElementTree as tree, zipfile, asyncio, concurrent.futures, datetime\n"
    )
    unused += "import multiprocessing, socket, subprocess, urllib.request, unittest.mock\n"
    unused += "assert datetime.datetime.strptime('2024', '%Y').year == 2024\n"
    with sandboxed(assignment, *without) as sandbox:
        run = sandbox.run(HONEST + unused.encode())
    assert set(statuses(assignment, run).values()) == {"passed"}, run.loading.message


def test_words_are_in_the_same_order_in_every_zygote(assignment: Assignment) -> None:
    """A file that goes through a set of words gets the same marks from every worker, and when run again."""
    printed = set()
    for _ in range(4):
        with sandboxed(assignment) as sandbox:
            printed.add(sandbox.run(HONEST + b"\nprint([*map(str, {'h', 'U', 'b1', 'y_hat', 'z'})])").loading.printed)
    assert len(printed) == 1


@linux
def test_children_after_the_zygotes_warm_up_find_what_those_before_it_found(assignment: Assignment) -> None:
    curious = HONEST + (
        b"\nimport gc, linecache, sys, warnings, numpy as np\n"
        b"print(sorted(sys.modules), sorted(linecache.cache), warnings.filters, np.geterr())\n"
        b"print(gc.isenabled(), sys.stdout is sys.stderr)\n"
        b"print([name for name in dir(sys.modules['gradients']) if name.startswith('__')], sys.meta_path)\n"
    )
    with sandboxed(assignment) as sandbox:
        runs = [run for _, run in sandbox.run_many([curious] * (2 * WARM_UP_AFTER), in_flight=1)]
    assert all(isinstance(run, Run) and "gradients" in run.loading.printed for run in runs)
    assert len({ADDRESS.sub("", run.loading.printed) for run in runs if isinstance(run, Run)}) == 1


@linux
def test_what_a_file_finds_imported_does_not_depend_on_other_files(assignment: Assignment) -> None:
    look = b"""
import sys, numpy as np
def dJ_db2(s):
    names = sorted(sys.modules)
    return np.array([[float(len(names)), float(hash(tuple(names)) % 2**40)]])
"""
    others = [
        b"import numpy.matlib, unittest, decimal",
        b"from numpy import *",
        b"import pdb, argparse",
        b"def dJ_db2(s): return s.U @ s.U",
        b"def dJ_db2(s): breakpoint()",
        *[HONEST] * 4,  # from the third file on the zygote has warmed up
    ]
    with sandboxed(assignment) as fresh:
        found = [fresh.run(look).answers["dJ_db2"]]
        for other in others:
            fresh.run(other)
            found.append(fresh.run(look).answers["dJ_db2"])
    assert found[0][0].outcome == "returned"
    assert all(one == found[0] for one in found)


def test_a_misspelled_function_is_pointed_out_and_earns_nothing(assignment: Assignment, sandbox: Sandbox) -> None:
    source = (
        HONEST.replace(b"dJ_db1", b"dj_DB1")
        .replace(b"def dJ_dh_prev", b"def dJ_dhprev")
        .replace(b"def dJ_dH(", b"def f(")
    )
    run = sandbox.run(source)
    reported = {name: (answers[-1].outcome, answers[-1].message) for name, answers in run.answers.items()}
    assert reported["dJ_db1"] == ("missing", "the file has a function dj_DB1: did you mean dJ_db1?")
    assert reported["dJ_dh_prev"] == ("missing", "the file has a function dJ_dhprev: did you mean dJ_dh_prev?")
    assert reported["dJ_dH"] == ("missing", "")  # dJ_dh is another gradient
    assert statuses(assignment, run)["dJ_db1"] == "missing"
    assert sandbox.run(b"dJ_dU = 3").answers["dJ_dU"][-1].message == "dJ_dU is int, not a function"


def test_a_child_gets_the_quantities_of_the_config_and_nothing_else(sandbox: Sandbox, assignment: Assignment) -> None:
    """Neither the loss nor a gradient, formula, tolerance or mark: what `s` holds is all that the job says of the assignment."""
    run = sandbox.run(b"def dJ_dU(s):\n    raise ValueError(' '.join(sorted(vars(s))))\n")
    quantities = " ".join(sorted(assignment.config.quantities))
    assert assignment.config.loss not in quantities.split()
    assert run.answers["dJ_dU"][-1].message == f"ValueError: {quantities}"
