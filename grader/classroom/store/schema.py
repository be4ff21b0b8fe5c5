"""The schema of grades.db, its version, and the migrations from older ones.  docs/store.md shows `SCHEMA`.

A comment says which columns hold JSON or msgpack; both are written and read with msgspec.
"""

import sqlite3
from collections.abc import Iterator

from grader.errors import GraderError

SCHEMA_VERSION = 2

_LEDGER = """
-- What people decided: adjusted marks, comments, extensions.  Entries are only added; one is undone by another.
CREATE TABLE ledger (
    id       INTEGER PRIMARY KEY,
    student  TEXT NOT NULL,                  -- students.key, as it was then
    kind     TEXT NOT NULL,                  -- score, add, excuse, comment, extend, submitted, undo or confirm
    gradient TEXT NOT NULL DEFAULT '',       -- "" for the whole submission
    value    REAL,                           -- score and add: marks; extend: days
    until    TEXT NOT NULL DEFAULT '',       -- extend: the new deadline; submitted: the time; without a zone, in late.timezone
    comment  TEXT NOT NULL DEFAULT '',       -- shown to the student as written
    reason   TEXT NOT NULL DEFAULT '',       -- shown to the student as written
    author   TEXT NOT NULL,
    made_at  TEXT NOT NULL,
    target   INTEGER REFERENCES ledger(id),  -- undo and confirm: the entry concerned
    verdict  TEXT NOT NULL DEFAULT ''        -- JSON: the status, marks and maximum it was made for; submitted: submissions.id
);
CREATE TRIGGER ledger_never_changes BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'entries of the ledger are only added'); END;
CREATE TRIGGER ledger_never_forgets BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'entries of the ledger are only added'); END;

-- Students who came with another key in a newer download: what the ledger says of the old key is about the new one.
CREATE TABLE renamed (
    id  INTEGER PRIMARY KEY,
    old TEXT NOT NULL,
    new TEXT NOT NULL
);
"""

_VIEWS = """
-- Every student with the grading that counts; without one, `status` says why: waiting, missing or unreadable.
CREATE VIEW current AS
SELECT students.id AS student_id, students.key AS student, students.name, students.email, students.sid, students.ids,
       students.group_name, students.late, students.submitted_at, submissions.id AS submission_id,
       submissions.first_at, submissions.superseded,
       submissions.name AS file, submissions.problem, submissions.note, gradings.id AS grading_id, gradings.run_id,
       COALESCE(gradings.status, NULLIF(submissions.problem_kind, ''), 'waiting') AS status,
       gradings.score, gradings.max_score, gradings.grade
FROM students
JOIN submissions ON submissions.id = students.submission_id
LEFT JOIN gradings ON gradings.id = submissions.grading_id;

-- The flags of the current gradings.
CREATE VIEW current_flags AS
SELECT flags.submission_id, flags.kind, flags.gradient, flags.detail
FROM flags
JOIN submissions ON submissions.id = flags.submission_id
WHERE submissions.id IN (SELECT submission_id FROM students)
  AND (flags.grading_id IS NULL OR flags.grading_id = submissions.grading_id);
"""

