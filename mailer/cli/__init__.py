"""The command line: parses, calls one or two verbs, answers. What a command needs is imported inside it."""
