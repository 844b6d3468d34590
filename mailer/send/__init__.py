"""Send carries deliveries out of the door."""
