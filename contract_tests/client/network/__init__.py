"""How much does a service send, how is it decoded, and is the service still there?"""
