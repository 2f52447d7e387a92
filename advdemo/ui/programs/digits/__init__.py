"""Digits that the GAN draws."""
