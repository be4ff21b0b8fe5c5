# expect: all=raised
{
 "cells": [
  {"cell_type": "code", "execution_count": null, "metadata": {"collapsed": true}, "outputs": [],
   "source": ["def dJ_db2(s):\n", "    return s.y_hat - s.y\n"]}
 ],
 "metadata": {}, "nbformat": 4, "nbformat_minor": 5
}
