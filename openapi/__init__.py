"""Where is the OpenAPI document, and what does it state at a grade?"""

from openapi.diagram import lifecycle_diagram
from openapi.document import DOCUMENT, load, parse
from openapi.grades import GRADES, Grade
from openapi.views import at_grade

__all__ = ["DOCUMENT", "GRADES", "Grade", "at_grade", "lifecycle_diagram", "load", "parse"]
