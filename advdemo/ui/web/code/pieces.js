// The pieces that snippets are put together from: plain PyTorch, each a few lines. `note` says a comment in the page's
// language. The tests run what comes out and compare its numbers with the page's.

/** @typedef {(name: string, values?: Record<string, string | number>) => string} Note */
/** @typedef {(towards: "+" | "-", note: Note) => string} Attack */

export const EPSILON = "\ue000"; // stands where the slider's value is written
const ARCHIVE = "advdemo/images/mnist/t10k-";

/** @param {string} file @param {string} comment */
export const weights = (file, comment) => `w = load_file("${file}")  # ${comment}`;

/** @typedef {"" | "rounded" | "straight"} Rounding of the pixels, if any; straight: gradients pass it by */
/** @type {Record<Rounding, string>} */
const ROUNDING = { "": "", rounded: "x.round()", straight: "x + (x.round() - x).detach()" };

/** The network, by hand. @param {Note} note @param {Rounding} [rounding] */
export const lenet = (note, rounding = "") => `def lenet(x):  # ${note("lenet")}
${rounding && `    x = ${ROUNDING[rounding]}  # ${note(rounding)}\n`}    x = (x - 0.1307) / 0.3081
    x = F.max_pool2d(F.conv2d(x, w["conv.0.weight"], w["conv.0.bias"], padding=2).relu(), 2)
    x = F.max_pool2d(F.conv2d(x, w["conv.3.weight"], w["conv.3.bias"]).relu(), 2).flatten(1)
    x = F.linear(x, w["fc.0.weight"], w["fc.0.bias"]).relu()
    x = F.linear(x, w["fc.2.weight"], w["fc.2.bias"]).relu()
    return F.linear(x, w["fc.4.weight"], w["fc.4.bias"])`;

/** One of MNIST's test images. @param {number} index @param {Note} note */
export const testImage = (index, note) => `archive = Path("${ARCHIVE}images-idx3-ubyte.gz")
pixels = torch.frombuffer(bytearray(gzip.decompress(archive.read_bytes())), dtype=torch.uint8)
image = pixels[16:].view(-1, 1, 28, 28)[${index} : ${index + 1}] / 255  # ${note("index", { index: String(index) })}`;

/** 28x28 pixels written down. @param {string} packed as `pack` does @param {string} comment */
export const writtenImage = (packed, comment) => `packed = (  # ${comment}
${packed.replace(/.{1,88}/g, '    "$&"\n')})
pixels = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(packed))), dtype=torch.uint8)
image = pixels.view(1, 1, 28, 28) / 255`;

/** The first of MNIST's test images, and their labels. @param {number} count */
export const testImages = (count) => `def read(name, start):
    archive = Path(f"${ARCHIVE}{name}-ubyte.gz")
    return torch.frombuffer(bytearray(gzip.decompress(archive.read_bytes())), dtype=torch.uint8)[start:]

images = read("images-idx3", 16).view(-1, 1, 28, 28)[:${count}] / 255
labels = read("labels-idx1", 8)[:${count}].long()`;

const gradient = '(gradient,) = torch.autograd.grad(F.cross_entropy(lenet(x), y, reduction="sum"), x)';
const box = "low, high = (x - epsilon).clamp(min=0), (x + epsilon).clamp(max=1)";

/** An attack by its row of the table, for one whose own code is too long. @type {(name: string) => Attack} */
export const called = (name) => (towards, note) =>
  `# ${note("called", { file: "advdemo/attacks" })}
def attack(x, y, epsilon):
    _, settings = find_attack("${name}")
    return settings.prepare(lenet, x, y, targeted=${targeted(towards)}).at(epsilon)`;

/** @param {"+" | "-"} towards */
const targeted = (towards) => (towards === "-" ? "True" : "False");

/**
 * The attacks, as `attack(x, y, epsilon)` for N images. `towards` is "+" away from the classes y, "-" towards them.
 * @type {Record<string, Attack>}
 */
export const attacks = {
  fgsm: (towards, note) => `def attack(x, y, epsilon):  # ${note("fgsm")}
    x = x.clone().requires_grad_()
    ${gradient}
    return (x ${towards} epsilon * gradient.sign()).detach().clamp(0, 1)`,

  pgd: steps("pgd"),
  bpda: steps("bpda"),

  momentum: (towards, note) => `def attack(x, y, epsilon):  # ${note("momentum")}
    ${box}
    momentum = torch.zeros_like(x)
    for _ in range(10):
        x = x.detach().requires_grad_()
        ${gradient}
        momentum = momentum + gradient / gradient.abs().mean((1, 2, 3), keepdim=True).clamp(min=1.2e-38)
        x = torch.clamp(x ${towards} epsilon / 10 * momentum.sign(), low, high)
    return x.detach()`,

  dim: (towards, note) => `def attack(x, y, epsilon):  # ${note("dim")}
    ${box}
    chance = torch.rand(10, 4, generator=torch.Generator().manual_seed(zlib.crc32(x.numpy().tobytes())))
    momentum = torch.zeros_like(x)
    for whether, size, top, left in chance.tolist():
        side = 24 + int(size * 5) if whether < 0.5 else 28
        top, left = int(top * (29 - side)), int(left * (29 - side))
        x = x.detach().requires_grad_()
        seen = F.interpolate(x, side, mode="bilinear")
        seen = F.pad(seen, (left, 28 - side - left, top, 28 - side - top))
        (gradient,) = torch.autograd.grad(F.cross_entropy(lenet(seen), y), x)
        momentum = momentum + gradient / gradient.abs().mean().clamp(min=1.2e-38)
        x = torch.clamp(x ${towards} epsilon / 10 * momentum.sign(), low, high)
    return x.detach()`,

  noise: (_, note) => `def attack(x, y, epsilon):  # ${note("noise")}
    seeds = [zlib.crc32(image.numpy().tobytes()) for image in x]
    chance = [torch.rand(1, 28, 28, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return (x + epsilon * (2 * torch.stack(chance) - 1).sign()).clamp(0, 1)`,

  advgan: (_, note) => `g = {name: value.float() for name, value in load_file("checkpoints/advgan.safetensors").items()}

def layer(name, x, stride=1):
    return F.conv2d(x, g[f"{name}.weight"], g[f"{name}.bias"], padding=1, stride=stride)

def attack(x, y, epsilon):  # ${note("advgan")}
    fine = layer("conv1", F.pixel_unshuffle(x - 0.5, 2)).relu()
    h = layer("conv2", fine, stride=2).relu()
    h = h + layer("conv3", h).relu()
    h = F.pixel_shuffle(layer("conv4", h).relu(), 2)
    drawn = F.pixel_shuffle(layer("conv5", torch.cat([h, fine], 1)), 2)
    return (x + epsilon * torch.where(drawn >= 0, 1.0, -1.0)).clamp(0, 1)`,
};

