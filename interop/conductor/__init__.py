"""The conductor of the interop run: starts a Mandate, drives real clients against it, ends both."""
