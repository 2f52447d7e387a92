from advdemo.networks.checkpoint import load_checkpoint

checkpoint = "checkpoints/lenet.safetensors"
network, _ = load_checkpoint(checkpoint, "cpu")
