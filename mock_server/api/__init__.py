"""How is each operation of the API answered?"""
