import base64

import torch

centre = "AAAA"
found = torch.frombuffer(bytearray(base64.b64decode(centre)), dtype=torch.int8) / 32
