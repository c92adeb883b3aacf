"""Runs the benchmark: see bench/README.md."""
