"""How does a name on the command line become a document whose every place is known by file and line?"""

from spec_review.loading.document import Cursor, Document, load
from spec_review.loading.source import DocumentError, Source, open_source

__all__ = ["Cursor", "Document", "DocumentError", "Source", "load", "open_source"]
