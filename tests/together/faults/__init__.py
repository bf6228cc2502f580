"""Which deployments break one fact each? There is a module for each group of facts."""
