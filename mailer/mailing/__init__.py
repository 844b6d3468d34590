"""A mailing turns an edition into deliveries: one row for every person."""