SCHEMA = """
-- One grading run under one state of the assignment.  An interrupted one is continued; a finished one is never changed.
CREATE TABLE rounds (
    id            INTEGER PRIMARY KEY,
    kind          TEXT NOT NULL,             -- batch, regrade or rerun
    spec_hash     TEXT NOT NULL,             -- SHA-256 of config.yaml and the model
    solution_hash TEXT NOT NULL,             -- SHA-256 of the solution and of the *.yaml beside it
    version       TEXT NOT NULL,             -- of gradient-grader
    config        TEXT NOT NULL,             -- config.yaml as it was, with its secret seed
    started_at    TEXT NOT NULL,             -- this and every time below: ISO 8601, UTC
    finished_at   TEXT                       -- null while the run is under way, or was interrupted
);

-- What was received from one student or one group, once per version of the file: a newer one supersedes, nothing is deleted.
CREATE TABLE submissions (
    id            INTEGER PRIMARY KEY,
    key           TEXT NOT NULL,             -- identity in the download: a folder's or file's name, a platform's id
    name          TEXT NOT NULL,             -- path of the file as received; hostile text
    source_hash   TEXT NOT NULL,             -- SHA-256 of the bytes; "" where there was no file
    text_hash     TEXT NOT NULL,             -- SHA-256 without comments and white space; "" where there was no file
    source        BLOB,                      -- the bytes, hostile, cut just above sandbox.source_kb; null where there was no file
    problem       TEXT NOT NULL DEFAULT '',  -- why there is nothing to grade: "" for most
    problem_kind  TEXT NOT NULL DEFAULT '',  -- "", missing (no file submitted) or unreadable (a broken or refused zip, a link)
    note          TEXT NOT NULL DEFAULT '',  -- what was remarkable about receiving it, such as older attempts
    superseded    INTEGER NOT NULL DEFAULT 0,-- 1: a later version of the file took its place
    grading_id    INTEGER REFERENCES gradings(id),  -- the current one; null before the first
    received_at   TEXT NOT NULL,
    submitted_at  TEXT NOT NULL DEFAULT '',  -- when these bytes were submitted last, as in the download; "" if it does not say
    first_at      TEXT NOT NULL DEFAULT '',  -- when they were submitted first: a file sent again unchanged is not late for it
    UNIQUE (key, source_hash)
);

-- The people.  The members of a group share a submission.
CREATE TABLE students (
    id            INTEGER PRIMARY KEY,
    key           TEXT NOT NULL UNIQUE,      -- safe as a file name: feedback/<key>.md
    name          TEXT NOT NULL,             -- display name; hostile text
    email         TEXT NOT NULL DEFAULT '',
    sid           TEXT NOT NULL DEFAULT '',  -- the student's number, a text: it may begin with 0
    ids           TEXT NOT NULL DEFAULT '{}',-- JSON, such as {"canvas": "1234"} or {"moodle": "657737"}
    group_name    TEXT NOT NULL DEFAULT '',
    late          INTEGER,                   -- 1 late, 0 in time, null where the download does not say
    submitted_at  TEXT NOT NULL DEFAULT '',  -- as in the download, "" if it does not say
    submission_id INTEGER NOT NULL REFERENCES submissions(id)  -- the one that counts: see late.which in config.yaml
);

-- One run of one submission: the raw answers, from which any grading can be computed without running anything again.
CREATE TABLE runs (
    id            INTEGER PRIMARY KEY,
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    round_id      INTEGER NOT NULL REFERENCES rounds(id),
    steps_hash    TEXT NOT NULL,             -- SHA-256 of the numbers at the sample points; "" where the arrays were too large to
                                             -- be kept, so that a regrade has to run the file again
    runtime       TEXT NOT NULL,             -- JSON: python, numpy, machine, limits, the names of the functions called
    sandbox       TEXT NOT NULL,             -- the sandbox's report on itself, in one line
    answers       BLOB NOT NULL,             -- msgpack of grader.records.run.Run, by zlib where large; at most 3.5 MB
    answers_hash  TEXT NOT NULL,             -- SHA-256 of the answers without times
    cpu_seconds   REAL NOT NULL,
    attempts      INTEGER NOT NULL,          -- processes started for it
    ran_at        TEXT NOT NULL
);

-- The history of gradings.  Rows are added, never changed.
CREATE TABLE gradings (
    id            INTEGER PRIMARY KEY,
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    run_id        INTEGER REFERENCES runs(id),   -- null where the sandbox failed: nothing is known of the file
    round_id      INTEGER NOT NULL REFERENCES rounds(id),
    status        TEXT NOT NULL,             -- graded or not_graded
    score         REAL NOT NULL,
    max_score     REAL NOT NULL,
    grade         TEXT NOT NULL,             -- JSON as of `grader grade --json` (grader.records.result.Grade)
    graded_at     TEXT NOT NULL
);

-- Each gradient of a grading, taken out of its JSON for queries.
CREATE TABLE gradients (
    grading_id        INTEGER NOT NULL REFERENCES gradings(id),
    position          INTEGER NOT NULL,      -- order in config.yaml, from 0
    name              TEXT NOT NULL,
    status            TEXT NOT NULL,         -- passed, failed, followed_through, missing, raised, ... as in the JSON
    score             REAL NOT NULL,
    max_score         REAL NOT NULL,
    shape             TEXT NOT NULL,         -- outcome of the check: passed, failed, skipped or undecided
    finite_difference TEXT NOT NULL,
    reference         TEXT NOT NULL,
    certainty         TEXT NOT NULL,         -- of the diagnosis: exact, tie, observation, none; "" where there is no diagnosis
    follows           TEXT NOT NULL,         -- JSON: the gradients it follows from, [] for none
    roots             TEXT NOT NULL,         -- JSON: those of them that are wrong by themselves
    line              INTEGER NOT NULL,      -- of the student's file, 0 if none
    PRIMARY KEY (grading_id, position)
) WITHOUT ROWID;

-- Each mistake of each diagnosis.
CREATE TABLE mistakes (
    grading_id INTEGER NOT NULL REFERENCES gradings(id),
    gradient   TEXT NOT NULL,
    position   INTEGER NOT NULL,             -- order in the diagnosis, from 0
    kind       TEXT NOT NULL,                -- transpose, sign, ...
    place      TEXT NOT NULL,                -- "where" in the JSON: the quantity or factor concerned
    statement  TEXT NOT NULL,
    PRIMARY KEY (grading_id, gradient, position)
) WITHOUT ROWID;

-- Integrity signals: what a person should review.  They cost no marks.
CREATE TABLE flags (
    id            INTEGER PRIMARY KEY,
    submission_id INTEGER NOT NULL REFERENCES submissions(id),
    grading_id    INTEGER REFERENCES gradings(id),  -- null where it is not about a grading
    kind          TEXT NOT NULL,             -- numerical, table, unexplained, tamper, identical or unstable: see integrity.md
    gradient      TEXT NOT NULL DEFAULT '',
    detail        TEXT NOT NULL
);

-- Parts of the download that were not taken: unsafe names, links, zip bombs, files that belong to nobody.
CREATE TABLE refused (
    path   TEXT PRIMARY KEY,                 -- hostile text
    reason TEXT NOT NULL
);

-- A few facts about the whole: layout, source (path of the download), and for each report or export that was written
-- "written: <path>", as JSON: the command that writes it, the last grading run at that time, a hash of the results shown.
CREATE TABLE facts (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE INDEX students_by_submission ON students(submission_id);
CREATE INDEX runs_by_submission ON runs(submission_id);
CREATE INDEX gradings_by_submission ON gradings(submission_id);
CREATE INDEX gradings_by_round ON gradings(round_id);
CREATE INDEX flags_by_submission ON flags(submission_id);
"""
SCHEMA += _LEDGER + _VIEWS

