"""In which order is everything tried, and how does pytest report it?"""
