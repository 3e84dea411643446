"""The one table of options: flags, config keys, batch columns, variables and docs are the same set."""

import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from tts import load_voice
from tts.audio.writer import FORMATS
from tts.batch.entry import KNOWN_NAMES
from tts.cli.app import command
from tts.config import KEYS, SETTINGS, load_settings
from tts.errors import TtsError
from tts.options import (
    BATCH_COLUMNS,
    LIMITS,
    OPTIONS,
    InputOptions,
    OutputOptions,
    SynthesisOptions,
    TextInput,
    VoiceOptions,
    markdown_table,
)
from tts.synthesis.subtitles import TIMING_SUFFIXES
from tts.voice.load import PRECISIONS, RUNTIMES
from tts.voice.store import DEFAULT_VOICE

DOCS = Path(__file__).parents[1] / "docs" / "cli.md"

# What a command line needs beside the options: where the text comes from, where it goes, and how it is reported.
OWN_FLAGS = {
    "say": {"file", "chapter", "flush-after", "output", "play", "plot", "json", "quiet", "verbose"},
    "batch": {
        *("output", "layout", "naming", "manifest", "json", "quiet", "verbose"),
        *("jobs", "batch-size", "resume", "fail-fast", "engine", "address", "gpus"),
    },
}


def flags(name):
    """The long flags of a command that the help shows, and the parameter of each."""
    parameters = [each for each in command().commands[name].params if each.param_type_name == "option"]
    return {option: each for each in parameters for option in each.opts if option.startswith("--")}


def with_tables(text):
    """docs/cli.md with the tables of now."""
    for owner in ("voice", "text", "input", "output"):
        table = markdown_table(option for option in OPTIONS.values() if option.owner == owner)
        text = replaced(text, f"options: {owner}", table)
    rows = [("key", "environment variable", "meaning"), ("---", "---", "---")]
    for option in OPTIONS.values():
        if option.variable:
            rows.append((f"`{option.key}`", f"`{option.variable}`", f"as the flag `{option.flag}`"))
    for setting in SETTINGS:
        rows.append(
            (
                f"`{setting.key}`" if setting.key else "",
                f"`{setting.variable}`" if setting.variable else "",
                f"{setting.help}.",
            )
        )
    return replaced(text, "settings", "".join(f"| {' | '.join(row)} |\n".replace("|  |", "| |") for row in rows))


def replaced(text, name, table):
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
    assert pattern.search(text)
    return pattern.sub(lambda found: f"{found[1]}\n{table}\n{found[2]}", text)


@pytest.mark.parametrize(("name", "without"), [("say", set()), ("batch", {"threads"})])
def test_every_option_is_a_flag(name, without):
    found = flags(name)
    expected = {option.flag for key, option in OPTIONS.items() if key not in without}
    assert set(found) == expected | {f"--{flag}" for flag in OWN_FLAGS[name]}
    for key, option in OPTIONS.items():
        if key not in without:
            parameter = found[option.flag]
            assert (parameter.name, parameter.default, parameter.envvar) == (key, option.default, option.variable)
            texts = (option.batch_help or option.help, option.batch_metavar or option.metavar or None)
            assert parameter.help.startswith(texts[0] if name == "batch" else option.help)
            assert parameter.metavar == (texts[1] if name == "batch" else option.metavar or None)


def test_every_option_is_a_config_key():
    of_settings = {setting.key for setting in SETTINGS if setting.key}
    assert set(KEYS) - of_settings == {option.key for option in OPTIONS.values()} - {"encoding", "timings"}
    assert of_settings == {"voices-dir", "mirror", "offline", "voice-aliases"}


@pytest.mark.parametrize("key", KEYS)
def test_every_config_key_is_read(tmp_path, key):
    values = {str: '"x"', Path: '"x"', int: "1", float: "0.5", bool: "true", dict: '{ a = "x" }'}
    path = tmp_path / "config.toml"
    path.write_text(f"{key} = {values[KEYS[key]]}\n")
    assert list(load_settings(path)) == [key]
    path.write_text(f"{key} = [1]\n")
    with pytest.raises(TtsError, match=rf"config\.toml, {key} must be "):
        load_settings(path)


def test_every_option_of_a_voice_or_text_is_a_batch_column():
    assert set(KNOWN_NAMES) == {"id", "text", *BATCH_COLUMNS}
    assert set(BATCH_COLUMNS) == {*SynthesisOptions.names(), "voice", "format", "sample_rate", "timings"}


def test_the_docs_have_all_of_them():
    """Out of date? `python -m tests.test_options` writes them."""
    text = DOCS.read_text("utf-8")
    assert text == with_tables(text)


def test_load_voice_receives_the_options_of_a_voice():
    parameters = inspect.signature(load_voice).parameters
    former = {"engine": None}
    assert {name: each.default for name, each in parameters.items()} == vars(VoiceOptions()) | former
    assert next(iter(parameters)) == next(iter(fields(VoiceOptions))).name


def test_what_the_help_lists_is_what_there_is():
    def listed(name):
        return tuple(OPTIONS[name].metavar.split("|"))

    assert listed("runtime") == ("auto", *RUNTIMES)
    assert listed("precision") == PRECISIONS
    assert listed("input") == get_args(TextInput)
    assert listed("format") == tuple(FORMATS)
    assert all(suffix in OPTIONS["timings"].help for suffix in TIMING_SUFFIXES)
    assert all(suffix[1:] in OPTIONS["timings"].batch_help for suffix in TIMING_SUFFIXES)
    assert VoiceOptions.voice == DEFAULT_VOICE


def test_names_types_and_limits():
    assert len(OPTIONS) == sum(
        bool(each.metadata)
        for table in (VoiceOptions, SynthesisOptions, InputOptions, OutputOptions)
        for each in fields(table)
    )
    for name, option in OPTIONS.items():
        assert option.flag == f"--{name.replace('_', '-')}"
        assert option.default is None or type(option.default) is option.kind
        assert option.help == option.help.strip().rstrip(".")
        assert (name in LIMITS) == bool(option.limits and option.owner == "text")


if __name__ == "__main__":
    DOCS.write_text(with_tables(DOCS.read_text("utf-8")), "utf-8")
