"""Which values does one schema accept and the other reject?"""
