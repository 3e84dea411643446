"""`tts say`: speak one text."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tts.cli import flags
from tts.cli.console import print_json, progress, tell, warn
from tts.cli.outputs import Outputs
from tts.cli.settings import is_from_config
from tts.cli.source import read_text
from tts.errors import UsageError
from tts.kernels.execution import when_compiling
from tts.synthesis.options import SynthesisOptions
from tts.voice.load import Computing, check_computing, check_device
from tts.voice.store import DEFAULT_VOICE, check_acoustic, find_vocoder, find_voice

if TYPE_CHECKING:
    from tts.cli.speaking import Report
    from tts.synthesis.pipeline import Voice
    from tts.text.passage import Passage
    from tts.voice.manifest import VoiceManifest


def say(
    context: typer.Context,
    text: flags.Text = None,
    file: flags.File = None,
    chapter: flags.Chapters = None,
    output: flags.Output = None,
    play: flags.Play = False,
    format: flags.Format = None,
    sample_rate: flags.SampleRate = None,
    timings: flags.Timings = None,
    plot: flags.Plot = None,
    voice: flags.Voice = DEFAULT_VOICE,
    vocoder: flags.Vocoder = None,
    acoustic: flags.Acoustic = None,
    device: flags.Device = "auto",
    engine: flags.Engine = None,
    precision: flags.Precision = Computing.precision,
    threads: flags.Threads = None,
    lexicon: flags.LexiconFile = None,
    system_espeak: flags.SystemEspeak = False,
    speed: flags.Speed = SynthesisOptions.speed,
    pitch: flags.Pitch = SynthesisOptions.pitch,
    energy: flags.Energy = SynthesisOptions.energy,
    volume: flags.Volume = SynthesisOptions.volume,
    loudness: flags.Loudness = SynthesisOptions.loudness,
    sentence_silence: flags.SentenceSilence = SynthesisOptions.sentence_silence,
    paragraph_silence: flags.ParagraphSilence = SynthesisOptions.paragraph_silence,
    clause_silence: flags.ClauseSilence = SynthesisOptions.clause_silence,
    denoise: flags.Denoise = SynthesisOptions.denoise,
    streams: flags.Streams = SynthesisOptions.streams,
    seed: flags.Seed = SynthesisOptions.seed,
    input: flags.Input = SynthesisOptions.input,
    json: flags.Json = False,
    quiet: flags.Quiet = False,
    verbose: flags.Verbose = False,
    offline: flags.Offline = False,
) -> None:
    """Speak a text: into a file, to standard output, or through the speakers."""
    options = asked_options(context)
    check_device(device)
    check_computing(engine or Computing.engine, precision)
    # Everything that can be refused is refused before torch is loaded.
    manifest = known_voice(voice, options)
    # What the config file says of files yields to a file's own suffix, and is no mistake where nothing is written.
    if is_from_config(context, "format") and (output is None or Path(output).suffix):
        format = None
    if is_from_config(context, "sample_rate") and output is None:
        sample_rate = None
    outputs = Outputs(output, format, sample_rate, play, timings, plot, json)
    outputs.check(manifest.sample_rate)
    content, outputs = _content(text, file, chapter, options, manifest, outputs)
    asked = {"device": device, "engine": engine, "precision": precision, "threads": threads}
    speaker = _load(voice, {**asked, "lexicon": lexicon, "system_espeak": system_espeak}, options, verbose=verbose)
    report = _speak(speaker, content, options, outputs, quiet=quiet)
    if verbose:
        _tell_times(report)
    if json:
        print_json(report.document())


def _content(
    text: str | None,
    file: Path | None,
    chapter: str | None,
    options: SynthesisOptions,
    manifest: VoiceManifest,
    outputs: Outputs,
) -> tuple[str | Passage, Outputs]:
    """What is to be said, and the outputs, which tell whose it is.

    Raises:
        UsageError: it is named twice, or not at all, or cannot be right.
        TtsError: it cannot be read.
    """
    if file is None:
        if chapter is not None:
            raise UsageError("--chapter is about a document: name it with --file.")
        return read_text(text), outputs
    if text is not None:
        raise UsageError("What to say is named twice: give TEXT or --file, not both.")
    from tts.cli.book import read_book

    book = read_book(file, chapter, options.input, manifest)
    return book.content, replace(outputs, tags=book.tags)


def asked_options(context: typer.Context) -> SynthesisOptions:
    """What the flags of a command say that has one for each of the options, of the same name.

    Raises:
        UsageError: the options refuse it.
    """
    return SynthesisOptions(**{name: context.params[name] for name in SynthesisOptions.names()})


def known_voice(voice: str, options: SynthesisOptions) -> VoiceManifest:
    """The manifest of a voice.

    Raises:
        UsageError: there is no such voice, or not the vocoder or the acoustic model for it that the options name.
    """
    manifest = find_voice(voice)
    if options.acoustic is not None:
        check_acoustic(manifest, options.acoustic)
    if options.vocoder is not None:
        find_vocoder(manifest, options.vocoder)
    return manifest


def _load(voice: str, asked: dict[str, Any], options: SynthesisOptions, *, verbose: bool) -> Voice:
    """The voice with the networks that the options ask for; `asked` is what `load_voice` takes by name."""
    started = time.perf_counter()
    from tts.synthesis.pipeline import load_voice

    loaded = load_voice(voice, **asked)
    stages = loaded.prepare(options)
    if verbose:
        seconds = time.perf_counter() - started
        tell(f"voice {loaded.manifest.name} on {loaded.device} by {stages.engines}, loaded in {seconds:.2f} s")
    return loaded


def _speak(voice: Voice, text: str | Passage, options: SynthesisOptions, outputs: Outputs, *, quiet: bool) -> Report:
    from tts.cli.speaking import speak

    if not quiet:
        when_compiling(lambda: tell("compiling for this machine, which happens once and takes some seconds"))
    length = len(text if isinstance(text, str) else text.text)
    with progress(length, quiet=quiet) as on_characters:
        report = speak(voice, text, options, outputs, on_characters)
    for warning in report.warnings:
        warn(warning)
    return report


def _tell_times(report: Report) -> None:
    tell(
        f"{report.seconds:.2f} s of audio in {report.synthesis_seconds:.2f} s (real-time factor {report.rtf:.3f}), "
        f"the first after {report.first_audio_ms:.0f} ms"
    )
