"""Inside the sandbox: what explains failures.  Loaded once a submission has failed, and not before."""

from grader.sandbox.inside.exceptions.explainer import Explainer
from grader.sandbox.inside.exceptions.trace import Tracer

__all__ = ["Explainer", "Tracer"]
