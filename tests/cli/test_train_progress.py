import torch

from tts.cli.train_progress import Lines, training_progress
from tts.training.run import Speed


def test_a_line_now_and_then_tells_loss_speed_and_time_left(capsys):
    lines = Lines(100)
    for step in range(1, 101):
        # The first step knows no speed yet.
        lines.step(step, torch.tensor(0.5), 2.0 if step > 1 else 0.0)
    lines.figures(100, {"validation_mel": 0.25, "validation_focus": 0.75})
    assert capsys.readouterr().err.splitlines() == [
        "tts: step 2 of 100, loss 0.5, 2 steps/s, 0:00:49 left",
        "tts: step 100 of 100, loss 0.5, 2 steps/s",
        "tts: step 100: validation_mel 0.25, validation_focus 0.75",
    ]


def test_a_bar_is_drawn_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with training_progress(0, 10, quiet=False) as bar:
        bar.step(4, torch.tensor(0.5), 2.0)
        bar.figures(4, {"validation_mel": 0.25})
    told = capsys.readouterr().err
    assert "4/10" in told
    assert "step 4: validation_mel 0.25" in told


def test_quiet_tells_nothing(capsys):
    with training_progress(0, 10, quiet=True) as silence:
        silence.step(10, torch.tensor(0.5), 2.0)
        silence.figures(10, {"validation_mel": 0.25})
    assert capsys.readouterr().err == ""


def test_pauses_do_not_count_as_slow_steps(monkeypatch):
    times = iter([0.0, 0.5, 1000.0, 1000.5])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    speed = Speed()
    assert (speed.after_step(), speed.after_step()) == (0.0, 2.0)
    speed.pause()
    assert (speed.after_step(), speed.after_step()) == (2.0, 2.0)
