"""What an attack does to a network: one image at every epsilon, a whole data set, and figures of it."""
