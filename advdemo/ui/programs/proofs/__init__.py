"""Proofs: interval bounds by hand, CROWN from the package."""
