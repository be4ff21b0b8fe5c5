"""The recurrent language model with column vectors, and a target that is a column."""

import numpy as np


def e(L, x):
    return L[:, [x]]


def h(h_prev, H, e, I):
    return 1 / (1 + np.exp(-(H @ h_prev + I @ e)))


def y_hat(h, U):
    exp_a = np.exp(U @ h - np.max(U @ h))
    return exp_a / np.sum(exp_a)


def J(y, y_hat):
    return -np.sum(y * np.log(y_hat))
