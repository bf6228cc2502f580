"""Which mock does a request belong to, and what does that mock remember?"""
