"""`python -m spec_review` runs `tune-review`."""

import sys

from spec_review.cli import main

if __name__ == "__main__":
    sys.exit(main())
