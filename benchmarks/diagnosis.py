"""How well and how fast wrong gradients are diagnosed, on the labelled wrong answers of tests/diagnosis.

    python benchmarks/diagnosis.py [a|b|compositions|chains|noise|tables|growth ...] [--misses] [--home]

With --home it is the assignment as students have it, unpacked from its handout.

Times are those of the processor, so that other programs do not count.  Recall: a hypothesis reproduces the numbers.
Agreement: the first mistake reported has the label's kind, or one that the label accepts.
"""

import dataclasses
import itertools
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import yaml
from chain import chain
from verdicts import pack

from grader.config.load import load_config
from grader.diagnosis.engine import DOUBLE, SINGLE, explain
from grader.diagnosis.knowledge import knowledge_of
from grader.diagnosis.tables.cache import load_tables
from grader.problem.assignment import load_assignment

ROOT = Path(__file__).parents[1]
SAMPLE, NOISE = int(os.environ.get("SAMPLE", "300")), int(os.environ.get("NOISE", "400"))
SETS = ROOT / "tests" / "diagnosis"


class Bench:
    """The assignment, and wrong answers evaluated on its steps."""

    def __init__(self, folder=ROOT, with_solution=True):
        self.assignment = load_assignment(load_config(folder / "config.yaml"), folder, with_solution=with_solution)
        module = self.assignment.graph.functions["J"].__globals__
        self.helpers = {"np": np, "sigmoid": module["sigmoid"], "softmax": module["softmax"]}
        for name in self.assignment.names:
            self.helpers[name] = lambda s, name=name: s.right[name].copy()
        knowledge_of(self.assignment)  # loaded before the clock starts

    def point(self, k):
        values = {n: np.array(v) if np.ndim(v) else v for n, v in self.assignment.points[k].values.items()}
        return SimpleNamespace(**values, right={n: v[k] for n, v in self.assignment.exact.items()})

    def run(self, code, **names):
        """A wrong answer at every step; `names` hold one value per step."""
        with np.errstate(all="ignore"):
            return self._run(code, names)

    def _run(self, code, names):
        results = []
        for k in range(len(self.assignment.points)):
            env = {**self.helpers, "s": self.point(k), **{n: v[k] for n, v in names.items()}}
            if "return" in code:
                body = "\n".join("    " + line for line in code.splitlines())
                exec(f"def answer(s):\n{body}", env)
                results.append(np.asarray(env["answer"](env["s"]), dtype=float))
            else:
                results.append(np.asarray(eval(code, env), dtype=float))
        return results

    def wrong(self, name, values):
        right = self.assignment.exact[name]
        return not all(v.shape == r.shape and np.allclose(v, r, rtol=1e-12) for v, r in zip(values, right, strict=True))

    def explain(self, name, values, own=None, tolerance=DOUBLE):
        start = time.process_time()
        found = explain(self.assignment, knowledge_of(self.assignment), name, values, own or {}, tolerance)
        return found, 1000 * (time.process_time() - start)


def diagnosed(found):
    return found.diagnosis.certainty != "none"


def labels(item):
    kind = item["kind"] if isinstance(item["kind"], list) else [item["kind"]]
    return {*kind, *item.get("also", [])}


def report(title, rows, times):
    matched = [row for row in rows if row["diagnosed"]]
    agreed = [row for row in matched if row["agrees"]]
    share = 100 * len(agreed) / max(1, len(matched))
    print(
        f"{title:34} {len(rows):5} answers   diagnosed {100 * len(matched) / len(rows):5.1f} %   agrees {share:5.1f} %   ",
        end="",
    )
    print(f"median {np.median(times):6.2f} ms   p95 {np.percentile(times, 95):7.2f} ms   max {max(times):7.1f} ms")


def one_set(bench, path, title, misses):
    rows, times = [], []
    for item in yaml.safe_load(path.read_text()):
        values = bench.run(item["code"])
        found, ms = bench.explain(item["gradient"], values)
        kinds = [mistake.kind for mistake in found.diagnosis.mistakes]
        agrees = bool(kinds) and kinds[0] in labels(item)
        rows.append({"diagnosed": diagnosed(found), "agrees": agrees, "errors": item.get("errors", 1), "kinds": kinds})
        times.append(ms)
        if misses and not (diagnosed(found) and agrees):
            hypotheses = [f"{hypothesis.formula} [{hypothesis.cost:.2f}]" for hypothesis in found.hypotheses]
            print(f"  {item['id']} {item['gradient']} {item['kind']}/{item['where']}: {item['code'].strip()!r}")
            print(f"      {kinds} {found.operators} {hypotheses} {found.diagnosis.properties}")
    report(title, rows, times)
    for errors in dict.fromkeys(row["errors"] for row in rows):
        chosen = [i for i, row in enumerate(rows) if row["errors"] == errors]
        if len(chosen) < len(rows):
            report(f"  errors: {errors}", [rows[i] for i in chosen], [times[i] for i in chosen])


