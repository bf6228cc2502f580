"""What does a client see of a run at one time? Standard library only."""
