"""`python -m grader`, the same as the command `grader`."""

import os
import sys

if __name__ == "__main__":
    if sys.path[0] in ("", os.getcwd()):
        del sys.path[0]  # put there by `-m`: the current folder may hold a student's numpy.py

    from grader.cli.main import main

    main()
