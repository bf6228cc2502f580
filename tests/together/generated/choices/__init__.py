"""What may a conforming deployment choose freely, and how does it behave then? A module for each group.

Each option says why each of its values conforms: which sentence of the vendor's pages is not contradicted,
or that no sentence speaks of it. The first value is the default.
"""
