"""What is remembered: the engine, the tables and their migrations."""
