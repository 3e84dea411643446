// The page of the server: speech that is played while it is made. Plain JavaScript, nothing from elsewhere.

import { MelPicture } from "/page/mel.js";

const $ = (id) => document.getElementById(id);
const state = { voices: [], chapters: [], speech: null };

// What is asked of the server.

async function request(path, options = {}) {
  const headers = { ...options.headers };
  const key = sessionStorage.getItem("key");
  if (key) headers.Authorization = `Bearer ${key}`;
  const response = await fetch(path, { ...options, headers }).catch((error) => {
    throw failure(error, "The server does not answer. Is it still running?");
  });
  if (response.ok) return response;
  if (response.status === 401) {
    $("key-form").hidden = false;
    $("key").focus();
  }
  const document = await response.json().catch(() => null);
  throw new Error(document?.error?.message ?? `The server refused this (${response.status}).`);
}

// What the browser reports in terms of its own, in words; an error that has words, or an abort, stays as it is.
function failure(error, message) {
  return error instanceof TypeError ? new Error(message) : error;
}

function post(path, body, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return request(path, { method: "POST", headers, body: JSON.stringify(body), ...options });
}

function body(format) {
  const voice = currentVoice();
  if (!voice) throw new Error("There is no voice to speak with yet.");
  const asked = { input: $("text").value, voice: voice.id, response_format: format, speed: Number($("speed").value) };
  if (voice.speakers.length > 1) asked.speaker = $("speaker").value;
  if (voice.vocoders.length > 1) asked.vocoder = $("vocoder").value;
  if (voice.controls.includes("pitch")) asked.pitch = Number($("pitch").value);
  return asked;
}

// The voices, and what can be chosen of each.

function currentVoice() {
  return state.voices.find((voice) => voice.id === $("voice").value);
}

async function loadVoices() {
  const answer = await (await request("/v1/audio/voices")).json();
  state.voices = answer.voices.filter((voice) => voice.speakers);
  fill($("voice"), state.voices.map((voice) => [voice.id, `${voice.name} (${languageName(voice.language)})`]));
  if (!state.voices.length) throw new Error("No voice is installed: see tts voices catalog.");
  $("voice").value = state.voices.some((voice) => voice.id === answer.default) ? answer.default : state.voices[0].id;
  showVoice();
}

function languageName(code) {
  const tag = code === "cmn" ? "zh-CN" : code;
  try {
    return new Intl.DisplayNames(["en"], { type: "language" }).of(tag) ?? code;
  } catch {
    return code;
  }
}

function showVoice() {
  const voice = currentVoice();
  const speakers = voice.speakers.length > 1
    ? voice.speakers.map((each) => [each.id, [each.name, each.sex].filter(Boolean).join(", ")])
    : [["", "the only one"]];
  fill($("speaker"), speakers);
  $("speaker").disabled = voice.speakers.length < 2;
  fill($("vocoder"), voice.vocoders.length ? voice.vocoders.map((name) => [name, name]) : [["", "none: one network"]]);
  if (voice.default_vocoder) $("vocoder").value = voice.default_vocoder;
  $("vocoder").disabled = voice.vocoders.length < 2;
  const hasPitch = voice.controls.includes("pitch");
  $("pitch").disabled = !hasPitch;
  $("pitch-hint").hidden = hasPitch;
}

function fill(select, entries) {
  select.replaceChildren(...entries.map(([value, label]) => new Option(label, value)));
}

// One text that is spoken.

class Speech {
  constructor(asked, rate) {
    this.asked = { ...asked, sample_rate: rate };
    this.text = asked.input;
    this.rate = rate;
    this.abort = new AbortController();
    // At the rate of the voice, so that pieces join sample by sample: the browser converts the sum of them.
    this.context = new AudioContext({ sampleRate: rate });
    // Where the next piece begins, in the time of the context; the first a little later than now.
    this.end = this.context.currentTime + 0.05;
    this.begin = this.end;
    this.words = [];
    this.position = 0;
    this.current = -1;
    this.isComplete = false;
    this.picture = new MelPicture($("mel"), rate);
    $("transcript").replaceChildren();
  }

