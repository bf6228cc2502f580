"""How do several processes share one file, and how does it survive a restart?"""
