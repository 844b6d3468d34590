"""`mailer demo`: everything once, for real, on this machine: subscribing, sending, leaving, the account."""
