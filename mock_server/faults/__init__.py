"""How does the network misbehave on request?"""
