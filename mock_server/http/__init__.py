"""How does an HTTP request become a valid `Request`, and how is a response sent?"""
