"""Start a zygote: `python -I -S -B bootstrap.py SETTINGS`, with a clean environment.  Never imported.

Without site-packages on its path Python runs none of their start-up code; the two folders needed are named in the settings.
"""

import json
import sys

if __name__ == "__main__":
    settings = json.loads(sys.argv[1])
    sys.path[0] = settings["package"]
    sys.path.append(settings["numpy"])

    from grader.sandbox.zygote import main

    main(settings)
