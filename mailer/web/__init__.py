"""The pages: readers' own, the archive, the desk; server-rendered, no script needed."""
