"""What message shows the break, in a form to paste?"""

from spec_review.change import Change
from spec_review.comparison import Comparison


def proved(comparison: Comparison, change: Change) -> Change:
    """The change with its proof."""
    return change
