"""What else is told of a document that keeps company: scenarios beside it, and a linter's rules?"""
