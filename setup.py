"""`gallery/` is the package `grader_gallery` where it is installed; all else is in pyproject.toml."""

from setuptools import find_packages, setup

setup(packages=[*find_packages(include=["grader*"]), "grader_gallery"], package_dir={"grader_gallery": "gallery"})
