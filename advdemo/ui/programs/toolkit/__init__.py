"""The same attacks with an adversarial toolkit: ART, and torchattacks for DIM, which ART lacks, and for Square."""