def compositions(bench, title, misses, sample=SAMPLE):
    data = yaml.safe_load((SETS / "compositions.yaml").read_text())["gradients"]
    random = np.random.default_rng(5)
    for count in (1, 2, 3):
        cases = []
        for gradient in data:
            for stages in itertools.combinations(gradient["stages"], count):
                cases += [(gradient, stages, wrongs) for wrongs in itertools.product(*(s["wrong"] for s in stages))]
        rows, times = [], []
        for i in random.permutation(len(cases)):
            gradient, stages, wrongs = cases[i]
            name = gradient["gradient"]
            values = compose(bench, gradient, {s["stage"]: w["code"] for s, w in zip(stages, wrongs, strict=True)})
            if values is None or not bench.wrong(name, values):
                continue
            found, ms = bench.explain(name, values)
            kinds = {w["kind"] for w in wrongs}
            agrees = bool(kinds & {edit.kind for hypothesis in found.hypotheses for edit in hypothesis.edits})
            rows.append({"diagnosed": diagnosed(found), "agrees": agrees})
            times.append(ms)
            if misses and not diagnosed(found):
                print("  ", name, [w["code"] for w in wrongs], found.diagnosis.properties)
            if len(rows) == sample:
                break
        report(f"{title}, {count} errors", rows, times)


def compose(bench, gradient, hit):
    names = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for stage in gradient["stages"]:
            if stage["stage"] == "last_step":
                names["D"] = bench.run(gradient["carry"], **names)
            try:
                names[stage["name"]] = bench.run(hit.get(stage["stage"], stage["right"]), **names)
            except (ValueError, IndexError, np.linalg.LinAlgError):
                return None
    values = names["answer"]
    return values if all(np.isfinite(value).all() for value in values) and any(np.any(v) for v in values) else None


def chains(bench, misses, sample=150):
    """Whole submissions: every gradient from the student's own upstream one, one to three of them wrong by themselves."""
    from grader.grading.pipeline import grade_run
    from grader.records.run import Answer, ArrayData, Run

    data = {entry["gradient"]: entry for entry in yaml.safe_load((SETS / "compositions.yaml").read_text())["chains"]}
    random = np.random.default_rng(9)
    for count in (1, 2, 3):
        roots = exact = blamed = diagnosed_roots = submissions = 0
        times = []
        while submissions < sample:
            chosen = [str(name) for name in random.choice(list(data), count, replace=False)]
            wrongs = {name: data[name]["wrong"][random.integers(len(data[name]["wrong"]))] for name in chosen}
            values = follow(bench, data, {name: wrong["code"] for name, wrong in wrongs.items()})
            if values is None or not all(bench.wrong(name, values[name]) for name in chosen):
                continue
            answers = {
                name: [Answer("returned", ArrayData("<f8", v.shape, np.ascontiguousarray(v).tobytes())) for v in found]
                for name, found in values.items()
            }
            start = time.process_time()
            result = grade_run(bench.assignment, Run(answers), "student")
            times.append(1000 * (time.process_time() - start))
            failed = {gradient.name: gradient for gradient in result.gradients if gradient.status == "failed"}
            submissions += 1
            roots += count
            found = {n for n in chosen if n in failed and failed[n].diagnosis and failed[n].diagnosis.mistakes}
            diagnosed_roots += len(found)
            blamed += len(set(failed) - set(chosen))
            exact += len(found) == count and set(failed) == set(chosen)
            if misses and not (len(found) == count and set(failed) == set(chosen)):
                print(
                    "  ",
                    {n: w["code"] for n, w in wrongs.items()},
                    sorted(failed),
                    {n: g.diagnosis and g.diagnosis.certainty for n, g in failed.items()},
                )
        print(
            f"chains of {count}: {exact}/{submissions} submissions exact   roots diagnosed {diagnosed_roots}/{roots}"
            f"   wrongly blamed {blamed}   grading median {np.median(times):.1f} ms, p95 {np.percentile(times, 95):.1f} ms"
        )


