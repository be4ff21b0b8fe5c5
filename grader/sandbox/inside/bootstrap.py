"""Start a zygote, or a process for one file: `python -s -S -B bootstrap.py SETTINGS`, with a clean environment.  Never imported.

Without site-packages on its path Python runs none of their start-up code; the two folders needed are named in the settings.
Not `-I`, which would ignore the PYTHONHASHSEED of that environment; the folder of this file is taken from the path here.
"""

import sys

if __name__ == "__main__":
    del sys.path[0]

    import json

    settings = json.loads(sys.argv[1])
    sys.path.insert(0, settings["package"])
    sys.path.append(settings["numpy"])

    if settings.get("alone"):
        from grader.sandbox.inside.alone import main
    else:
        from grader.sandbox.inside.zygote import main

    main(settings)
