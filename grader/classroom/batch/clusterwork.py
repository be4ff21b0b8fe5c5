"""The part of a Dask worker: keep graders ready, one for each of its threads, and give them chunks of submissions.

A grader is a worker process as on one machine, with its own sandbox.  The Dask worker only passes bytes on; the processes that
it starts end with it.
"""

import hashlib
import os
import shutil
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import msgspec

from grader.classroom.batch.pool import SLOTS, Pool
from grader.classroom.batch.protocol import Refusal, Task, WorkerRefused
from grader.errors import GraderError, SandboxError
from grader.problem.fingerprint import Fingerprint

_UIDS = 300  # ranges of user ids, so that workers on one machine seldom share one

_lock = threading.Lock()
_idle: list["_Grader"] = []
_started = 0


@dataclass
class _Grader:
    key: str
    folder: Path
    pool: Pool

    def close(self) -> None:
        self.pool.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def say_hello(files: dict[str, bytes], stored_only: bool) -> bytes:
    """The `Hello` of a grader here, or its `Refusal`."""
    grader = _borrow(files, stored_only)
    try:
        hello = grader.pool.hello()
    except WorkerRefused as error:
        grader.close()
        return msgspec.msgpack.encode(Refusal(str(error), error.exit_code))
    _give_back(grader)
    return msgspec.msgpack.encode(hello)


def grade_chunk(files: dict[str, bytes], stored_only: bool, state: bytes, tasks: bytes) -> bytes:
    """Grade some tasks; returns the list of results, all of them.

    Raises:
        RuntimeError: this worker cannot grade them; as text, because the other end need not know our classes.
    """
    grader = _borrow(files, stored_only)
    try:
        found = _grade(grader.pool, msgspec.msgpack.decode(state, type=Fingerprint), tasks)
    except BaseException as error:
        grader.close()
        if isinstance(error, GraderError):
            raise RuntimeError(str(error)) from None
        raise
    _give_back(grader)
    return found


def _grade(pool: Pool, state: Fingerprint, tasks: bytes) -> bytes:
    ours = pool.hello().fingerprint
    if msgspec.structs.replace(ours, runtime=state.runtime) != state:
        raise SandboxError(
            "this Dask worker has another version of gradient-grader, or other numbers come out of the model"
        )
    runtime = msgspec.json.encode(ours.runtime)
    results = []
    for result in pool.run(iter(msgspec.msgpack.decode(tasks, type=list[Task]))):
        if not result.grade:
            raise SandboxError(result.error)
        results.append(msgspec.structs.replace(result, runtime=runtime))
    return msgspec.msgpack.encode(results)


def _borrow(files: dict[str, bytes], stored_only: bool) -> _Grader:
    """A grader for this assignment that is not in use; those for other assignments are closed."""
    key = hashlib.sha256(msgspec.msgpack.encode([sorted(files.items()), stored_only])).hexdigest()
    global _started
    with _lock:
        stale = [grader for grader in _idle if grader.key != key]
        ready = [grader for grader in _idle if grader.key == key]
        _idle[:] = ready[1:]
        _started += 1
        number = _started
    for grader in stale:
        grader.close()
    return ready[0] if ready else _start(key, files, stored_only, number)


def _start(key: str, files: dict[str, bytes], stored_only: bool, number: int) -> _Grader:
    folder = Path(tempfile.mkdtemp(prefix="gradient-grader-"))  # readable by this user alone
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    first_slot = SLOTS * ((os.getpid() * 7 + number) % _UIDS)
    return _Grader(key, folder, Pool(folder / "config.yaml", 1, stored_only=stored_only, first_slot=first_slot))


def _give_back(grader: _Grader) -> None:
    with _lock:
        _idle.append(grader)
