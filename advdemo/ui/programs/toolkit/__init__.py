"""The same attacks with an adversarial toolkit: ART, or torchattacks where ART lacks them."""
