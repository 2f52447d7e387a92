"""Networks, what they predict, and their files."""
