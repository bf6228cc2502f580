"""How is the mock steered while it runs?"""
