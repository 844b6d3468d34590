"""`mailer bench`: the speed of the sender beside known yardsticks, measured on this machine."""
