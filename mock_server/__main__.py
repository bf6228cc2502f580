"""What does `python -m mock_server` do? The same as `tune-mock`."""

import sys

from mock_server.cli import main

sys.exit(main())
