"""The late policy that a store's marks are under: that of config.yaml in the last grading run."""

import sqlite3

import yaml

from grader.config.late import Late, late_in
from grader.config.yamlnodes import parse


def policy_of(db: sqlite3.Connection) -> Late | None:
    """None where there is no policy."""
    row = db.execute("SELECT config FROM rounds ORDER BY id DESC LIMIT 1").fetchone()
    if row is None or "late" not in row[0]:
        return None
    try:
        return late_in(parse(row[0]))
    except yaml.YAMLError:
        return None  # no config.yaml that was ever accepted
