"""The modules that a student's file may import, although its process can open no file."""

# Imported by the file's child before its restrictions are applied, if the file mentions them.
IMPORTABLE = (
    "abc argparse array ast asyncio base64 bdb binascii bisect bz2 calendar cmath codecs collections.abc "
    "colorsys concurrent.futures configparser contextlib contextvars copy copyreg cProfile csv dataclasses datetime decimal "
    "difflib dis doctest enum errno fcntl filecmp fileinput fnmatch fractions functools getopt getpass gettext glob "
    "graphlib grp gzip hashlib heapq hmac html importlib.abc importlib.machinery importlib.resources importlib.util "
    "inspect io itertools json json.decoder keyword locale logging lzma math mimetypes mmap multiprocessing "
    "multiprocessing.pool numbers operator optparse pathlib pdb pickle pickletools pkgutil platform pprint profile pstats "
    "pydoc queue random re reprlib resource runpy sched secrets select selectors shelve shlex shutil signal socket "
    "statistics string stringprep struct subprocess symtable sysconfig tarfile tempfile textwrap threading time "
    "timeit token tokenize tomllib traceback tracemalloc types typing unittest unittest.mock urllib.parse "
    "urllib.request uuid warnings weakref xml.etree.ElementTree zipfile zlib zoneinfo "
    "numpy.char numpy.core numpy.ctypeslib numpy.dtypes numpy.exceptions numpy.f2py numpy.rec numpy.strings "
    "numpy.fft numpy.linalg numpy.ma numpy.matlib numpy.polynomial numpy.random numpy.testing numpy.typing"
).split()
# What the library imports only when a function with one of these names is called, or a module of that name is used.
_LATER = {
    "argparse": "copy locale shutil textwrap",
    "cProfile": "pstats",
    "fractions": "decimal",
    "genfromtxt": "urllib.request numpy.ma",
    "getopt": "locale",
    "loadtxt": "urllib.request",
    "most_common": "heapq",
    "optparse": "locale",
    "popen": "subprocess",
    "profile": "pstats",
    "savez": "zipfile",
    "savez_compressed": "zipfile",
    "socket": "encodings.idna",
    "strptime": "_strptime",
    "urllib": "encodings.idna",
}
# By a word that a file which imports them must contain: `np.random` has no word numpy, `import concurrent.futures` has both.
BY_WORD: dict[str, list[str]] = {}
for _name in IMPORTABLE:
    _parts = _name.split(".")
    BY_WORD.setdefault(_parts[-1 if _parts[0] == "numpy" else 0], []).append(_name)
for _word, _names in _LATER.items():
    BY_WORD.setdefault(_word, []).extend(_names.split())
IMPORTABLE_WORDS = frozenset(BY_WORD)

# Python imports these by itself in the middle of ordinary code.
ALWAYS = "linecache traceback unicodedata warnings encodings.ascii encodings.latin_1 encodings.utf_8_sig encodings.cp1252".split()
