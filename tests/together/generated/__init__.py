"""Which deployments are generated from choices and from the document, rather than written by hand?"""
