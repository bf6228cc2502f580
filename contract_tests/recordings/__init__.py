"""How is traffic checked that other programs sent?"""
