"""python -m advdemo attack"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from advdemo.cli.shared import (
    STANDARD,
    AttackCommand,
    AttackName,
    Binarise,
    Checkpoint,
    Decay,
    Diversity,
    Queries,
    Steps,
    StepSize,
    app,
    load_classifier,
    make_folder,
    read_digit,
)

if TYPE_CHECKING:
    from advdemo.measures.scan import EpsilonScan


@app.command(cls=AttackCommand)
def attack(
    image: Annotated[Path, typer.Argument(metavar="IMAGE", help="Any picture of one digit.")],
    epsilon: Annotated[float, typer.Option(help="Size of the perturbation, in 0..1, the pixel range.")] = 0.2,
    label: Annotated[
        int | None,
        typer.Option(min=0, max=9, help="The true digit; without it, the network's prediction.", show_default=False),
    ] = None,
    attack_name: AttackName = "fgsm",
    target: Annotated[
        int | None,
        typer.Option(min=0, max=9, help="The digit to aim at; without it, any other.", show_default=False),
    ] = None,
    steps: Steps = None,
    step_size: StepSize = None,
    decay: Decay = None,
    diversity: Diversity = None,
    queries: Queries = None,
    checkpoint: Checkpoint = STANDARD,
    binarise: Binarise = False,
    out: Annotated[Path, typer.Option(help="A folder for the three images and prediction.json.")] = Path("attack"),
) -> None:
    """Fool the network on a picture of a digit."""
    import torch

    from advdemo.attacks import find_attack, make_settings
    from advdemo.attacks.inputs import check_epsilon
    from advdemo.images.picture import write_picture, write_signs
    from advdemo.measures.scan import scan
    from advdemo.networks.predict import pick_device, predict

    check_epsilon(epsilon)
    if target is not None and target == label:
        raise ValueError(f"--target {target} is the digit itself, as --label says: choose another target")
    device = pick_device()
    model = load_classifier(checkpoint, binarise)
    original = read_digit(image).unsqueeze(0).to(device)
    clean = predict(model, original)[0]
    given = label is not None
    label = int(clean.argmax()) if label is None else label
    settings = make_settings(
        attack_name, steps=steps, step_size=step_size, decay=decay, diversity=diversity, queries=queries
    )
    make_folder(out)
    goal, targeted = (label, False) if target is None else (target, True)
    attempt = sign = flip_epsilon = None
    if find_attack(settings)[0].scannable:
        result = scan(model, original, goal, attack=settings, targeted=targeted)
        flip_epsilon, sign = result.flip_epsilon, result.sign
        truth = torch.tensor([goal], device=device)
        adversarial = settings.prepare(model, original, truth, targeted=targeted).at(epsilon)
        verdict = f"Fooled:  {_describe(result, target)}"
    else:
        *_, attempt = cast(Any, settings).stream(model, original[0], goal, epsilon, targeted=targeted)
        adversarial = attempt.image.unsqueeze(0)
        verdict = f"Fooled:  {'yes' if attempt.fooled else 'no'}, after {attempt.queries} queries"
    attacked = predict(model, adversarial)[0]

    write_picture(original, out / "original.png")
    write_signs(adversarial - original if sign is None else torch.tensor(sign), out / "perturbation.png")
    write_picture(adversarial, out / "adversarial.png")
    prediction = {
        "epsilon": epsilon,
        "label": label,
        "label_given": given,
        "attack": attack_name,
        "target": target,
        "before": {"digit": int(clean.argmax()), "confidences": clean.tolist()},
        "after": {"digit": int(attacked.argmax()), "confidences": attacked.tolist()},
        "flip_epsilon": flip_epsilon,
        "queries": attempt and attempt.queries,
    }
    (out / "prediction.json").write_text(json.dumps(prediction, indent=1))

    typer.echo(f"Label:   {label} ({'given' if given else 'the prediction before the attack: none was given'})")
    typer.echo(f"Before:  {clean.argmax()} ({clean.max():.2%})")
    typer.echo(f"After:   {attacked.argmax()} ({attacked.max():.2%}) at epsilon {epsilon:g}")
    typer.echo(verdict)
    typer.echo(f"Wrote original.png, perturbation.png, adversarial.png and prediction.json to {out}")


def _describe(result: "EpsilonScan", target: int | None) -> str:
    if result.flip_epsilon == 0:
        return "without any attack"
    if result.flip_epsilon is not None:
        return f"{'' if target is None else f'as {target} '}from epsilon {result.flip_epsilon:.4f}"
    if result.sign is not None and not result.sign.any():
        return "no: the gradient is zero, there is no direction to follow"
    return f"not up to epsilon {result.epsilons[-1]:g}"
