"""Answers: where is the document, and what does it say at a grade?"""

from openapi.diagram import lifecycle_diagram
from openapi.document import DOCUMENT, load, parse
from openapi.grades import GRADES, Grade, view

__all__ = ["DOCUMENT", "GRADES", "Grade", "lifecycle_diagram", "load", "parse", "view"]
