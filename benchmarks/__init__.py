"""How fast is the mock, next to the mock servers people use and to what Python can do at all?"""
