"""How fast is the mock compared with other mock servers and with a minimal Python server?"""
