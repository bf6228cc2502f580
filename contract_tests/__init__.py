"""Does a deployment keep the contract of the run API?"""

__all__: list[str] = []
