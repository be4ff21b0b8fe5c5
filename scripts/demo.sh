#!/bin/sh
# Grade a few of the bundled example submissions, as a teaching assistant would see them.
set -eu
grader=$1

show() {
    printf '\n$ grader grade %s\n\n' "$1"
    status=0
    "$grader" grade "$1" || status=$?
    # 0: everything right; 1: something wrong, as in most examples; anything else is our failure.
    [ "$status" -le 1 ] || exit "$status"
}

show solutions/gradients.py
for example in seed.followed_through wrong_variables.failed transposed_results.failed forgotten_transposes.raised; do
    show "tests/submissions/$example.py"
done

printf '\n$ grader batch tests/submissions --out build/demo   # some of them, as a class\n\n'
class=$(mktemp -d)
trap 'rm -rf "$class"' EXIT
for file in tests/submissions/*.passed.py tests/submissions/*.followed_through.py tests/submissions/wrong_*.py; do
    student=$(basename "$file" .py)
    mkdir "$class/$student"
    cp "$file" "$class/$student/gradients.py"
done
rm -rf build/demo
"$grader" batch "$class" --out build/demo
printf '\nmarks: build/demo/grades.csv   feedback: build/demo/feedback/\n'
