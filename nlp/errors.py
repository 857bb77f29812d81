"""Errors of the extraction library."""

from __future__ import annotations


class ExtractionError(Exception):
    """Base of all errors raised here; ``code`` is stable."""

    code = "extraction.defect"


class CatalogueError(ExtractionError):
    """A catalogue file cannot be used; the text names the file and the fault."""

    code = "extraction.catalogue"


class RecordError(ExtractionError):
    """A dialogue record cannot be read; the text names what is wrong."""

    code = "extraction.record"
