"""How is traffic checked that somebody else sent?"""