  async run() {
    const response = await post("/v1/audio/captioned", this.asked, { signal: this.abort.signal });
    requestAnimationFrame(() => this.follow());
    for await (const piece of lines(response.body)) {
      this.add(piece);
      // What is far ahead need not be in memory yet.
      while (!this.abort.signal.aborted && this.end - this.context.currentTime > 90) await sleep(500);
      if (this.abort.signal.aborted) return;
    }
    this.isComplete = true;
    $("transcript").append(this.text.slice(this.position));
    const seconds = this.end - this.context.currentTime;
    if (seconds > 0) setTimeout(() => this.checkEnd(), 1000 * seconds);
  }

  add(piece) {
    const bytes = Uint8Array.from(atob(piece.audio), (character) => character.charCodeAt(0));
    const samples = Float32Array.from(new Int16Array(bytes.buffer), (sample) => sample / 32768);
    if (samples.length) {
      const buffer = this.context.createBuffer(1, samples.length, this.rate);
      buffer.copyToChannel(samples, 0);
      const source = this.context.createBufferSource();
      source.buffer = buffer;
      source.connect(this.context.destination);
      const late = this.context.currentTime - this.end;
      if (late > 0) {
        // The computing fell behind: what follows is heard later.
        this.begin += late;
        this.end += late;
      }
      this.end = Math.round(this.end * this.rate) / this.rate;
      source.start(this.end);
      this.end += buffer.duration;
      this.picture.add(samples);
    }
    for (const word of piece.timestamps) this.addWord(word);
    for (const warning of piece.warnings) $("status").textContent = warning;
  }

  // A word is found in the text behind the last one; what is read in other words stays plain.
  addWord({ word, start_time, end_time }) {
    const found = this.text.indexOf(word, this.position);
    if (found < 0 || found - this.position > 300) return;
    const span = document.createElement("span");
    span.textContent = word;
    $("transcript").append(this.text.slice(this.position, found), span);
    this.position = found + word.length;
    this.words.push({ span, start: start_time, end: end_time });
  }

  follow() {
    if (state.speech !== this) return;
    const now = this.context.currentTime - (this.context.outputLatency || 0) - this.begin;
    let next = this.current;
    while (next + 1 < this.words.length && this.words[next + 1].start <= now) next += 1;
    if (next !== this.current) {
      for (let i = Math.max(this.current, 0); i < next; i++) this.words[i].span.className = "spoken";
      this.words[next].span.className = "now";
      this.show(this.words[next].span);
      this.current = next;
    }
    this.checkEnd();
    requestAnimationFrame(() => this.follow());
  }

  // Scrolls the text, but not the page: what is read there, or typed, stays where it is.
  show(span) {
    const text = $("transcript");
    const top = span.offsetTop - text.offsetTop;
    const isVisible = top >= text.scrollTop && top + span.offsetHeight <= text.scrollTop + text.clientHeight;
    if (!isVisible) text.scrollTop = top - text.clientHeight / 3;
  }

  checkEnd() {
    if (state.speech === this && this.isComplete && this.context.currentTime >= this.end) {
      this.close();
      say(`Done: ${(this.end - this.begin).toFixed(1)} seconds of speech.`);
    }
  }

  close() {
    this.abort.abort();
    this.context.close();
    for (const { span } of this.words) span.className = "";
    state.speech = null;
    showButtons();
  }
}

// The lines of a response as they arrive, each a JSON document.
async function* lines(stream) {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  let rest = "";
  while (true) {
    const { value, done } = await reader.read().catch((error) => {
      throw failure(error, "The server ended in the middle of the text. Its log says why.");
    });
    rest += decoder.decode(value ?? new Uint8Array(), { stream: !done });
    const parts = rest.split("\n");
    rest = parts.pop();
    for (const part of parts) if (part) yield JSON.parse(part);
    if (done) return;
  }
}

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// What the user does.

