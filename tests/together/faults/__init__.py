"""Which deployments break one fact each? A module for each group of facts."""
