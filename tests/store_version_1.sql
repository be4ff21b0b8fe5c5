-- A store as graders wrote it before there was a ledger: the schema of version 1, and one student.

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
    submission_id INTEGER NOT NULL REFERENCES submissions(id)
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

-- Every student with the current grading; without one, `status` says why: waiting, missing or unreadable.
CREATE VIEW current AS
SELECT students.id AS student_id, students.key AS student, students.name, students.email, students.sid, students.ids,
       students.group_name, students.late, students.submitted_at, submissions.id AS submission_id,
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
WHERE submissions.superseded = 0 AND (flags.grading_id IS NULL OR flags.grading_id = submissions.grading_id);

INSERT INTO rounds VALUES (1, 'batch', 'spec', 'solution', '0.1', 'title: x', '2026-10-03T10:00:00+00:00', '2026-10-03T10:00:01+00:00');
INSERT INTO submissions VALUES (1, '1041', 'gradients.py', 'h1', 't1', x'61', '', '', '', 1, NULL, '2026-10-02T10:00:00+00:00');
INSERT INTO submissions VALUES (2, '1041', 'gradients.py', 'h2', 't2', x'62', '', '', '', 0, NULL, '2026-10-03T10:00:00+00:00');
INSERT INTO students VALUES (1, 'ann', 'Ann Lee', 'ann@example.edu', '0041', '{}', '', NULL, '2026-10-02T23:00:00', 2);
INSERT INTO gradings VALUES (1, 2, NULL, 1, 'graded', 7.0, 10.0, '{"format":1,"submission":"gradients.py","status":"graded","score":7.0,"max_score":10.0,"gradients":[{"name":"dJ_dU","score":7.0,"max_score":10.0,"status":"failed","checks":[],"follow_through":null,"diagnosis":null,"hints":[]}]}', '2026-10-03T10:00:00+00:00');
INSERT INTO gradients VALUES (1, 0, 'dJ_dU', 'failed', 7.0, 10.0, 'passed', 'failed', 'skipped', '', '[]', '[]', 0);
INSERT INTO flags VALUES (1, 2, NULL, 'identical', '', 'the same file as bob');
UPDATE submissions SET grading_id = 1 WHERE id = 2;
PRAGMA user_version = 1;
