"""The network under attack, by hand."""
