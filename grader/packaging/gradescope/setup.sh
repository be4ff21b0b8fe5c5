#!/bin/bash
# Prepares the image, once, as root; any failure ends the build.
set -euo pipefail
umask 022

root="${AUTOGRADER_ROOT:-/autograder}"
venv="${GRADER_VENV:-/opt/gradient-grader}"  # Gradescope empties /tmp
python="${GRADER_BASE_PYTHON:-python3}"

log() { echo "gradient-grader: $*"; }
fail() { echo "gradient-grader: SETUP FAILED: $*" >&2; exit 1; }

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    log "installing Python from the system's packages"
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-venv python3-pip ||
        fail "apt-get could not install python3-venv; choose an image with Ubuntu 22.04 or later"
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' ||
    fail "Python 3.10 or later is needed, found $("$python" -V); choose an image with Ubuntu 22.04 or later"

log "making $venv with $("$python" -V)"
"$python" -m venv --clear "$venv"
"$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check \
    -r "$root/source/requirements.txt" "$root"/source/gradient_grader-*.whl ||
    fail "pip could not install the requirements; see the lines above"

# Students' code runs as this user, which owns nothing; the name keeps the number from being given to another.
if [ "$root" = /autograder ] && ! getent passwd 60000 >/dev/null; then
    useradd --uid 60000 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin gradient-student ||
        fail "could not create the unprivileged user"
fi

chmod 700 "$root/source"
log "smoke test: grading the solution and the empty stubs"
"$venv/bin/python" -I -B -m grader.packaging.gradescope.setup_check "$root/source" || fail "this assignment cannot be graded here"
log "ready"
