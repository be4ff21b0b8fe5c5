"""Inside the zygote and its children: what is loaded once a submission has failed, and not before."""

from grader.sandbox.inside.exceptions.explainer import Explainer
from grader.sandbox.inside.trace import Tracer

__all__ = ["Explainer", "Tracer"]
