"""Imports much of the safe standard library and uses it a little: all of it must be there in the sandbox."""
# expect: all=passed

import abc
import bisect
import cmath
import collections
import contextlib
import copy
import datetime
import decimal
import doctest
import enum
import fnmatch
import fractions
import functools
import glob
import heapq
import itertools
import json
import math
import numbers
import operator
import random
import re
import statistics
import string
import textwrap
import time
import typing

import numpy as np
import numpy.linalg
from numpy.random import default_rng


class Part(enum.Enum):
    OUTPUT = enum.auto()
    HIDDEN = enum.auto()


class Rule(abc.ABC):
    @abc.abstractmethod
    def __call__(self, s): ...


Pair = collections.namedtuple("Pair", "row delta")


class Delta(Rule):
    def __init__(self, part: Part):
        self.part = part

    def __call__(self, s) -> np.ndarray:
        delta = s.y_hat - s.y
        return delta if self.part is Part.OUTPUT else delta @ s.U.T * s.h * (1 - s.h)


class Named(typing.NamedTuple):
    name: str
    when: float = time.time()


HALF = float(fractions.Fraction(1, 2)) + float(decimal.Decimal("0.5")) - statistics.mean([0.5, 0.5])
STARTED = datetime.datetime.now()
ROOTS = [cmath.sqrt(-1), math.sqrt(4), heapq.nsmallest(1, [3, 2]), bisect.bisect([1, 2], 1), numbers.Real]
WORDS = re.findall(r"\w+", textwrap.dedent(string.ascii_letters)) + [json.dumps(Named("x"))]
random.seed(0)
NOISE = default_rng(0).normal() + random.random() + numpy.linalg.norm([3, 4])
one, two = Delta(Part.HIDDEN), Delta(Part.OUTPUT)


def outer(pair):
    rows = itertools.starmap(operator.mul, itertools.product(pair.row[0], pair.delta[0]))
    return np.array(list(rows)).reshape(pair.row.size, pair.delta.size)


def dJ_db2(s): return copy.deepcopy(two(s))
def dJ_dU(s): return outer(Pair(s.h, two(s)))
def dJ_dh(s): return functools.reduce(operator.matmul, [two(s), s.U.T])
def dJ_db1(s): return 2 * HALF * one(s)
def dJ_dL_x(s): return one(s) @ s.I.T
def dJ_dI(s): return outer(Pair(s.e, one(s)))


def dJ_dH(s):
    with contextlib.suppress(ZeroDivisionError):
        return outer(Pair(s.h_prev, one(s)))


def dJ_dh_prev(s): return one(s) @ s.H.T
