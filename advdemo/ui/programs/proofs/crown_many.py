from advdemo.measures.bounds import certified_stream
from advdemo.ui.programs.images.mnist_many import images, labels
from advdemo.ui.programs.proofs.network import network

epsilons = [0, 0.1]
# {called}
*_, result = certified_stream(network, images, labels, epsilons, method="crown")
for epsilon, correct in zip(epsilons, result.correct, strict=True):
    print(epsilon, f"{correct} / {len(images)}")
