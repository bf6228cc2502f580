"""Which changes show only with more than the two documents: with scenarios, or with a linter?"""
