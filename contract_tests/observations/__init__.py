"""What was seen of the service, and what does the document allow to be seen?"""