def follow(bench, data, codes):
    values = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for name, entry in data.items():
            names = {"D": values[entry["upstream"]]} if entry["upstream"] else {}
            try:
                values[name] = bench.run(codes.get(name, entry["right"]), **names)
            except (ValueError, np.linalg.LinAlgError):
                return None
            if not all(np.isfinite(value).all() for value in values[name]):
                return None
    return values


def noise(bench, misses, count=NOISE):
    random = np.random.default_rng(3)
    makers = {
        "gaussian noise": lambda v: random.standard_normal(v.shape),
        "perturbed by 1e-3": lambda v: v * (1 + 1e-3 * random.standard_normal(v.shape)),
        "one entry wrong": one_wrong(random),
        "permuted": lambda v: random.permutation(v.reshape(-1)).reshape(v.shape),
    }
    for title, make in makers.items():
        for dtype, tolerance in ((np.float64, DOUBLE), (np.float32, SINGLE)):
            hypotheses, times = Counter(), []
            for i in range(count):
                name = bench.assignment.names[i % len(bench.assignment.names)]
                values = [make(v).astype(dtype).astype(float) for v in bench.assignment.exact[name]]
                found, ms = bench.explain(name, values, tolerance=tolerance)
                times.append(ms)
                if diagnosed(found):
                    hypotheses[found.operators] += 1
                    if misses:
                        print("  ", name, found.diagnosis, found.hypotheses)
            print(f"{title:20} {dtype.__name__:8} {count} answers   diagnosed {sum(hypotheses.values())}   ", end="")
            print(f"median {np.median(times):.2f} ms   p95 {np.percentile(times, 95):.1f} ms")


def one_wrong(random):
    def make(value):
        changed = value.copy()
        changed.flat[random.integers(value.size)] += random.standard_normal()
        return changed

    return make


def tables(bench):
    seconds, size, milliseconds, entries = measured(bench.assignment)
    print(f"tables: built in {seconds:.2f} s, loaded in {milliseconds:.1f} ms, {size:.2f} MB, {entries} entries")


def measured(assignment):
    """Seconds to build all tables of an assignment, megabytes, milliseconds to load and index them, entries."""
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = dataclasses.replace(assignment, folder=Path(folder))
        start = time.process_time()
        built = load_tables(elsewhere)
        seconds = time.process_time() - start
        start = time.process_time()
        loaded = load_tables(elsewhere)
        for name, values in assignment.exact.items():
            loaded.near(name, values, DOUBLE, 1)
        milliseconds = 1000 * (time.process_time() - start)
        size = sum(file.stat().st_size for file in Path(folder).rglob("*.table")) / 1e6
    return seconds, size, milliseconds, sum(map(len, built.built.values()))


def growth(bench):
    """How build time and size grow with the number of gradients, and with the entries of each."""
    print("layers  biases  gradients  entries  CPU s to build  MB  ms to load")
    for layers, biases in ((1, 0), (3, 0), (6, 0), (11, 0), (3, 8), (3, 16), (3, 32)):
        with tempfile.TemporaryDirectory() as folder:
            assignment = chain(Path(folder), layers, biases)
            seconds, size, milliseconds, entries = measured(assignment)
        print(f"{layers:6}  {biases:6}  {2 * layers:9}  {entries:7}  {seconds:14.2f}  {size:.2f}  {milliseconds:10.1f}")


def main():
    chosen = [argument for argument in sys.argv[1:] if not argument.startswith("-")] or [
        "tables", "growth", "a", "b", "compositions", "chains", "noise",
    ]  # fmt: skip
    misses = "--misses" in sys.argv
    if "--home" not in sys.argv:
        _measure(Bench(), chosen, misses)
        return
    with tempfile.TemporaryDirectory() as folder:
        home = pack(ROOT / "config.yaml", Path(folder)).parent
        _measure(Bench(home, with_solution=False), chosen, misses)


def _measure(bench, chosen, misses):
    if "tables" in chosen:
        tables(bench)
    if "growth" in chosen:
        growth(bench)
    if "a" in chosen:
        one_set(bench, SETS / "set_a.yaml", "set A, one error", misses)
    if "b" in chosen:
        one_set(bench, SETS / "set_b.yaml", "set B, hold-out", misses)
    if "compositions" in chosen:
        compositions(bench, "compositions", misses)
    if "chains" in chosen:
        chains(bench, misses)
    if "noise" in chosen:
        noise(bench, misses)


if __name__ == "__main__":
    main()
