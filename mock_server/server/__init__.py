"""How do one or several processes serve the application on a port?"""
