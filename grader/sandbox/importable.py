"""The modules that a student's file may import even where its process can open no file.  Shared by both sides."""

# Imported by the file's child before its protections are on, if the file mentions them.
IMPORTABLE = (
    "abc argparse array ast base64 bdb binascii bisect calendar cmath codecs collections.abc colorsys configparser "
    "contextlib contextvars copy copyreg cProfile csv dataclasses datetime decimal difflib dis doctest enum errno "
    "fnmatch fractions functools getopt getpass gettext glob graphlib gzip hashlib heapq hmac html importlib.abc "
    "importlib.machinery importlib.util inspect io itertools json json.decoder keyword locale logging math numbers "
    "operator optparse pathlib pdb pickle pickletools pkgutil platform pprint profile pstats queue random re reprlib "
    "runpy sched secrets shlex shutil statistics string struct symtable sysconfig tempfile textwrap threading time "
    "timeit token tokenize tomllib traceback tracemalloc types typing unittest uuid warnings weakref "
    "xml.etree.ElementTree zipfile zlib zoneinfo "
    "numpy.char numpy.core numpy.ctypeslib numpy.dtypes numpy.exceptions numpy.f2py numpy.rec numpy.strings "
    "numpy.fft numpy.linalg numpy.ma numpy.matlib numpy.polynomial numpy.random numpy.testing numpy.typing"
).split()
BY_WORD: dict[str, list[str]] = {}  # the last part of the name, which a file that imports it must contain
for _name in IMPORTABLE:
    BY_WORD.setdefault(_name.rpartition(".")[2], []).append(_name)
# What is imported only when something else is used.
for _words, _names in (
    ("savez savez_compressed", ["zipfile"]),
    ("argparse", ["locale", "shutil"]),
    ("optparse getopt", ["locale"]),
):
    for _word in _words.split():
        BY_WORD.setdefault(_word, []).extend(_names)
IMPORTABLE_WORDS = frozenset(BY_WORD)

# Python imports these by itself in the middle of ordinary code.
ALWAYS = "linecache traceback unicodedata warnings encodings.ascii encodings.latin_1 encodings.utf_8_sig encodings.cp1252".split()
