"""What was observed of the service, and what does the document allow?"""
