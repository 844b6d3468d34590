"""Where statements come from: files, folders and feeds become a Statement."""
