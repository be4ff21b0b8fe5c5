"""The tables on disk: the same after reading, named by what they depend on, built again where they cannot be read."""

import dataclasses
import multiprocessing
import os
import subprocess
import sys
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


@pytest.fixture(scope="module")
def small():
    """An assignment whose tables are quickly built: dJ_dw and dJ_db build on dJ_dy_hat."""
    folder = ROOT / "gallery" / "linear-regression"
    return load_assignment(load_config(folder / "config.yaml"), folder, with_solution=True)


@pytest.fixture
def elsewhere(small, tmp_path, monkeypatch):
    """The small assignment in a folder that has no tables yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return dataclasses.replace(small, folder=tmp_path / "assignment")


def kept(folder):
    return sorted(folder.rglob("*.table"))


def everything(tables):
    """All entries of all tables, in words."""
    return {name: [repr(tables.entry(name, i)) for i in range(len(table))] for name, table in tables.built.items()}


def test_tables_are_the_same_after_writing_and_reading(elsewhere):
    built = cache.load_tables(elsewhere)
    again = cache.load_tables(elsewhere)
    assert (again.new, set(again.built)) == (set(), set(elsewhere.names))
    assert everything(again) == everything(built)
    for name, table in built.built.items():
        assert np.array_equal(again[name].angles, table.angles)


def test_another_process_has_the_same_keys(assignment, tables):
    """Whatever the seed of Python's hashes: a table that was shipped is one that would be built."""
    code = (
        "import hashlib; from pathlib import Path; from grader.config.load import load_config\n"
        "from grader.problem.assignment import load_assignment; from grader.diagnosis.tables.cache import ship_tables\n"
        "root = Path('.'); assignment = load_assignment(load_config(root / 'config.yaml'), root, with_solution=True)\n"
        "print(hashlib.sha256(repr(ship_tables(assignment)).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_only_what_is_needed_is_built_and_the_rest_when_it_is(elsewhere):
    tables = cache.load_tables(elsewhere, ["dJ_dw"])
    assert set(tables.built) == {"dJ_dw", "dJ_dy_hat"}
    assert len(kept(elsewhere.folder)) == 2
    cache.load_tables(elsewhere, ["dJ_db"])
    again = cache.load_tables(elsewhere, [])
    assert (set(again.built), again.new) == ({"dJ_dw", "dJ_dy_hat", "dJ_db"}, set())
    first = [again.entry("dJ_db", i)[0] for i in range(len(again["dJ_db"]))]
    whole = cache.Tables(elsewhere)
    assert sorted(map(repr, first)) == sorted(repr(whole.entry("dJ_db", i)[0]) for i in range(len(whole["dJ_db"])))


def test_what_is_built_while_grading_is_kept_afterwards(elsewhere):
    tables = cache.load_tables(elsewhere, [])
    tables.near("dJ_dw", elsewhere.exact["dJ_dw"], 1e-9, 1)
    assert kept(elsewhere.folder) == []
    cache.keep(tables)
    assert len(kept(elsewhere.folder)) == 2


def test_no_two_entries_of_a_table_explain_the_same_numbers_in_the_same_way(tables):
    for name, table in tables.built.items():
        entries = [tables.entry(name, i)[:2] for i in range(len(table))]
        assert len(set(entries)) == len(entries)


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


def _cut(content, other):
    return content[: len(content) // 2]


def _changed(content, other):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def _foreign(content, other):
    return other


def _empty(content, other):
    return b""


@pytest.mark.parametrize("damage", [_cut, _changed, _foreign, _empty])
def test_a_file_that_cannot_be_read_is_built_again(elsewhere, damage):
    expected = everything(cache.load_tables(elsewhere, ["dJ_dw"]))
    for broken, other in (kept(elsewhere.folder), reversed(kept(elsewhere.folder))):
        content = broken.read_bytes()
        broken.write_bytes(damage(content, other.read_bytes()))
        tables = cache.load_tables(elsewhere, ["dJ_dw"])
        assert tables.new == set()  # kept again
        assert everything(tables) == expected
        assert damage(content, other.read_bytes()) != broken.read_bytes()


def test_tables_of_another_assignment_under_this_name_are_built_again(elsewhere, tmp_path):
    steps = msgspec.structs.replace(elsewhere.config.steps, seed=32 * "7")
    other = dataclasses.replace(
        elsewhere, config=msgspec.structs.replace(elsewhere.config, steps=steps), folder=tmp_path / "other"
    )
    cache.load_tables(other, ["dJ_dy_hat"])
    (theirs,) = kept(other.folder)
    ours = elsewhere.folder / cache.FOLDER / f"diagnosis-{cache.table_key(elsewhere)}" / theirs.name
    ours.parent.mkdir(parents=True)
    ours.write_bytes(theirs.read_bytes())
    cache.load_tables(elsewhere, ["dJ_dy_hat"])
    assert ours.read_bytes() != theirs.read_bytes()


def test_a_table_whose_upstream_table_is_another_one_is_built_again(elsewhere):
    """Entries refer to those of upstream tables by number."""
    tables = cache.load_tables(elsewhere, ["dJ_dw"])
    of_y_hat, _ = kept(elsewhere.folder)
    fewer = cache.Tables(
        elsewhere, {"dJ_dy_hat": msgspec.structs.replace(tables["dJ_dy_hat"], costs=tables["dJ_dy_hat"].costs + 1)}
    )
    fewer.new.add("dJ_dy_hat")
    cache.keep(fewer)
    found = cache._read([of_y_hat.parent], cache.table_key(elsewhere), elsewhere.names)
    assert set(found) == {"dJ_dy_hat"}


def test_where_nothing_can_be_written_tables_are_built_all_the_same(elsewhere, monkeypatch):
    elsewhere.folder.parent.mkdir(exist_ok=True)
    elsewhere.folder.write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(elsewhere.folder))
    assert set(cache.load_tables(elsewhere, ["dJ_dy_hat"]).built) == {"dJ_dy_hat"}
    assert elsewhere.folder.read_text() == "no folder"


def test_tables_in_a_folder_that_is_only_read_are_used(elsewhere, monkeypatch):
    for path, content in cache.ship_tables(elsewhere).items():
        file = elsewhere.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    monkeypatch.setattr(cache, "replacing", None)  # nothing is written
    assert set(cache.load_tables(elsewhere).built) == set(elsewhere.names)


def test_old_tables_are_removed(tmp_path):
    for k in range(3):
        (tmp_path / f"diagnosis-{k}.npz").write_bytes(b"")
        (tmp_path / f"diagnosis-{k}").mkdir()
        (tmp_path / f"diagnosis-{k}" / "000.table").write_bytes(b"")
    (tmp_path / "other").write_bytes(b"")
    cache._prune(tmp_path)
    assert len(list(tmp_path.glob("diagnosis-*"))) == cache.KEPT
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


def _load(assignment, found):
    found.put(sorted(map(repr, everything(cache.load_tables(assignment, ["dJ_dw"])).items())))


def test_processes_that_build_the_same_tables_at_once_all_have_them(elsewhere):
    context = multiprocessing.get_context("fork")
    found = context.Queue()
    processes = [context.Process(target=_load, args=(elsewhere, found)) for _ in range(3)]
    for process in processes:
        process.start()
    results = [found.get(timeout=60) for _ in processes]
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert results[0] == results[1] == results[2]
    assert len(kept(elsewhere.folder)) == 2
    assert cache.load_tables(elsewhere, ["dJ_dw"]).new == set()
