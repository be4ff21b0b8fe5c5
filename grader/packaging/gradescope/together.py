"""results.json of a homework of several parts, from those of its parts: the tests of all, and one total."""

from collections.abc import Mapping, Sequence
from typing import Any

from grader.packaging.gradescope import results_json as results


def together(found: Sequence[tuple[str, Mapping[str, Any]]], extra_data: dict[str, Any]) -> dict[str, Any]:
    """The content of results.json.

    Args:
        found: for each part, by its name, what results.json would be for it alone.
    """
    tests = [_of_part(k, name, test) for k, (name, data) in enumerate(found, 1) for test in data["tests"]]
    most = sum(test.get("max_score") or 0.0 for test in tests)
    whole = {
        **found[0][1],
        "tests": tests,
        "score": results.number(sum(data["score"] for _, data in found), most),
        "execution_time": sum(data["execution_time"] for _, data in found),
        "output": results.clean("\n".join(f"### {name}\n\n{data['output']}" for name, data in found)),
        "extra_data": extra_data,
    }
    if columns := _leaderboard([data for _, data in found]):
        whole["leaderboard"] = columns
    return whole


def _of_part(k: int, name: str, test: Mapping[str, Any]) -> dict[str, Any]:
    about = dict(test.get("extra_data", {}))
    if "gradient" in about:
        about["gradient"] = f"{name}.{about['gradient']}"
    return {**test, "name": f"{name}: {test['name']}", "number": f"{k}.{test['number']}", "extra_data": about}


def _leaderboard(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The sum of each column."""
    columns: dict[str, dict[str, Any]] = {}
    for entry in (entry for data in parts for entry in data.get("leaderboard", ())):
        known = columns.setdefault(entry["name"], {**entry, "value": 0.0})
        known["value"] += entry["value"]
    return list(columns.values())
