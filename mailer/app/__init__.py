"""Where the parts are joined: a configuration becomes a store, keys, pages, a clock and a sending process."""
