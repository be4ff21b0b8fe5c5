"""Does the diagnosis name the mistake?  Three sets of wrong submissions, labelled without knowledge of the engine.

    python benchmarks/verdicts.py                    all sets, for instructors and for a student at home
    python benchmarks/verdicts.py --misses bundled   and each case that isn't right, with what was said
    python benchmarks/verdicts.py --reports 10 --seed 1   ten whole reports for each audience, to read
    python benchmarks/verdicts.py --gallery          the cases of every assignment in the gallery; or of one: softmax-regression

Each labelled gradient gets a verdict; a case has the worst of its gradients' verdicts:

    right       exact, or an observation: every mistake that is named is in the label, with its place, and all of them are named
    tie         several explanations are offered, and one of them is in the label, with its place
    vague       only properties; or the right kind in the wrong place; or some of several mistakes; or an observation, which
                is true, of a kind that isn't in the label; or no diagnosis, but a message about the exception or the shape,
                where the label has that kind
    silent      nothing is said about the gradient
    misleading  exact or a tie, and the kind isn't in the label

A case is misleading, too, if there is a definite statement (exact, tie, observation) about a gradient of `fix_first` that is
right given the ones it builds on, unless the statement is an exception, which is a fact, or the grade says that another
gradient is to be fixed first.  Where no kind fits a mistake, its label has words: it is right if one of them is said.

The place is the names of the assignment in `where`.  A name has to be in the label; of an expression one of the names, apart
from functions and their arguments.  No name, and the gradient's own, mean the whole formula: that is right for a sign and a
scale, which are the same for a factor and the whole, and if the label names the gradient.  An exception's place is its line.

Fails if more cases are misleading than recorded in tests/blind/figures.json.
"""

import argparse
import datetime
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blind import BLIND, CONFIGS, OF_GALLERY, Case, Fault, read_cases

import grader

FIGURES = BLIND / "figures.json"
AUDIENCES = ("staff", "student")
VERDICTS = ("right", "tie", "vague", "silent", "misleading")  # from best to worst
FUNCTIONS = frozenset(("sigmoid", "tanh", "softmax", "exp", "log"))
DEFINITE = ("exact", "tie", "observation")
NAME = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Outcome:
    """What was said of a case.

    `said` has a line for each gradient; `located` right, wrong or none for each one whose line is marked; `failed` is whether
    the grader warned.
    """

    case: Case
    verdict: str
    said: list[str]
    located: list[str]
    failed: bool


# ---- verdicts ----


def judge(case: Case, grade: dict[str, Any], names: frozenset[str], failures: Sequence[str] = ()) -> Outcome:
    """Compare what the JSON of a grade says with the label.  `names` are those of the assignment."""
    verdicts, said, located = [], [], []
    gradients = {entry["name"]: entry for entry in grade["gradients"]}
    for name in case.accused:
        entry = gradients[name]
        marked = frozenset(number for gradient, number in case.lines if gradient in ("", name))
        verdict = _verdict(entry, [fault for fault in case.faults if fault.gradient == name], marked, names)
        verdicts.append(verdict)
        said.append(f"{name} {verdict}: {_summary(entry)}")
        if marked:
            located.append(_located(entry, marked))
    for name in grade["fix_first"]:
        if name not in case.accused and _accuses(gradients[name]):
            also = {kind for fault in case.also if fault.gradient == name for kind in fault.kinds}
            if not also.intersection(mistake["kind"] for mistake in gradients[name]["diagnosis"]["mistakes"]):
                verdicts.append("misleading")
                said.append(f"{name} accused, but right given its upstream gradients: {_summary(gradients[name])}")
    said += [f"warning: {failure}" for failure in failures]
    return Outcome(case, max(verdicts, key=VERDICTS.index), said, located, bool(failures))


def _accuses(entry: dict[str, Any]) -> bool:
    diagnosis = entry.get("diagnosis") or {"certainty": "none"}
    if diagnosis["certainty"] not in DEFINITE or any(mistake["kind"] == "runtime" for mistake in diagnosis["mistakes"]):
        return False
    return not re.search(r": fix \w+ first", entry.get("where") or "")


def _verdict(entry: dict[str, Any], faults: list[Fault], marked: frozenset[int], names: frozenset[str]) -> str:
    diagnosis = entry.get("diagnosis") or {"certainty": "none", "mistakes": []}
    certainty, mistakes = diagnosis["certainty"], diagnosis["mistakes"]
    texts = [mistake["statement"] for mistake in mistakes] + list(diagnosis.get("properties", []))
    if any(word in text for fault in faults for word in fault.words for text in texts):
        return "right"
    kinds = frozenset[str]().union(*(fault.kinds for fault in faults))
    if certainty not in DEFINITE:
        failed = [check for check in entry["checks"] if check["name"] == "shape" and check["outcome"] == "failed"]
        passed_on = ("shape" in kinds and failed) or ("runtime" in kinds and (entry["message"] or failed))
        return "vague" if texts or passed_on else "silent"
    known = [mistake["kind"] in kinds for mistake in mistakes]
    accepted = [[fault for fault in faults if _accepts(fault, mistake, marked, names)] for mistake in mistakes]
    if certainty == "tie":
        return "tie" if any(accepted) else "vague" if any(known) else "misleading"
    if not all(known):
        return "vague" if certainty == "observation" else "misleading"
    complete = all(any(fault in found for found in accepted) for fault in faults)
    return "right" if all(accepted) and complete else "vague"


