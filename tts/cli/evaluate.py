"""`tts evaluate`: how well a voice speaks what it has not learned."""

from __future__ import annotations

import json as json_text
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tts.cli import flags
from tts.cli.console import counting_bar, print_json, print_table, tell, warn
from tts.cli.say import known_voice
from tts.errors import TtsError, UsageError
from tts.synthesis.options import SynthesisOptions
from tts.voice.store import DEFAULT_VOICE

if TYPE_CHECKING:
    from tts.evaluation.evaluator import Evaluator
    from tts.evaluation.report import ReportPage
    from tts.evaluation.scores import ScoredItem
    from tts.training.data import Item, PreparedCorpus

SPLITS = ("test", "val")
_VOICE, _SCORING, _OUTPUT = "Voice", "Scoring", "Output"

Vocoders = Annotated[
    list[str] | None,
    typer.Option(
        "--vocoder",
        metavar="NAME|DIR",
        help="A vocoder, not the voice's default; give the flag again for each more.",
        rich_help_panel=_VOICE,
    ),
]
Split = Annotated[
    str, typer.Option(metavar="test|val", help="Which of the items held out from training.", rich_help_panel=_SCORING)
]
Limit = Annotated[int | None, typer.Option(metavar="N", help="Only the first N of them.", rich_help_panel=_SCORING)]
Whisper = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        envvar="TTS_WHISPER",
        help="Count word errors with the faster-whisper model in this folder (extra [eval]).",
        rich_help_panel=_SCORING,
    ),
]
Mos = Annotated[
    bool,
    typer.Option("--mos", help="Predict opinion scores with DistillMOS (extra [eval]).", rich_help_panel=_SCORING),
]
Report = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Write a folder with the table, pictures and players: open index.html in it.",
        rich_help_panel=_OUTPUT,
    ),
]


def evaluate(
    prepared: flags.Prepared,
    voice: flags.Voice = DEFAULT_VOICE,
    vocoder: Vocoders = None,
    acoustic: flags.Acoustic = None,
    device: flags.Device = "auto",
    system_espeak: flags.SystemEspeak = False,
    split: Split = "test",
    limit: Limit = None,
    whisper: Whisper = None,
    mos: Mos = False,
    seed: flags.Seed = SynthesisOptions.seed,
    report: Report = None,
    json: flags.Json = False,
    quiet: flags.Quiet = False,
    offline: flags.Offline = False,
) -> None:
    """Measure a voice on held-out recordings: their mels through its vocoders, their texts through all of it."""
    names: Sequence[str | None] = vocoder or [None]
    options = [SynthesisOptions(vocoder=name, acoustic=acoustic, seed=seed) for name in names]
    # Everything that can be refused is refused before torch is loaded.
    _check(voice, options, split, limit)
    whisper, mos = _hearing(whisper, mos=mos)
    _check_report(report)

    from tts.evaluation.evaluator import Evaluator
    from tts.evaluation.listening import Listeners
    from tts.synthesis.pipeline import load_voice
    from tts.training.data import PreparedCorpus

    corpus = PreparedCorpus(prepared)
    items = _items(corpus, split, limit)
    speaker = load_voice(voice, device=device, system_espeak=system_espeak)
    listeners = Listeners(whisper, corpus.dataset.language, mos=mos)
    evaluator = Evaluator(corpus, speaker, options, listeners)
    _report(evaluator, items, report, json=json, quiet=quiet)


def _check(voice: str, options: Sequence[SynthesisOptions], split: str, limit: int | None) -> None:
    if split not in SPLITS:
        raise UsageError(f"There is no split {split!r} to evaluate on; say {' or '.join(SPLITS)}.")
    if limit is not None and limit < 1:
        raise UsageError(f"--limit must be 1 or more, not {limit}.")
    for asked in options:
        known_voice(voice, asked)


def _hearing(whisper: Path | None, *, mos: bool) -> tuple[Path | None, bool]:
    """What of it can be done here; what cannot is told and left out.

    Raises:
        UsageError: the folder holds no Whisper model.
    """
    from tts.evaluation.listening import can_predict_opinions, can_recognise, check_whisper

    lacking = []
    if whisper is not None:
        check_whisper(whisper)
        if not can_recognise():
            whisper, lacking = None, ["word error rate"]
    if mos and not can_predict_opinions():
        mos, lacking = False, [*lacking, "MOS"]
    if lacking:
        tell(f"no {' and no '.join(lacking)}: that needs pip install 'utter-tts[eval]'")
    return whisper, mos


def _check_report(folder: Path | None) -> None:
    from tts.evaluation.report import can_draw, check_report_folder

    if folder is not None:
        check_report_folder(folder)
        if not can_draw():
            tell("no pictures in the report: they need pip install 'utter-tts[plot]'")


def _items(corpus: PreparedCorpus, split: str, limit: int | None) -> list[Item]:
    items = corpus.split(split)[:limit]
    if not items:
        held_out = [name for name in SPLITS if corpus.split(name)]
        advice = f"say --split {held_out[0]}" if held_out else "prepare it again with some recordings held out"
        raise TtsError(f"{corpus.folder} has no items in the split {split}: {advice}.")
    return items


def _report(evaluator: Evaluator, items: Sequence[Item], folder: Path | None, *, json: bool, quiet: bool) -> None:
    """Evaluate, and write or print what was asked for."""
    from tts.evaluation.report import ReportPage, report_folder
    from tts.evaluation.scores import score_document, score_table

    setup = evaluator.setup(items[0].split)
    with ExitStack() as stack:
        page = None
        if folder is not None:
            page = ReportPage(stack.enter_context(report_folder(folder)), evaluator.frame_seconds)
        scored, warnings = _evaluated(evaluator, items, page, quiet=quiet)
        told = score_document(setup, scored, warnings)
        if page is not None:
            page.finish(f"{setup.voice} on {setup.dataset}", setup.facts(), json_text.dumps(told, indent=2) + "\n")
    for warning in warnings:
        warn(warning)
    if json:
        print_json({**told, "report": None if folder is None else str(folder)})
    else:
        print_table(*score_table(scored))


def _evaluated(
    evaluator: Evaluator, items: Sequence[Item], page: ReportPage | None, *, quiet: bool
) -> tuple[list[ScoredItem], list[str]]:
    """The figures of each item, and what the voice warned of, each once."""
    scored, warnings = [], dict[str, None]()
    with counting_bar("evaluating", len(items), "items", quiet=quiet) as count:
        for item in items:
            evaluated = evaluator.evaluate(item)
            if page is not None:
                page.add(evaluated)
            scored.append(evaluated.scored)
            warnings |= dict.fromkeys(evaluated.warnings)
            count(1)
    return scored, list(warnings)