function say(message) {
  $("status").textContent = message;
}

function showButtons() {
  const isSpeaking = state.speech !== null;
  $("pause").disabled = $("stop").disabled = !isSpeaking;
  $("pause").textContent = "Pause";
}

async function attempt(step) {
  $("error").textContent = "";
  try {
    await step();
  } catch (error) {
    if (error.name === "AbortError") return;
    state.speech?.close();
    say("");
    $("error").textContent = error.message;
  }
}

function speak() {
  state.speech?.close();
  return attempt(async () => {
    const speech = new Speech(body("pcm"), currentVoice().sample_rate);
    state.speech = speech;
    $("heard").hidden = false;
    showButtons();
    say("Speaking…");
    await speech.run();
  });
}

async function pause() {
  const { context } = state.speech;
  const isRunning = context.state === "running";
  await (isRunning ? context.suspend() : context.resume());
  $("pause").textContent = isRunning ? "Go on" : "Pause";
  say(isRunning ? "Paused." : "Speaking…");
}

function download() {
  const button = $("download");
  button.disabled = true;
  return attempt(async () => {
    const format = $("format").value;
    say(`Making the ${format} file…`);
    const response = await post("/v1/audio/speech", body(format));
    const content = await response.blob().catch((error) => {
      throw failure(error, "The server ended before the file was complete. Its log says why.");
    });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content);
    link.download = `speech.${format}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    say(`The file speech.${format} is complete.`);
  }).finally(() => { button.disabled = false; });
}

function open(file) {
  return attempt(async () => {
    say(`Reading ${file.name}…`);
    const path = `/v1/documents?name=${encodeURIComponent(file.name)}`;
    const document = await (await request(path, { method: "POST", body: file })).json();
    state.chapters = document.chapters;
    fill($("chapter"), document.chapters.map((chapter, index) => [index, `${index + 1}. ${chapter.title}`]));
    $("chapter-field").hidden = document.chapters.length < 2;
    $("text").value = document.chapters[0].text;
    say(`${document.title ?? file.name}: ${document.chapters.length} chapter${document.chapters.length > 1 ? "s" : ""}.`);
  });
}

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  $("theme").setAttribute("aria-pressed", String(theme === "dark"));
  localStorage.setItem("theme", theme);
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

function start() {
  const theme = localStorage.getItem("theme");
  if (theme) setTheme(theme);
  $("theme").setAttribute("aria-pressed", String(isDark()));
  $("theme").addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
  $("speech").addEventListener("submit", (event) => { event.preventDefault(); speak(); });
  $("pause").addEventListener("click", pause);
  $("stop").addEventListener("click", () => { state.speech?.close(); say("Stopped."); });
  $("download").addEventListener("click", download);
  $("voice").addEventListener("change", showVoice);
  $("speed").addEventListener("input", () => { $("speed-value").textContent = Number($("speed").value).toFixed(2); });
  $("pitch").addEventListener("input", () => { $("pitch-value").textContent = `${$("pitch").value} semitones`; });
  $("file").addEventListener("change", () => {
    const [file] = $("file").files;
    // Else the same file could not be opened again.
    if (file) open(file).finally(() => { $("file").value = ""; });
  });
  $("chapter").addEventListener("change", () => { $("text").value = state.chapters[$("chapter").value].text; });
  $("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    sessionStorage.setItem("key", $("key").value);
    $("key-form").hidden = true;
    attempt(loadVoices);
  });
  // Anywhere on the page: a browser would leave it to show a file that misses the card. Text is dragged as ever.
  const { classList } = $("drop");
  const hasFile = (event) => event.dataTransfer.types.includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    classList.add("over");
  });
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) classList.remove("over"); });
  document.addEventListener("drop", (event) => {
    classList.remove("over");
    if (!hasFile(event)) return;
    event.preventDefault();
    if (event.dataTransfer.files[0]) open(event.dataTransfer.files[0]);
  });
  attempt(loadVoices);
}

start();