def _accepts(fault: Fault, mistake: dict[str, Any], marked: frozenset[int], names: frozenset[str]) -> bool:
    kind, where = mistake["kind"], re.sub(r"\bd(\w+)/d(\w+)", r"d\1_d\2", mistake.get("where") or "")
    if kind not in fault.kinds:
        return False
    if kind == "runtime":
        return not marked or not marked.isdisjoint(map(int, re.findall(r"\d+", where)))
    if "exp(" in where:  # a function written out: which one is clear from the gradient
        return not fault.where or not fault.where.isdisjoint(FUNCTIONS)
    found = set(NAME.findall(re.sub(r"'\([^()]*\)", "", where))) & names or {fault.gradient}
    if not fault.where or where in fault.where or (found == {fault.gradient} and kind in ("sign", "scale")):
        return True
    return bool((found - FUNCTIONS or found) & fault.where)


def _located(entry: dict[str, Any], marked: frozenset[int]) -> str:
    where = entry.get("where") or ""
    wrong = [where] if "does not" in where else []
    numbers = {int(number) for part in wrong for number in re.findall(r"\bline (\d+)", part)} or {
        entry.get("line") or 0
    }
    return "none" if numbers == {0} else "right" if numbers <= marked else "wrong"


def _summary(entry: dict[str, Any]) -> str:
    diagnosis = entry.get("diagnosis")
    place = f" [{entry['where']}]" if entry.get("where") else ""
    if not diagnosis:
        return f"{entry['status']}, no diagnosis {entry['message']}{place}"
    mistakes = [f"{found['kind']} @ {found['where']}: {found['statement']}" for found in diagnosis["mistakes"]]
    return f"{diagnosis['certainty']}: {' | '.join(mistakes or diagnosis.get('properties') or ['nothing'])}{place}"


# ---- grading ----


def outcomes(opened: grader.Grader, audience: str, cases: list[Case]) -> Iterator[Outcome]:
    """Grade the cases; exits at the end if a labelled gradient is right."""
    mislabelled: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gradients.py"
        names = _names(opened)
        for case in cases:
            path.write_text(case.source)
            with warnings.catch_warnings(record=True) as failures:
                warnings.simplefilter("always")
                grade = json.loads(
                    (opened.grade(path) if audience == "staff" else opened.check(path, staff=True)).to_json()
                )
            if grade["status"] != "graded":
                raise SystemExit(f"{case.id}: not graded: {grade['message']}")
            passed = {entry["name"] for entry in grade["gradients"] if entry["status"] == "passed"}
            mislabelled += [f"{case.id}: {gradient} passed" for gradient in passed.intersection(case.accused)]
            yield judge(case, grade, names, [str(failure.message) for failure in failures])
    if mislabelled:
        raise SystemExit("\n".join(["the labels are wrong:", *sorted(mislabelled)]))


def _names(opened: grader.Grader) -> frozenset[str]:
    config = opened.config
    gradients = [gradient.name for gradient in config.gradients]
    return FUNCTIONS.union(config.quantities, config.dimensions, gradients)


def pack(config: Path, folder: Path) -> Path:
    """Pack the handout of an assignment, unpack it, and return its config.

    `grader handout` writes the tables of the assignment's texts again: here those of a copy.
    """
    packed, unpacked, copy = folder / "handout.zip", folder / "handout", folder / "assignment"
    copied = shutil.ignore_patterns(".*", "tests", "docs", "grader", "gallery", "build", "*.egg-info", "__pycache__")
    shutil.copytree(config.parent, copy, ignore=copied)
    command = [sys.executable, "-m", "grader", "handout", "--config", str(copy / config.name), "-o", str(packed)]
    subprocess.run(command, check=True, capture_output=True)
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(packed), str(unpacked)], check=True)
    return next(unpacked.rglob("config.yaml"))


