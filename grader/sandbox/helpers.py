"""Inside the zygote and its children: what is loaded once a submission has failed, and not before."""

from grader.sandbox.explain import Explainer
from grader.sandbox.trace import Tracer

__all__ = ["Explainer", "Tracer"]
