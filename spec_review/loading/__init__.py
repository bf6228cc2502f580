"""How does a command-line argument become a document that knows the file and line of each place?"""

from spec_review.loading.document import Cursor, Document
from spec_review.loading.folder import documents_in, is_folder
from spec_review.loading.load import load, mapped
from spec_review.loading.source import DocumentError, Source, latest_tag, open_source

__all__ = [
    "Cursor",
    "Document",
    "DocumentError",
    "Source",
    "documents_in",
    "is_folder",
    "latest_tag",
    "load",
    "mapped",
    "open_source",
]
