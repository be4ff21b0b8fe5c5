"""`--dask`: a real scheduler and two workers on this machine, one of them killed in the middle."""

import importlib.util
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from classroom import FLIPPED, SOLUTION, write
from conftest import ROOT
from test_batch import batch, count, grades, run, start, wait_for

DASK = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
WORKER = [sys.executable, "-m", "distributed.cli.dask_worker"]
needs_dask = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="distributed is not installed")


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers: (address, processes of the workers)."""
    log = (tmp_path / "scheduler.log").open("w+")
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    scheduler = subprocess.Popen([*DASK, *options], stdout=log, stderr=log)
    workers = []
    try:
        address = None
        end = time.monotonic() + 60
        while address is None:
            assert time.monotonic() < end, (tmp_path / "scheduler.log").read_text()
            address = re.search(r"tcp://127\.0\.0\.1:\d+", (tmp_path / "scheduler.log").read_text())
            time.sleep(0.1)
        for _ in range(2):
            command = [*WORKER, address[0], "--nthreads", "1", "--no-nanny", "--no-dashboard"]
            workers.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=tmp_path))
        yield address[0], workers
    finally:
        for process in [*workers, scheduler]:
            process.kill()
            process.wait()
        log.close()


@needs_dask
@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_though_a_worker_is_killed_in_the_middle(cluster, tmp_path):
    address, workers = cluster
    wrong = {f"w{i}/gradients.py": FLIPPED + b"#%d" % i for i in range(40)}
    content = {**{f"r{i}/gradients.py": SOLUTION + b"#%d" % i for i in range(40)}, **wrong, "x/gradients.py": b"1/0"}
    source = write(tmp_path / "class", content)
    assert batch(source, tmp_path / "here").returncode == 0
    process = start("batch", source, "--out", tmp_path / "there", "--dask", address)
    wait_for(lambda: count(tmp_path / "there") >= 1, process)
    assert count(tmp_path / "there") < len(content)
    workers[0].kill()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert count(tmp_path / "there") == len(content)
    assert grades(tmp_path / "there") == grades(tmp_path / "here")
    again = run("regrade", tmp_path / "there", "--dask", address)
    assert "nobody's marks changed" in again.stdout, again.stderr


@needs_dask
def test_an_address_where_no_scheduler_answers_is_reported(tmp_path):
    source = write(tmp_path / "class", {"ann/gradients.py": SOLUTION})
    done = batch(source, tmp_path / "results", "--dask", "tcp://127.0.0.1:1")
    assert done.returncode == 3
    assert "no Dask scheduler answers there" in done.stderr
    assert "Traceback" not in done.stderr


@needs_dask
@pytest.mark.parametrize("address", ["nonsense", "tcp://host", "tcp://host:port", "ftp://host:1"])
def test_an_invalid_address_is_reported(address, tmp_path):
    source = write(tmp_path / "class", {"ann/gradients.py": SOLUTION})
    done = batch(source, tmp_path / "results", "--dask", address)
    assert done.returncode == 2
    assert "expected an address such as tcp://host:8786" in done.stderr
    assert "Traceback" not in done.stderr


def test_without_dask_the_option_says_what_to_install(tmp_path):
    source = write(tmp_path / "class", {"ann/gradients.py": SOLUTION})
    (tmp_path / "distributed.py").write_text("raise ImportError")
    command = [
        sys.executable,
        "-c",
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from grader.cli.app import main; main()",
    ]
    arguments = [tmp_path, "batch", source, "--out", tmp_path / "results", "--dask", "tcp://127.0.0.1:1"]
    done = subprocess.run([*command, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--dask needs the package distributed: pip install 'gradient-grader[cluster]'" in done.stderr


def test_an_assignment_with_files_outside_its_folder_is_not_sent_to_a_cluster(copy_of_assignment, tmp_path):
    from grader.classroom.batch.cluster import assignment_files
    from grader.errors import UsageError

    config = copy_of_assignment / "config.yaml"
    sent = {"config.yaml", "assignment/model.py", "solutions/gradients.py", "solutions/mistakes.yaml"}
    assert sent <= set(assignment_files(config))
    outside = Path(copy_of_assignment.parent / f"{copy_of_assignment.name}-model.py")
    outside.write_bytes((copy_of_assignment / "assignment" / "model.py").read_bytes())
    config.write_text(config.read_text().replace("model: assignment/model.py", f"model: ../{outside.name}"))
    with pytest.raises(UsageError, match="is outside the folder of the assignment: a cluster gets that folder only"):
        assignment_files(config)


@pytest.mark.parametrize("answer", [b"", None])
def test_nobody_waits_for_something_that_is_no_scheduler(answer):
    from grader.classroom.batch.cluster import _knock

    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted = []

        def listen():
            line, _ = server.accept()
            accepted.append(line)  # kept open, and silent
            if answer is not None:
                line.close()

        thread = threading.Thread(target=listen)
        thread.start()
        with pytest.raises(OSError, match="hangs up" if answer is not None else "timed out"):
            _knock(f"tcp://127.0.0.1:{server.getsockname()[1]}", 0.5)
        thread.join()
        for line in accepted:
            line.close()
