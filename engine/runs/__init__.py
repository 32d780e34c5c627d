"""Runs: a folder each, a worker process that fills it, a launcher that starts and stops workers."""
