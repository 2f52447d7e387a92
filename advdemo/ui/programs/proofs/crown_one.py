from advdemo.measures.bounds import certified_epsilon
from advdemo.ui.programs.images.mnist_one import image
from advdemo.ui.programs.proofs.network import network
from advdemo.ui.programs.runs.prove_one import y

# {tighter}
print(certified_epsilon(network, image, int(y)))