def figures(found: list[Outcome], seconds: float) -> dict[str, Any]:
    located = Counter(word for outcome in found for word in outcome.located)
    count = Counter(outcome.verdict for outcome in found)
    return {
        "cases": len(found),
        **{verdict: count[verdict] for verdict in VERDICTS},
        "lines": {word: located[word] for word in ("right", "wrong", "none")},
        "warnings": sum(outcome.failed for outcome in found),
        "seconds": round(seconds, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "sets", nargs="*", metavar="SET", help="of tests/blind or the gallery; all of tests/blind if none is named"
    )
    parser.add_argument("--gallery", action="store_true", help="all of the gallery")
    parser.add_argument("--audience", choices=AUDIENCES, action="append", help="both if not given")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every Nth case")
    parser.add_argument("--misses", action="store_true", help="list the cases that aren't right")
    parser.add_argument(
        "--reports", type=int, metavar="N", help="print N whole reports for each audience, and no figures"
    )
    parser.add_argument("--seed", type=int, default=0, help="which reports")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--record", action="store_true", help="write the figures to tests/blind/figures.json")
    options = parser.parse_args()
    configs = {**CONFIGS, **OF_GALLERY}
    sets = options.sets or list(OF_GALLERY if options.gallery else CONFIGS)
    unknown = set(sets) - set(configs)
    if unknown:
        parser.error(f"no such set: {', '.join(sorted(unknown))}; there are {', '.join(configs)}")
    if options.record and options.every != 1:
        parser.error("--record needs all cases: leave out --every")

    if options.reports:
        _print_reports(sets, options.audience or AUDIENCES, options.reports, options.seed)
        return 0

    recorded = json.loads(FIGURES.read_text()) if FIGURES.is_file() else {}
    result: dict[str, Any] = {}
    worse = []
    for name in sets:
        cases = read_cases(name)[:: options.every]
        for audience in options.audience or AUDIENCES:
            with tempfile.TemporaryDirectory() as folder:
                config = configs[name] if audience == "staff" else pack(configs[name], Path(folder))
                start = time.perf_counter()
                with grader.Grader(config) as opened:
                    found = list(outcomes(opened, audience, cases))
                row = figures(found, time.perf_counter() - start)
            result.setdefault(name, {})[audience] = row
            limit = recorded.get(name, {}).get(audience, {}).get("misleading")
            if limit is not None and row["misleading"] > limit:
                worse.append(f"{name}, {audience}: {row['misleading']} cases are misleading, {limit} recorded")
            if not options.json:
                _print(name, audience, row, found if options.misses else [])
            row["misses"] = {o.case.id: {"verdict": o.verdict, "said": o.said} for o in found if o.verdict != "right"}
    if options.json:
        print(json.dumps(result, indent=1))
    if options.record:
        _record(recorded, result)
        return 0
    for line in worse:
        print(line, file=sys.stderr)
    return int(bool(worse))


def _print_reports(sets: Sequence[str], audiences: Sequence[str], count: int, seed: int) -> None:
    """What the terminal shows of cases drawn from the sets."""
    every = [(name, case) for name in sets for case in read_cases(name)]
    for audience in audiences:
        drawn = random.Random(f"{seed} {audience}").sample(every, min(count, len(every)))
        for name in sets:
            with tempfile.TemporaryDirectory() as folder:
                given = {**CONFIGS, **OF_GALLERY}[name]
                config = given if audience == "staff" else pack(given, Path(folder))
                path = Path(folder) / "gradients.py"
                for case in (case for drawn_from, case in drawn if drawn_from == name):
                    path.write_text(case.source)
                    command = ["grade" if audience == "staff" else "check", "--config", str(config), str(path)]
                    done = subprocess.run(
                        [sys.executable, "-m", "grader", *command], capture_output=True, text=True, check=False
                    )
                    print(
                        f"=== {name} {case.id}, {audience}: {case.truth}\n\n{case.source}\n{done.stdout}{done.stderr}"
                    )


def _print(name: str, audience: str, row: dict[str, Any], found: list[Outcome]) -> None:
    shares = "  ".join(f"{verdict} {row[verdict]:3} ({row[verdict] / row['cases']:4.0%})" for verdict in VERDICTS)
    lines = row["lines"]
    share = lines["right"] / max(1, sum(lines.values()))
    print(
        f"{name:20} {audience:7} {row['cases']} cases  {shares}  lines {share:.0%} right, {lines['wrong']} wrong  warnings {row['warnings']}  {row['seconds']} s"
    )
    for outcome in sorted(found, key=lambda outcome: -VERDICTS.index(outcome.verdict)):
        if outcome.verdict != "right":
            print(f"  {outcome.verdict:10} {outcome.case.id}: {outcome.case.truth}")
            print("".join(f"      {line}\n" for line in outcome.said), end="")


def _record(recorded: dict[str, Any], result: dict[str, Any]) -> None:
    today = datetime.date.today().isoformat()
    for name, rows in result.items():
        for audience, row in rows.items():
            kept = {key: value for key, value in row.items() if key != "misses"}
            recorded.setdefault(name, {})[audience] = {"date": today, **kept}
    FIGURES.write_text(json.dumps(recorded, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
