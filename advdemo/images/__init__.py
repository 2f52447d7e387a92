"""Where pixels come from: MNIST, drawings, picture files, distortions. Knows nothing of networks."""
