"""How does a request become a validated call, and how is a response sent?"""
