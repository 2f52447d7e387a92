from advdemo.ui.programs.images.mnist_many import images, labels
from advdemo.ui.programs.proofs.intervals import proved

epsilons = [0, 0.1]
for epsilon in epsilons:
    correct = 0
    for x, y in zip(images.split(500), labels.split(500), strict=True):
        correct += int(proved(x, y, epsilon).sum())
    print(epsilon, f"{correct} / {len(images)}")
