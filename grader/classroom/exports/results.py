"""Everything that a results folder holds besides the store, written from the store."""

from pathlib import Path

from grader.atomic import write_file
from grader.classroom.exports.cells import cell, csv_text
from grader.classroom.exports.feedback import write_feedback
from grader.classroom.exports.grades import grades_csv
from grader.classroom.store.database import explained
from grader.classroom.store.outputs import note_written, results_hash
from grader.classroom.store.query import Results
from grader.config.keys import Config


def write_results(folder: Path, config: Config) -> list[Path]:
    """Write grades.csv, the feedback and, where anything of the download was not taken, refused.csv.

    What is the same already is left alone.

    Raises:
        StoreError: the disk is full, or the folder cannot be written.
    """
    with explained(folder), Results(folder) as results:
        table, shown = folder / "grades.csv", results_hash(results)
        write_file(table, grades_csv(results).encode("utf-8-sig"))
        note_written(results, table, "export csv", shown)
        written = [table, write_feedback(folder / "feedback", results, config)]
        refused, rows = folder / "refused.csv", results.refused()
        if rows:
            write_file(
                refused, csv_text([("path", "reason"), *(tuple(map(cell, row)) for row in rows)]).encode("utf-8-sig")
            )
            return [*written, refused]
        refused.unlink(missing_ok=True)  # of an earlier download
        return written
