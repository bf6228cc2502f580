"""How do several processes share one file, and how does it outlive a restart?"""
