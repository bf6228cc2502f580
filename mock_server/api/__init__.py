"""How is each operation of the contract answered?"""
