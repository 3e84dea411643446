// A mel spectrogram on a canvas, drawn while samples arrive.

const SIZE = 1024;
const HOP = 256;
const BANDS = 80;
const HIGHEST = 8000;
const SECONDS = 20;

export class MelPicture {
  // Draws up to SECONDS of samples at `rate` Hz; a longer speech moves to the left.
  constructor(canvas, rate) {
    this.canvas = canvas;
    this.paint = canvas.getContext("2d");
    this.paint.fillRect(0, 0, canvas.width, canvas.height);
    this.rest = new Float32Array(0);
    this.column = 0;
    this.width = canvas.width / ((SECONDS * rate) / HOP);
    this.bands = bandsOf(rate);
    this.window = Float32Array.from({ length: SIZE }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / SIZE));
  }

  add(samples) {
    const all = new Float32Array(this.rest.length + samples.length);
    all.set(this.rest);
    all.set(samples, this.rest.length);
    let start = 0;
    for (; start + SIZE <= all.length; start += HOP) this.draw(all.subarray(start, start + SIZE));
    this.rest = all.slice(start);
  }

  draw(frame) {
    const { canvas, paint, width } = this;
    if ((this.column + 1) * width > canvas.width) {
      const shift = Math.ceil(canvas.width / 4);
      paint.drawImage(canvas, -shift, 0);
      paint.fillStyle = "#000";
      paint.fillRect(canvas.width - shift, 0, shift, canvas.height);
      this.column -= shift / width;
    }
    const power = powers(frame, this.window);
    const height = canvas.height / BANDS;
    this.bands.forEach((weights, band) => {
      let sum = 0;
      for (const [bin, weight] of weights) sum += weight * power[bin];
      const level = Math.min(Math.max((10 * Math.log10(sum + 1e-10) + 60) / 80, 0), 1);
      paint.fillStyle = `hsl(${260 - 220 * level} 80% ${4 + 60 * level}%)`;
      paint.fillRect(this.column * width, canvas.height - (band + 1) * height, width + 0.6, height + 0.6);
    });
    this.column += 1;
  }
}

// Triangular bands, equally wide in mel (2595 log10(1 + f / 700)); each a list of bins and weights.
function bandsOf(rate) {
  const mel = (hertz) => 2595 * Math.log10(1 + hertz / 700);
  const hertz = (value) => 700 * (10 ** (value / 2595) - 1);
  const highest = mel(Math.min(HIGHEST, rate / 2));
  const edges = Array.from({ length: BANDS + 2 }, (_, i) => (hertz((highest * i) / (BANDS + 1)) * SIZE) / rate);
  return Array.from({ length: BANDS }, (_, band) => {
    const [low, middle, high] = edges.slice(band, band + 3);
    const weights = [];
    for (let bin = Math.floor(low); bin <= Math.ceil(high); bin++) {
      const weight = Math.min((bin - low) / (middle - low), (high - bin) / (high - middle));
      if (weight > 0) weights.push([bin, weight]);
    }
    return weights.length ? weights : [[Math.round(middle), 1]];
  });
}

// The power of each frequency of a frame: a radix-2 Fourier transform in place.
function powers(frame, window) {
  const real = frame.map((sample, i) => sample * window[i]);
  const imaginary = new Float32Array(SIZE);
  for (let i = 1, j = 0; i < SIZE; i++) {
    let bit = SIZE >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [real[i], real[j]] = [real[j], real[i]];
  }
  for (let length = 2; length <= SIZE; length *= 2) {
    const step = (-2 * Math.PI) / length;
    for (let k = 0; k < length / 2; k++) {
      const cosine = Math.cos(step * k);
      const sine = Math.sin(step * k);
      for (let i = k; i < SIZE; i += length) {
        const j = i + length / 2;
        const x = real[j] * cosine - imaginary[j] * sine;
        const y = real[j] * sine + imaginary[j] * cosine;
        real[j] = real[i] - x;
        imaginary[j] = imaginary[i] - y;
        real[i] += x;
        imaginary[i] += y;
      }
    }
  }
  return Float32Array.from({ length: SIZE / 2 + 1 }, (_, i) => real[i] ** 2 + imaginary[i] ** 2);
}
