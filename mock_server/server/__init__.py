"""How is the application served on a port, by one process or by several?"""
