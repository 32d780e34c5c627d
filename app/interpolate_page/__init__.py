"""The page Interpolate: seven things to do between sentences, each in a module of its own."""
