"""Which value does one schema accept and the other refuse?"""
