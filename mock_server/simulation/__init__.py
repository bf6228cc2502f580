"""What does a client see of a run at a moment? Standard library only."""
