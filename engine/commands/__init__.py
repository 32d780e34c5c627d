"""The commands of ``python -m engine``, a module for each kind; nothing heavy is imported before it runs."""
