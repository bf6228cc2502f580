"""How does a client control the mock while it runs?"""
