"""Which scenarios are there, and how are their files read?"""
