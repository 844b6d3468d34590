"""A statement becomes an edition: pure functions without database, network or clock."""
