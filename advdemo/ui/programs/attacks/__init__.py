"""The attacks in plain PyTorch."""
