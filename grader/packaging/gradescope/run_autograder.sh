#!/bin/sh
# Grades one submission.  From the start there is a results.json that Gradescope can read.
root="${AUTOGRADER_ROOT:-/autograder}"
umask 077
chmod 700 "$root/source" "$root/results" "$root/submission"
cp "$root/source/unfinished.json" "$root/results/.first" && mv "$root/results/.first" "$root/results/results.json"
# exec: a timeout ends only this process, so it must be the grader itself.
exec "${GRADER_PYTHON:-/opt/gradient-grader/bin/python}" -I -B -m grader.packaging.gradescope.autograder "$root"
