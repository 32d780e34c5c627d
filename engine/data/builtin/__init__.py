"""The built-in corpora, each made from what is on every user's machine, without a download."""
