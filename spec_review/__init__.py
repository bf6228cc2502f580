"""Which changes to an OpenAPI document break clients?"""

from spec_review.change import Change
from spec_review.loading import Document, DocumentError, load, open_source
from spec_review.review import compare

__all__ = ["Change", "Document", "DocumentError", "compare", "load", "open_source"]
