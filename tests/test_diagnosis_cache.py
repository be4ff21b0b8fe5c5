"""The tables on disk: the same after reading, named by what they depend on, built again where they cannot be read."""

import dataclasses
import multiprocessing
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest

from grader.config.load import load_config
from grader.diagnosis.knowledge import knowledge_of
from grader.diagnosis.tables import cache
from grader.problem.assignment import load_assignment

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def assignment():
    return load_assignment(load_config(ROOT / "config.yaml"), ROOT, with_solution=True)


@pytest.fixture(scope="module")
def tables(assignment):
    finder = knowledge_of(assignment).finder
    assert finder is not None
    return finder.tables


def test_tables_are_the_same_after_writing_and_reading(assignment, tables, tmp_path):
    cache.write_tables(tables, tmp_path / "tables.npz")
    again = cache.read_tables(tmp_path / "tables.npz")
    for name, entries in tables.gradients.items():
        assert np.array_equal(again.gradients[name].prints, entries.prints)
        assert again.gradients[name].entry(len(entries) - 1) == entries.entry(len(entries) - 1)
    assert set(again.maps) == set(tables.maps)
    for name, maps in tables.maps.items():
        for one, other in zip(again.maps[name].groups, maps.groups, strict=True):
            assert one.sizes == other.sizes
            assert all(np.array_equal(a, b) for a, b in zip(one.matrices, other.matrices, strict=True))


def test_no_two_entries_of_a_table_explain_the_same_numbers_in_the_same_way(tables):
    for entries in tables.gradients.values():
        seen = set()
        for i in range(len(entries)):
            node, edits = entries.entry(i)
            assert (node, edits) not in seen
            seen.add((node, edits))


def test_the_key_changes_with_the_steps_and_the_sizes(assignment):
    key = cache.table_key(assignment)
    config = assignment.config
    points = msgspec.structs.replace(config.steps, seed=32 * "7")
    for changed in (
        msgspec.structs.replace(config, steps=points),
        msgspec.structs.replace(config, dimensions={**config.dimensions, "V": [17, 13, 9]}),
    ):
        assert cache.table_key(dataclasses.replace(assignment, config=changed)) != key
    retitled = msgspec.structs.replace(config, title="another")
    assert cache.table_key(dataclasses.replace(assignment, config=retitled)) == key


def test_a_file_that_cannot_be_read_is_built_again(assignment, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    elsewhere = dataclasses.replace(assignment, folder=tmp_path)
    path, content = cache.ship_tables(assignment)
    broken = tmp_path / path
    broken.parent.mkdir()
    broken.write_bytes(content[:1000])
    assert len(cache.load_tables(elsewhere).gradients) == len(assignment.names)
    assert len(broken.read_bytes()) > 1000


def test_old_tables_are_removed(tmp_path):
    for k in range(6):
        (tmp_path / f"diagnosis-{k}.npz").write_bytes(b"")
    (tmp_path / "other").write_bytes(b"")
    cache._prune(tmp_path)
    assert len(list(tmp_path.glob("diagnosis-*.npz"))) == cache.KEPT
    assert (tmp_path / "other").exists()


def test_an_assignment_of_another_kind_is_diagnosed_too(tmp_path):
    """A linear layer with tanh and a squared error: nothing of the engine is about recurrent networks."""
    (tmp_path / "assignment").mkdir()
    (tmp_path / "solutions").mkdir()
    (tmp_path / "assignment" / "model.py").write_text(
        "import numpy as np\n"
        "def squash(a):\n    return np.tanh(a)\n"
        "def a(x, W, b):\n    return x @ W + b\n"
        "def o(a):\n    return squash(a)\n"
        "def J(o, t):\n    return 0.5 * np.sum((o - t) ** 2, axis=(-2, -1))\n"
    )
    (tmp_path / "solutions" / "gradients.py").write_text(
        "def dJ_do(s):\n    return s.o - s.t\n"
        "def dJ_db(s):\n    return dJ_do(s) * (1 - s.o ** 2)\n"
        "def dJ_dW(s):\n    return s.x.T @ dJ_db(s)\n"
        "def dJ_dx(s):\n    return dJ_db(s) @ s.W.T\n"
    )
    text = (ROOT / "config.yaml").read_text()
    head, tail = text[: text.index("dimensions:")], text[text.index("checks:") :]
    tail = tail.replace("solutions/hints.yaml", '""').replace("solutions/mistakes.yaml", '""')
    middle = (
        "dimensions:\n  n: [5, 6]\n  m: [7, 8]\nsteps:\n  count: 3\n  seed: '00000000000000000000000000000004'\nquantities:\n"
        "  x: {sample: normal, shape: [1, n]}\n  W: {sample: normal, shape: [n, m], scale: 0.5}\n"
        "  b: {sample: normal, shape: [1, m]}\n  t: {sample: normal, shape: [1, m]}\n"
        "  a: {sample: model, shape: [1, m]}\n  o: {sample: model, shape: [1, m]}\n"
        "gradients:\n  - {name: dJ_do, of: o, max_score: 1}\n  - {name: dJ_db, of: b, max_score: 1}\n"
        "  - {name: dJ_dW, of: W, max_score: 1}\n  - {name: dJ_dx, of: x, max_score: 1}\n"
    )
    tail = "".join(line for line in tail.splitlines(keepends=True) if not line.strip().startswith("mistakes:"))
    (tmp_path / "config.yaml").write_text(head + middle + tail)
    from grader.diagnosis.engine import explain

    other = load_assignment(load_config(tmp_path / "config.yaml"), tmp_path, with_solution=True)

    def explained(name, answer):
        values = []
        for k, point in enumerate(other.points):
            right = {n: v[k] for n, v in other.exact.items()}
            values.append(answer(right, point.values))
        return explain(other, knowledge_of(other), name, values, {})

    def kind(name, answer):
        return explained(name, answer).diagnosis.mistakes[0].kind

    def operators(name, answer):
        return explained(name, answer).operators

    assert kind("dJ_db", lambda right, s: right["dJ_do"]) == "missing-factor"
    assert kind("dJ_db", lambda right, s: right["dJ_do"] * s["o"] * (1 - s["o"])) == "wrong-derivative"
    assert operators("dJ_db", lambda right, s: right["dJ_do"] * (1 - s["o"]) ** 2) == ("power-bracket",)
    target = explained("dJ_do", lambda right, s: s["t"]).diagnosis
    assert [mistake.statement for mistake in target.mistakes] == [
        "your numbers are exactly t: that is not the gradient asked for"
    ]
    assert kind("dJ_dW", lambda right, s: (s["x"].T @ right["dJ_db"]).T) == "transpose"
    assert kind("dJ_dW", lambda right, s: s["x"].T @ right["dJ_do"]) == "missing-factor"
    assert kind("dJ_dx", lambda right, s: -right["dJ_dx"]) == "sign"
    assert kind("dJ_dx", lambda right, s: s["W"] @ right["dJ_db"].T) == "operand-order"


def test_processes_that_need_the_same_tables_at_once_build_them_once(assignment, tables, tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "_folders", lambda assignment: [tmp_path])
    built = multiprocessing.get_context("fork").Value("i", 0)

    def build(assignment):
        with built.get_lock():
            built.value += 1
        time.sleep(0.5)
        return tables

    monkeypatch.setattr(cache, "build_tables", build)
    processes = [
        multiprocessing.get_context("fork").Process(target=cache.load_tables, args=(assignment,)) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert built.value == 1
