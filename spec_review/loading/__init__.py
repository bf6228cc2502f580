"""How does a command-line argument become a document that knows the file and line of each place?"""

from spec_review.loading.document import Cursor, Document
from spec_review.loading.load import load, mapped
from spec_review.loading.source import DocumentError, Source, open_source

__all__ = ["Cursor", "Document", "DocumentError", "Source", "load", "mapped", "open_source"]
