"""What is done with the pieces: attack or prove, one image or many."""
