"""Which sandbox does a request belong to, and what state does that sandbox have?"""