# Each entry migrates a store of that version to the next one.  A released entry is never changed.
MIGRATIONS: dict[int, str] = {
    1: f"""
ALTER TABLE submissions ADD COLUMN submitted_at TEXT NOT NULL DEFAULT '';
ALTER TABLE submissions ADD COLUMN first_at TEXT NOT NULL DEFAULT '';
UPDATE submissions SET submitted_at = COALESCE((SELECT submitted_at FROM students WHERE submission_id = submissions.id), '');
UPDATE submissions SET first_at = submitted_at;
DROP VIEW current;
DROP VIEW current_flags;
{_LEDGER}{_VIEWS}""",  # noqa: S608, our own
}


class StoreError(GraderError):
    """The store cannot be used: locked, full, damaged, or of an unknown version."""


def create_or_migrate(connection: sqlite3.Connection) -> None:
    """Migrate a store, which may be empty, to `SCHEMA_VERSION`, in one transaction.

    Raises:
        StoreError: it was written by a newer grader.
    """
    if _version(connection) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)  # another process may just have done it
        scripts = [SCHEMA] if version == 0 else [MIGRATIONS[older] for older in range(version, SCHEMA_VERSION)]
        for statement in _statements("\n".join([*scripts, f"PRAGMA user_version = {SCHEMA_VERSION};"])):
            connection.execute(statement)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    check_version(version)
    return int(version)


def _statements(script: str) -> Iterator[str]:
    """One by one: `executescript` would commit the transaction that they are in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def check_version(version: int) -> None:
    if version > SCHEMA_VERSION:
        raise StoreError(
            f"grades.db has schema version {version}, this grader knows versions up to {SCHEMA_VERSION}: use a newer grader"
        )
