"""The objective as its formula, and the remedies against posterior collapse that change one term of it."""
