"""Which faults follow from the document mechanically? A module for each kind of place that can be changed."""
