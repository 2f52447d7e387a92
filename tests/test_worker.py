"""Heavy work in a process of its own: streamed, cancelled by ending it, replaced when it dies."""

import asyncio
import base64
import os
import subprocess
import sys
import time
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from advdemo.measures.sweep import sweep
from advdemo.networks.checkpoint import parse_checkpoint
from advdemo.networks.fast import FastLeNet
from advdemo.training.loop import EpochRecord
from advdemo.training.recipes import pick_recipe
from advdemo.ui.handlers.train import run_training
from advdemo.ui.jobs import sweep as jobs
from advdemo.ui.jobs import training
from advdemo.ui.requests import TrainRequest, parse
from advdemo.ui.server.errors import RefusalError
from advdemo.ui.server.visitors import Visitor
from advdemo.ui.service.networks import pack
from advdemo.ui.work.worker import Workers
from tests.jobs import count, fail, halved, hang, niceness, nothing, print_and_refuse


@pytest.fixture(scope="module")
def workers():
    workers = Workers(nothing)
    yield workers
    workers.end()


async def collect(messages):
    return [message async for message in messages]


def is_alive(pid):
    """Whether a process has not ended, with all its threads: the first of them may end, and be a zombie, before."""
    try:
        zombie = "Z" in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return not zombie or len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def wait_until(condition, seconds=30):
    end = time.perf_counter() + seconds
    while not condition():
        assert time.perf_counter() < end, "it never came true"
        time.sleep(0.02)


def test_a_job_in_another_process_which_is_kept(workers):
    pid, *numbers = asyncio.run(collect(workers.run(count, 1000)))
    assert numbers == list(range(1000))
    assert pid != os.getpid()
    assert asyncio.run(collect(workers.run(count, 1)))[0] == pid


def test_after_a_job_that_was_left_another_process_waits(workers):
    async def run():
        messages = workers.run(hang)
        await anext(messages)
        await messages.aclose()
        return list(workers._idle)

    idle = asyncio.run(run())
    assert [worker.alive() for worker in idle] == [True]


def test_two_at_a_time(workers):
    async def run():
        return await asyncio.gather(collect(workers.run(count, 5)), collect(workers.run(count, 5)))

    first, second = asyncio.run(run())
    assert first[0] != second[0]
    assert first[1:] == second[1:] == [0, 1, 2, 3, 4]


def test_refusals_come_through_and_the_process_goes_on(workers):
    async def run():
        async with aclosing(workers.run(print_and_refuse)) as messages:
            pid = await anext(messages)
            with pytest.raises(RefusalError) as caught:
                await anext(messages)
            assert caught.value.key == "errors.training_data"
        return pid

    assert asyncio.run(run()) == asyncio.run(collect(workers.run(count, 1)))[0]


def test_a_bug_in_a_job_is_an_error_here(workers):
    with pytest.raises(RuntimeError, match="a bug"):
        asyncio.run(collect(workers.run(fail)))
    assert asyncio.run(collect(workers.run(count, 1)))[1:] == [0]


def test_numbers_that_take_forty_times_as_long_are_zero_in_every_thread_of_it(workers):
    assert asyncio.run(collect(workers.run(halved))) == [0.0] * 3
    assert torch.tensor(torch.finfo(torch.float32).tiny) / 2 * 2**20 > 0  # and this process stays as it is


def test_leaving_ends_the_process_at_once(workers):
    async def run():
        async with aclosing(workers.run(hang)) as messages:
            pid = await anext(messages)
            started = time.perf_counter()
        assert time.perf_counter() - started < 0.2
        return pid

    pid = asyncio.run(run())
    wait_until(lambda: not is_alive(pid))
    assert asyncio.run(collect(workers.run(count, 1)))[0] != pid


def test_a_process_that_dies_is_said_and_replaced(workers):
    async def run():
        async with aclosing(workers.run(hang)) as messages:
            os.kill(await anext(messages), 9)
            with pytest.raises(RefusalError) as caught:
                await anext(messages)
            assert caught.value.key == "errors.worker_died"

    asyncio.run(run())
    assert asyncio.run(collect(workers.run(count, 2)))[1:] == [0, 1]


def test_one_that_died_idle_is_not_used(workers):
    pid = asyncio.run(collect(workers.run(count, 1)))[0]
    os.kill(pid, 9)
    wait_until(lambda: not is_alive(pid))
    assert asyncio.run(collect(workers.run(count, 1)))[1:] == [0]


