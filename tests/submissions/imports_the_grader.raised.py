"""Imports the grader and the solution, by name, by paths that it guesses, and by the paths that it was started with."""
# expect: dJ_dU=raised, dJ_dL_x=raised, dJ_dI=raised, dJ_dH=raised, dJ_dh_prev=raised, others=passed

import importlib.machinery
import json
import os
import sys

import numpy as np

def dJ_db2(s): return s.y_hat - s.y
def dJ_dh(s): return dJ_db2(s) @ s.U.T
def dJ_db1(s): return dJ_dh(s) * s.h * (1 - s.h)


def folders():
    seen = [os.path.dirname(np.__file__), *sys.path, *sys.argv, *getattr(sys, "orig_argv", ())]
    for text in seen:
        for path in json.loads(text).values() if text.startswith("{") else [text]:
            while isinstance(path, str) and path.startswith("/") and path != "/":
                path = os.path.dirname(path)
                yield path


def dJ_dU(s):
    import grader

    return grader and s.h.T @ dJ_db2(s)


def dJ_dL_x(s):
    from grader.config import Config

    return Config and dJ_db1(s) @ s.I.T


def dJ_dI(s):
    import solutions.gradients

    return solutions.gradients.dJ_dI(s)


def dJ_dH(s):
    sys.path[:0] = folders()
    import solutions.gradients

    return solutions.gradients.dJ_dH(s)


def dJ_dh_prev(s):
    for folder in folders():
        path = os.path.join(folder, "solutions", "gradients.py")
        loader = importlib.machinery.SourceFileLoader("solved", path)
        try:
            names = {}
            exec(loader.get_data(path), names)
            return names["dJ_dh_prev"](s)
        except OSError:
            pass
    raise ImportError("no solution found")
