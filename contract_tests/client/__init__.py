"""How is the service under test used?"""
