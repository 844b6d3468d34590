"""What is measured by hand, on a quiet machine: the long run. The table of speeds is `mailer bench`."""
