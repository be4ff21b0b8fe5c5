"""The modules that a student's file may import even where its process can open no file.  Shared by both sides."""

# Imported by the file's child before its protections are on, if the file mentions them.
IMPORTABLE = (
    "abc array bisect calendar cmath collections.abc colorsys contextlib copy copyreg csv dataclasses datetime "
    "decimal difflib doctest enum fnmatch fractions functools glob graphlib hashlib heapq inspect io itertools "
    "json keyword locale logging math numbers operator pathlib platform pprint queue random re reprlib secrets "
    "shutil statistics string struct tempfile textwrap threading time timeit token tokenize traceback types "
    "typing unittest uuid warnings weakref zlib "
    "numpy.char numpy.core numpy.ctypeslib numpy.dtypes numpy.exceptions numpy.f2py numpy.rec numpy.strings "
    "numpy.fft numpy.linalg numpy.ma numpy.matlib numpy.polynomial numpy.random numpy.testing numpy.typing"
).split()
BY_WORD: dict[str, list[str]] = {}  # the last part of the name, which a file that imports it must contain
for _name in IMPORTABLE:
    BY_WORD.setdefault(_name.rpartition(".")[2], []).append(_name)
IMPORTABLE_WORDS = frozenset(BY_WORD)

# Python imports these by itself in the middle of ordinary code.
ALWAYS = "linecache traceback unicodedata warnings encodings.ascii encodings.latin_1 encodings.utf_8_sig encodings.cp1252".split()
