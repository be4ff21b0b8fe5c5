"""The trial at the end of setup.sh: does this assignment grade its own solution and stubs rightly, here?"""

import sys
from pathlib import Path

from grader.config.load import load_config
from grader.errors import GraderError
from grader.packaging.smoke_test import smoke_test


def main(source: Path) -> int:
    """Print what was found; the exit code says whether the image can be used."""
    try:
        config = load_config(source / "config.yaml")
        tried = smoke_test(config, source)
    except GraderError as error:
        print(f"gradient-grader: {error}")
        return 1
    print(f"gradient-grader: sandbox here: {tried.sandbox}")
    if not tried.strong and config.sandbox.require == "strong":
        # Not fatal: where images are built less may be allowed than where they run. There it is tried again each time.
        print("gradient-grader: WARNING: if it is as weak where submissions run, none will be graded")
    for problem in tried.problems:
        print(f"gradient-grader: {problem}")
    return 1 if tried.problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
