"""Grade on a Dask cluster: the same worker processes as on one machine, started by every Dask worker.

The assignment is sent as the bytes of its files, and results come back as bytes.  The scheduler sees chunks of submissions; a
chunk that is lost with its worker is handed out again, and a submission is stored once, whichever copy of it comes first.
"""

import importlib
import queue
import socket
import time
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from grader.classroom.batch.clusterwork import grade_chunk, say_hello
from grader.classroom.batch.protocol import Hello, Refusal, Result, Task, WorkerRefused
from grader.config.load import load_config, self_contained
from grader.errors import GraderError, UsageError
from grader.problem.fingerprint import staff_files

_SCHEMES = ("tcp", "tls", "ws", "wss", "ucx")  # the protocols of Dask between machines
CHUNK = 24  # submissions: a tenth of a second of work, long against a scheduler's millisecond
AHEAD = 3  # chunks per thread of the cluster
TRIES = 3  # of a submission, once it is alone in its chunk
PATIENCE = 60  # seconds for a scheduler that has gone to come back


class ClusterError(GraderError):
    """The cluster cannot be used: unreachable, without workers, or of another version."""


class Cluster:
    """A Dask cluster that is running already."""

    def __init__(self, config: Path, address: str, *, stored_only: bool = False) -> None:
        """Connect to the scheduler at `address`.

        Raises:
            UsageError: Dask is not installed here, it is no address, or the assignment has files outside its folder.
            ClusterError: there is no scheduler.
        """
        self._files = assignment_files(config)
        self._stored_only = stored_only
        self._address = address if "://" in address else f"tcp://{address}"
        self._client = self._connect(15)
        self._hello: Hello | None = None
        self._under_way: dict[Any, list[Task]] = {}  # by future, until it is settled
        self._finished: queue.Queue[Any] = queue.Queue()
        self._failures: Counter[int] = Counter()  # by task

    def hello(self) -> Hello:
        """The first message of one of the workers; the others must agree with it for every chunk.

        Raises:
            GraderError: there is no worker, or it refuses.
        """
        if self._hello is None:
            self._wait_for_workers()
            data = self._client.submit(say_hello, self._files, self._stored_only, pure=False).result()
            message = msgspec.msgpack.decode(data, type=Hello | Refusal)
            if isinstance(message, Refusal):
                raise WorkerRefused(message)
            self._hello = message
        return self._hello

    def run(self, tasks: Iterator[Task]) -> Iterator[Result]:
        """The results of the tasks, in the order in which they are ready.  Every task has exactly one.

        Raises:
            ClusterError: the scheduler has gone and does not come back.
        """
        self._hand_out_more(tasks)
        while self._under_way:
            future = self._next_finished()
            if future is None or future.status in ("cancelled", "lost"):
                if future is None or future in self._under_way:
                    self._start_again()
                continue
            chunk = self._under_way.pop(future, None)
            if chunk is None:
                continue
            try:
                results = msgspec.msgpack.decode(future.result(), type=list[Result])
            except Exception as error:
                yield from self._once_more(chunk, error)
            else:
                yield from results
            self._hand_out_more(tasks)

    def close(self) -> None:
        self._client.close(timeout=5)

    def _connect(self, seconds: float) -> Any:
        try:
            distributed: Any = importlib.import_module("distributed")
        except ImportError as error:
            raise UsageError("--dask needs the package distributed: pip install 'gradient-grader[cluster]'") from error
        try:
            _knock(self._address, seconds)
            return distributed.Client(self._address, timeout=seconds, set_as_default=False)
        except ValueError as error:
            raise UsageError(
                f"--dask {self._address}: expected an address such as tcp://host:8786 ({error})"
            ) from error
        except OSError as error:
            reason = " ".join(str(error).split())[:200]
            raise ClusterError(
                f"{self._address}: no Dask scheduler answers there ({reason}); start one with `dask scheduler`."
                " What is graded is kept: run the same command again"
            ) from error

    def _wait_for_workers(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=30)
        except TimeoutError as error:
            raise ClusterError(
                f"{self._address}: the Dask scheduler has no workers; start some with `dask worker {self._address}`"
            ) from error

    def _hand_out_more(self, tasks: Iterator[Task]) -> None:
        """Keep every thread of the cluster supplied."""
        wanted = len(self._under_way) + 1
        if len(self._under_way) < AHEAD:
            wanted = AHEAD * max(1, sum(self._client.nthreads().values()))
        while len(self._under_way) < wanted and (chunk := list(islice(tasks, CHUNK))):
            self._hand_out(chunk)

    def _hand_out(self, chunk: list[Task]) -> None:
        state, encoded = msgspec.msgpack.encode(self.hello().fingerprint), msgspec.msgpack.encode(chunk)
        future = self._client.submit(grade_chunk, self._files, self._stored_only, state, encoded, pure=False)
        self._under_way[future] = chunk
        future.add_done_callback(self._finished.put)

    def _next_finished(self) -> Any:
        """The next future that is done; None when the scheduler has gone."""
        while True:
            try:
                return self._finished.get(timeout=1)
            except queue.Empty:
                if self._client.status != "running":
                    return None

    def _start_again(self) -> None:
        """The scheduler has forgotten everything: connect again and hand out what is not settled."""
        chunks = list(self._under_way.values())
        self._under_way.clear()
        self._client.close(timeout=5)
        self._client = self._connect(PATIENCE)
        self._wait_for_workers()
        for chunk in chunks:
            self._hand_out(chunk)

    def _once_more(self, chunk: list[Task], error: Exception) -> Iterator[Result]:
        """Hand out a chunk that failed, one by one, so that one bad submission costs nobody else anything."""
        for task in chunk:
            self._failures[task.number] += 1
            if self._failures[task.number] < TRIES:
                self._hand_out([task])
            else:
                yield Result(
                    task.number, error=f"failed on the cluster {TRIES} times: {' '.join(str(error).split())[:300]}"
                )


def _knock(address: str, seconds: float) -> None:
    """Wait until a scheduler answers at the address: without one, Dask itself reports less, and later or never.

    Raises:
        OSError: none answers.
        ValueError: it is no address.
    """
    parts = urlsplit(address)
    host, port = parts.hostname, parts.port
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"expected one of {', '.join(_SCHEMES)}, found {parts.scheme}")
    if not host or not port:
        raise ValueError("the host or the port is missing")
    end = time.monotonic() + seconds
    while True:
        try:
            with socket.create_connection((host, port), timeout=5) as line:
                if parts.scheme == "tcp":  # with the others the scheduler is not the first to speak
                    line.settimeout(seconds)
                    if not line.recv(1):
                        raise ConnectionResetError("something else listens there, and hangs up")
            return
        except (ConnectionRefusedError, ConnectionResetError):
            if time.monotonic() > end or seconds < PATIENCE:
                raise
            time.sleep(0.5)


def assignment_files(config: Path) -> dict[str, bytes]:
    """The files of an assignment by their path below its folder.

    Raises:
        UsageError: one stands outside the folder.
    """
    folder = config.resolve().parent
    loaded = load_config(config)
    files = {"config.yaml": self_contained(config)}
    for path in (folder / loaded.model, *staff_files(folder, loaded)):
        if not path.resolve().is_relative_to(folder):
            raise UsageError(
                f"{config}: {path} is outside the folder of the assignment: a cluster gets that folder only"
            )
        if path.is_file():
            files[str(path.resolve().relative_to(folder))] = path.read_bytes()
    return files
