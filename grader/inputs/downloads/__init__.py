"""How each platform lays out the download of a class: one module per platform, which defines it as `LAYOUT`."""

import importlib
import pkgutil

from grader.inputs.layout import Layout


def _platforms() -> dict[str, Layout]:
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    found: dict[str, Layout] = {name: importlib.import_module(f"{__name__}.{name}").LAYOUT for name in names}
    return dict(sorted(found.items(), key=lambda item: item[1].precedence))


PLATFORMS = _platforms()  # by name, in the order in which they are tried
