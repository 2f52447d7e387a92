from advdemo.networks.binarised import Binarised
from advdemo.ui.programs.proofs.network import network

network = Binarised(network)