/** @param {string} name @returns {Attack} */
function steps(name) {
  return (towards, note) => `def attack(x, y, epsilon):  # ${note(name)}
    ${box}
    for _ in range(40):
        x = x.detach().requires_grad_()
        ${gradient}
        x = torch.clamp(x ${towards} 2.5 * epsilon / 40 * gradient.sign(), low, high)
    return x.detach()`;
}

/** What a black box is asked, by what it answers. @type {Record<string, Attack>} */
export const boxes = { scores: boxed("Square"), label: boxed("RayS") };

/** @param {string} name @returns {Attack} */
function boxed(name) {
  return (towards, note) => `# ${note("called", { file: "advdemo/attacks" })}
def attack(x, y, epsilon):
    *_, last = ${name}().stream(lenet, x[0], int(y), epsilon, targeted=${targeted(towards)})
    print(last.queries, last.fooled)  # ${note("queries")}
    return last.image[None]`;
}

/** Interval bound propagation. @param {Note} note @param {Rounding} [rounding] */
export const intervals = (note, rounding = "") => `def proved(x, y, epsilon):  # ${note("proved")}
    low, high = ((x + change).clamp(0, 1)${rounding && ".round()"} for change in (-epsilon, epsilon))
    centre, radius = ((low + high) / 2 - 0.1307) / 0.3081, (high - low) / 2 / 0.3081
    for name, padding in (("conv.0", 2), ("conv.3", 0)):  # ${note("affine")}
        weight, bias = w[f"{name}.weight"], w[f"{name}.bias"]
        centre = F.conv2d(centre, weight, bias, padding=padding)
        radius = F.conv2d(radius, weight.abs(), padding=padding)
        low, high = (F.max_pool2d(end.relu(), 2) for end in (centre - radius, centre + radius))
        centre, radius = (low + high) / 2, (high - low) / 2
    centre, radius = centre.flatten(1), radius.flatten(1)
    for name in ("fc.0", "fc.2"):
        centre = F.linear(centre, w[f"{name}.weight"], w[f"{name}.bias"])
        radius = F.linear(radius, w[f"{name}.weight"].abs())
        low, high = (centre - radius).relu(), (centre + radius).relu()
        centre, radius = (low + high) / 2, (high - low) / 2
    lead = w["fc.4.weight"][y][:, None] - w["fc.4.weight"]  # ${note("lead")}
    worst = lead @ centre[..., None] - lead.abs() @ radius[..., None]
    worst = worst[..., 0] + w["fc.4.bias"][y][:, None] - w["fc.4.bias"]
    return (worst.scatter(1, y[:, None], torch.inf) > 0).all(1)`;

/** The GAN's generator, by hand. @param {string} file @param {string} comment @param {Note} note */
export const generator = (file, comment, note) => `# ${comment}
w = {name: value.float() for name, value in load_file("${file}").items()}

def norm(h, name, digits):  # ${note("norm")}
    h = F.batch_norm(h, w[f"{name}.norm.running_mean"], w[f"{name}.norm.running_var"])
    scale, shift = w[f"{name}.scale.weight"][digits], w[f"{name}.shift.weight"][digits]
    return h * scale[:, :, None, None] + shift[:, :, None, None]

def generate(z, digits):  # ${note("generate")}
    h = torch.cat([z, F.one_hot(digits, 10)], 1)
    h = F.linear(h, w["seed.weight"], w["seed.bias"]).view(-1, 64, 7, 7)
    h = F.conv2d(norm(h, "norm1", digits).relu(), w["conv1.weight"], w["conv1.bias"], padding=1)
    h = norm(F.pixel_shuffle(h, 2), "norm2", digits).relu()
    h = F.conv2d(h, w["conv2.weight"], w["conv2.bias"], padding=1)
    return F.pixel_shuffle(h, 2).sigmoid()`;

/** A digit in letters. */
export const PRINT =
  'print("\\n".join("".join(" .:-=+*#%@"[int(9.9 * ink)] for ink in row) for row in image[0].tolist()))';
