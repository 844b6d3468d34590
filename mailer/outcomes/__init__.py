"""What comes back, and what it changes in what we know about people."""
