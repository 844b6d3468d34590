"""`mailer preview`: every page and letter for readers, in every state and language, while somebody edits them."""
