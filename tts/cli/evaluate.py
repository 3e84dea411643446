"""`tts evaluate`: how well a voice speaks recordings that it was not trained on."""

from __future__ import annotations

import json as json_text
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tts import extras
from tts.cli import flags
from tts.cli.console import counting_bar, print_json, print_table, report, warn
from tts.errors import TtsError, UsageError
from tts.options import SynthesisOptions, VoiceOptions

if TYPE_CHECKING:
    from tts.evaluation.evaluator import Evaluator
    from tts.training.data import Item, PreparedCorpus

SPLITS = ("test", "val")
_VOICE, _SCORING, _OUTPUT = "Voice", "Scoring", "Output"

Vocoders = Annotated[
    list[str] | None,
    typer.Option(
        "--vocoder",
        metavar="NAME|DIR",
        help="Vocoder. Repeatable: each of them is evaluated.",
        show_default="the voice's",
        rich_help_panel=_VOICE,
    ),
]
Split = Annotated[
    str,
    typer.Option(
        metavar="test|val", help="Which recordings, of those held out from training.", rich_help_panel=_SCORING
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(metavar="N", help="Only the first N of them, evenly of all speakers.", rich_help_panel=_SCORING),
]
Whisper = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        envvar="TTS_WHISPER",
        help="Measure the word error rate with the faster-whisper model in this folder (needs the extra eval).",
        rich_help_panel=_SCORING,
    ),
]
Mos = Annotated[
    bool,
    typer.Option("--mos", help="Predict opinion scores (needs the extra eval).", rich_help_panel=_SCORING),
]
ReportFolder = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="DIR",
        help="Write a folder with the table, pictures and players; open its index.html.",
        rich_help_panel=_OUTPUT,
    ),
]


@flags.option_flags(without=("vocoder", "runtime", "precision", "threads", "lexicon"))
def evaluate(
    *,
    prepared: flags.Prepared,
    voice_options: VoiceOptions,
    vocoder: Vocoders = None,
    split: Split = "test",
    limit: Limit = None,
    whisper: Whisper = None,
    mos: Mos = False,
    seed: flags.Seed = SynthesisOptions.seed,
    output: ReportFolder = None,
    json: flags.Json = False,
    quiet: flags.Quiet = False,
) -> None:
    """Measure a voice on held-out recordings: their mels through its vocoders, their texts through all of the voice."""
    extras.require("torch", "An evaluation")

    names: Sequence[str | None] = vocoder or [None]
    options = [
        SynthesisOptions(vocoder=name, acoustic=voice_options.acoustic, speaker=voice_options.speaker, seed=seed)
        for name in names
    ]
    # Everything that can be refused is refused before torch is loaded.
    if split not in SPLITS:
        raise UsageError(f"There is no split {split!r} to evaluate on; say {' or '.join(SPLITS)}.")
    if limit is not None and limit < 1:
        raise UsageError(f"--limit must be 1 or more, not {limit}.")
    for name in names:
        flags.check_voice(replace(voice_options, vocoder=name))
    whisper, mos = available_measures(whisper, mos=mos)
    if output is not None:
        from tts.evaluation.report import can_draw, check_report_folder

        check_report_folder(output)
        if not can_draw():
            report("no pictures in the report: they need pip install 'utter-tts[plot]'")

    from tts.evaluation.evaluator import Evaluator
    from tts.evaluation.listening import Listeners
    from tts.synthesis.voice import load_voice
    from tts.training.data import PreparedCorpus

    corpus = PreparedCorpus(prepared)
    items = corpus_items(corpus, split, limit)
    voice = load_voice(voice_options.voice, device=voice_options.device, system_espeak=voice_options.system_espeak)
    evaluator = Evaluator(corpus, voice, options, Listeners(whisper, corpus.dataset.language, mos=mos))
    _evaluate(evaluator, items, output, json=json, quiet=quiet)


def available_measures(whisper: Path | None, *, mos: bool) -> tuple[Path | None, bool]:
    """The requested measures that this machine can make; a message names the others.

    Raises:
        UsageError: the folder has no Whisper model.
    """
    from tts.evaluation.listening import can_predict_opinions, can_recognise, check_whisper

    missing = []
    if whisper is not None:
        check_whisper(whisper)
        if not can_recognise():
            whisper, missing = None, ["word error rate"]
    if mos and not can_predict_opinions():
        mos, missing = False, [*missing, "MOS"]
    if missing:
        report(f"no {' and no '.join(missing)}: that needs pip install 'utter-tts[eval]'")
    return whisper, mos


def corpus_items(corpus: PreparedCorpus, split: str, limit: int | None) -> list[Item]:
    """The first `limit` recordings of a split, or of each speaker as many as fit into that number.

    Raises:
        TtsError: there are none.
    """
    from tts.training.data import spread_over_speakers

    items = corpus.split(split)
    items = spread_over_speakers(items, len(items) if limit is None else limit)
    if not items:
        held_out = [name for name in SPLITS if corpus.split(name)]
        advice = f"say --split {held_out[0]}" if held_out else "prepare it again with some recordings held out"
        raise TtsError(f"{corpus.folder} has no items in the split {split}: {advice}.")
    return items


def _evaluate(evaluator: Evaluator, items: Sequence[Item], folder: Path | None, *, json: bool, quiet: bool) -> None:
    """Evaluate, then write the report folder, and print the table or JSON."""
    from tts.evaluation.report import ReportPage, report_folder
    from tts.evaluation.scores import score_document, score_table

    setup = evaluator.setup(items[0].split)
    scored, warnings = [], dict[str, None]()
    with ExitStack() as stack:
        page = None
        if folder is not None:
            page = ReportPage(stack.enter_context(report_folder(folder)), evaluator.frame_seconds)
        with counting_bar("evaluating", len(items), "items", quiet=quiet) as count:
            for item in items:
                evaluated = evaluator.evaluate(item)
                if page is not None:
                    page.add(evaluated)
                scored.append(evaluated.scored)
                warnings |= dict.fromkeys(evaluated.warnings)
                count(1)
        result = score_document(setup, scored, list(warnings))
        if page is not None:
            page.finish(f"{setup.voice} on {setup.dataset}", setup.facts(), json_text.dumps(result, indent=2) + "\n")
    for warning in warnings:
        warn(warning)
    if json:
        print_json({**result, "report": None if folder is None else str(folder)})
    else:
        print_table(*score_table(scored))