def test_long_work_is_nicer_and_its_process_ends(workers):
    ordinary, pid = asyncio.run(collect(workers.run(niceness)))
    assert os.nice(0) < ordinary
    # Linux weighs niceness within a session alone; the terminal's Ctrl-C reaches its own group.
    assert os.getsid(pid) == os.getsid(0)
    assert os.getpgid(pid) != os.getpgid(0)
    more, pid = asyncio.run(collect(workers.run(niceness, long=True)))
    assert more > ordinary
    wait_until(lambda: not is_alive(pid))


def test_it_ends_with_the_process_that_started_it(tmp_path):
    program = (
        "import asyncio, os, tests.jobs as jobs, advdemo.ui.work.worker as w\n"
        "async def run():\n"
        "    async for pid in w.Workers(jobs.nothing).run(jobs.hang):\n"
        f"        open({str(tmp_path / 'pid')!r}, 'w').write(str(pid))\n"
        "        os._exit(0)\n"
        "asyncio.run(run())\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    wait_until(lambda: not is_alive(int((tmp_path / "pid").read_text())))


def test_the_sweep_job_is_the_sweep(workers, lenet, mnist_test):
    images, labels = mnist_test
    *_, last = asyncio.run(collect(workers.run(jobs.sweep, pack(lenet), 1000, [0.0, 0.2], "fgsm")))
    expected = sweep(lenet, images[:1000], labels[:1000], [0.0, 0.2])
    assert last["result"]["correct"] == expected.correct.tolist()
    assert last["result"]["flips"] == expected.flips.tolist()
    assert (last["result"]["done"], last["result"]["total"]) == (1000, 1000)


def test_the_transfer_job_measures_every_pair(workers, lenet, robust, mnist_test):
    images, labels = mnist_test
    *_, last = asyncio.run(collect(workers.run(jobs.transfer, [pack(lenet), pack(robust)], 300, 0.2, "fgsm")))
    assert last["transfer"]["done"]
    for row, source in zip(last["transfer"]["table"], (lenet, robust), strict=True):
        for share, victim in zip(row, (lenet, robust), strict=True):
            assert share == pytest.approx(sweep(victim, images[:300], labels[:300], [0.2], source=source).accuracies[0])


def test_missing_training_images_are_said_without_a_path(monkeypatch):
    monkeypatch.setattr(training, "load_mnist", lambda split: (_ for _ in ()).throw(FileNotFoundError("/secret/path")))
    with pytest.raises(RefusalError) as caught:
        next(training.train("quick", None, 0))
    assert caught.value.key == "errors.training_data"
    assert "/" not in str(caught.value)


@pytest.mark.parametrize(("minutes", "share"), [(1e-9, 1 / 8), (5, 1)])  # of 900 images in batches of 128
def test_a_training_ends_at_its_limit_with_a_network_or_before_it(monkeypatch, thousand, minutes, share):
    monkeypatch.setattr(training, "load_mnist", lambda split: thousand)
    monkeypatch.setattr(training, "HELD_OUT", 100)
    *_, last = training.train("quick", pick_recipe("quick", epochs=1), 0, minutes)
    progress = last["update"]["progress"]
    assert (progress["share"], progress["left"]) == (share, 0)
    assert progress["limit"] == (60 * minutes if share < 1 else None)
    network, record = parse_checkpoint(base64.b64decode(last["weights"]), "it")
    assert (type(network), record["epoch"]) == (FastLeNet, 1)


def test_a_training_has_the_minutes_of_a_sweep(service, monkeypatch):
    class Noting:
        async def run(self, job, *arguments, long):
            yield {"arguments": arguments}

    monkeypatch.setenv("ADVDEMO_MAX_MINUTES", "0.5")
    given = {"recipe": "quick", "epochs": 1, "learning_rate": 0.1, "seed": 7}
    request = parse(TrainRequest, given, service.offered)
    (message,) = asyncio.run(collect(run_training(replace(service, workers=Noting()), Visitor("a"), request)))
    assert message["arguments"] == ("quick", request.picked(), 7, 0.5)


def test_a_training_hands_over_the_best_epoch_so_far_and_not_the_last(monkeypatch, thousand, lenet):
    def epochs(*_, **__):
        for epoch, accuracy in enumerate((0.5, 0.9, 0.7), start=1):
            yield EpochRecord(epoch, 3, 1.0, 0.1, 1.0, 0.5, 1.0, accuracy, lenet.state_dict())

    monkeypatch.setattr(training, "load_mnist", lambda split: thousand)
    monkeypatch.setattr(training, "HELD_OUT", 100)
    monkeypatch.setattr(training, "train_steps", epochs)
    messages = list(training.train("quick", pick_recipe("quick", epochs=3), 0))
    assert [message["update"]["epoch"]["validation_accuracy"] for message in messages] == [0.5, 0.9, 0.7]
    assert ["weights" in message for message in messages] == [True, True, False]
