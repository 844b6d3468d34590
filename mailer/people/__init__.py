"""Lists, the people on them, what they agreed to, and whom we must not write to."""
