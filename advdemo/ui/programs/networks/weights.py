from safetensors.torch import load_file

w = load_file("checkpoints/lenet.safetensors")  # {weights}
