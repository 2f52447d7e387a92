"""The images to attack, of MNIST or written down."""
