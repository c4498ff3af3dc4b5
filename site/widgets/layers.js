/* Shapes and costs of layers written as PyTorch writes them. No page needed:
   node runs it in the tests, which compare it with d2lmini.summary. */
'use strict';
globalThis.d2l ??= {};
{
  const DEEPEST = 100; // brackets in brackets
  const product = list => list.reduce((a, b) => a * b, 1);

  /* What a layer says that cannot be: reason is the name of a text. */
  class Fault extends Error {
    constructor(reason, values = {}) { super(reason); Object.assign(this, { reason, values }); }
  }

  // Reading: lists of calls { name, args, named, line }

  function tokens(text) {
    const found = [];
    text.split('\n').forEach((line, i) => {
      for (const [token] of line.replace(/#.*/, '').matchAll(/[A-Za-z_][\w.]*|-?[\d.]+(?:e-?\d+)?|'[^']*'|"[^"]*"|\S/g)) {
        found.push({ token, line: i + 1 });
      }
    });
    return found;
  }

  class Reader {
    constructor(text) { this.tokens = tokens(text); this.at = 0; this.depth = 0; }

    peek(k = 0) { return this.tokens[this.at + k]?.token; }

    fail() { throw Object.assign(new Fault('syntax'), { line: (this.tokens[this.at] ?? this.tokens.at(-1)).line, layer: this.peek() ?? '' }); }

    take(wanted) {
      if (this.at >= this.tokens.length || (wanted && this.peek() !== wanted)) this.fail();
      return this.tokens[this.at++].token;
    }

    /* The lines of a net: its labels, '(0): ', and 'net = ' are skipped. */
    all() {
      const calls = [];
      while (this.at < this.tokens.length) {
        if (this.peek() === ',') this.at += 1;
        else if (this.peek(1) === '=') this.at += 2;
        else {
          const call = this.value();
          if (!call?.name) { this.at -= 1; this.fail(); }
          calls.push(call);
        }
      }
      return calls;
    }

    value() {
      if (this.peek() === '(' && this.peek(2) === ')' && this.peek(3) === ':') this.at += 4;
      const token = this.peek();
      if (token === '(' || token === '[') {
        this.at += 1;
        return this.until(token === '(' ? ')' : ']').args;
      }
      const { line } = this.tokens[this.at] ?? {};
      this.take();
      if (/^-?[\d.]/.test(token)) return Number(token);
      if (/^['"]/.test(token)) return token.slice(1, -1);
      if (token in CONSTANTS) return CONSTANTS[token];
      if (!/^[A-Za-z_]/.test(token)) { this.at -= 1; this.fail(); }
      const name = token.split('.').at(-1);
      if (this.peek() !== '(') return { name, args: [], named: {}, line, bare: true };
      this.at += 1;
      return { name, line, ...this.until(')') };
    }

    until(end) {
      const args = [], named = {};
      this.depth += 1;
      if (this.depth > DEEPEST) throw Object.assign(new Fault('deep', { most: DEEPEST }), { line: this.tokens[this.at - 1].line, layer: '(' });
      while (this.peek() !== end) {
        if (this.peek() === ',') { this.at += 1; continue; }
        if (this.peek(1) === '=') {
          const name = this.take();
          this.at += 1;
          named[name] = this.value();
        } else args.push(this.value());
      }
      this.take(end);
      this.depth -= 1;
      return { args, named };
    }
  }
  const CONSTANTS = { True: true, False: false, None: null };

  // Layers: their arguments in PyTorch's order, and what they do to a shape

  const pair = value => (Array.isArray(value) ? value : [value, value]);

  function check(name, values, least) {
    for (const value of values) {
      if (!Number.isInteger(value) || value < least) throw new Fault('argument', { name, value });
    }
  }

  function axes(shape, ...wanted) {
    if (!wanted.includes(shape.length)) throw new Fault('dimensions', { wanted: wanted.join(' / '), shape: `(${shape.join(', ')})` });
  }

  function channels(shape, wanted) {
    if (shape[1] !== wanted) throw new Fault('channels', { wanted, got: shape[1], shape: `(${shape.join(', ')})` });
  }

  function conv(shape, a) {
    axes(shape, 4);
    channels(shape, a.in_channels);
    for (const count of [a.in_channels, a.out_channels]) {
      if (count % a.groups) throw new Fault('groups', { channels: count, groups: a.groups });
    }
    const kernel = pair(a.kernel_size), stride = pair(a.stride), dilation = pair(a.dilation);
    check('kernel_size', kernel, 1); check('stride', stride, 1); check('dilation', dilation, 1);
    const spans = kernel.map((k, i) => dilation[i] * (k - 1) + 1);
    if (a.padding === 'same' && Math.max(...stride) > 1) throw new Fault('same');
    const twice = a.padding === 'same' ? spans.map(span => span - 1)
      : a.padding === 'valid' ? [0, 0] : pair(a.padding).map(p => 2 * p);
    check('padding', twice.map(p => p / (a.padding === 'same' ? 1 : 2)), 0);
    const sides = shape.slice(2).map((n, i) => {
      if (spans[i] > n + twice[i]) throw new Fault('fit', { span: spans[i], room: n + twice[i] });
      return Math.floor((n + twice[i] - spans[i]) / stride[i]) + 1;
    });
    const weights = a.in_channels / a.groups * product(kernel);
    const output = [shape[0], a.out_channels, ...sides];
    return [output, a.out_channels * (weights + Boolean(a.bias)), product(output) * weights];
  }

  function transposed(shape, a) {
    axes(shape, 4);
    channels(shape, a.in_channels);
    for (const count of [a.in_channels, a.out_channels]) {
      if (count % a.groups) throw new Fault('groups', { channels: count, groups: a.groups });
    }
    check('kernel_size', pair(a.kernel_size), 1); check('stride', pair(a.stride), 1);
    const [kernel, stride, padding, extra, dilation] = ['kernel_size', 'stride', 'padding', 'output_padding', 'dilation'].map(name => pair(a[name]));
    const sides = shape.slice(2).map((n, i) => (n - 1) * stride[i] - 2 * padding[i] + dilation[i] * (kernel[i] - 1) + extra[i] + 1);
    if (Math.min(...sides) < 1) throw new Fault('empty', { shape: `(${sides.join(', ')})` });
    const weights = a.out_channels / a.groups * product(kernel);
    return [[shape[0], a.out_channels, ...sides], a.in_channels * weights + (a.bias ? a.out_channels : 0), product(shape) * weights];
  }

  function pool(shape, a) {
    axes(shape, 3, 4);
    const kernel = pair(a.kernel_size), stride = pair(a.stride ?? a.kernel_size);
    const padding = pair(a.padding), dilation = pair(a.dilation ?? 1);
    check('kernel_size', kernel, 1); check('stride', stride, 1); check('padding', padding, 0);
    const sides = shape.slice(-2).map((n, i) => {
      if (padding[i] > kernel[i] / 2) throw new Fault('padding', { padding: padding[i], kernel: kernel[i] });
      const span = dilation[i] * (kernel[i] - 1) + 1, room = n + 2 * padding[i];
      let size = Math.floor((room - span) / stride[i]) + 1;
      if (a.ceil_mode && (room - span) % stride[i] && size * stride[i] < n + padding[i]) size += 1;
      if (size < 1) throw new Fault('fit', { span, room });
      return size;
    });
    return [[...shape.slice(0, -2), ...sides], 0, 0];
  }

  function adaptive(shape, a) {
    axes(shape, 3, 4);
    check('output_size', pair(a.output_size).filter(n => n !== null), 1);
    return [[...shape.slice(0, -2), ...pair(a.output_size).map((n, i) => n ?? shape.at(i - 2))], 0, 0];
  }

  function norm(...wanted) {
    return (shape, a) => {
      axes(shape, ...wanted);
      channels(shape, a.num_features);
      if (a.num_groups && a.num_features % a.num_groups) throw new Fault('groups', { channels: a.num_features, groups: a.num_groups });
      return [shape, a.affine ? a.num_features * (1 + Boolean(a.bias)) : 0, 0];
    };
  }

  function linear(shape, a) {
    if (shape.at(-1) !== a.in_features) throw new Fault('features', { wanted: a.in_features, got: shape.at(-1), shape: `(${shape.join(', ')})` });
    const output = [...shape.slice(0, -1), a.out_features];
    return [output, a.out_features * (a.in_features + Boolean(a.bias)), product(output) * a.in_features];
  }

  const SPLIT = 'kernel_size stride=1 padding=0';
  const POOL = 'kernel_size stride=None padding=0';
  const LAYERS = {
    Conv2d: [`in_channels out_channels ${SPLIT} dilation=1 groups=1 bias=True`, conv],
    LazyConv2d: [`out_channels ${SPLIT} dilation=1 groups=1 bias=True`, (shape, a) => conv(shape, { ...a, in_channels: shape[1] })],
    ConvTranspose2d: [`in_channels out_channels ${SPLIT} output_padding=0 groups=1 bias=True dilation=1`, transposed],
    MaxPool2d: [`${POOL} dilation=1 return_indices=False ceil_mode=False`, pool],
    AvgPool2d: [`${POOL} ceil_mode=False count_include_pad=True`, pool],
    AdaptiveAvgPool2d: ['output_size', adaptive], AdaptiveMaxPool2d: ['output_size', adaptive],
    BatchNorm2d: ['num_features eps=0 momentum=0 affine=True track_running_stats=True bias=True', norm(4)],
    BatchNorm1d: ['num_features eps=0 momentum=0 affine=True track_running_stats=True bias=True', norm(2, 3)],
    GroupNorm: ['num_groups num_features eps=0 affine=True bias=True', norm(2, 3, 4)],
    Linear: ['in_features out_features bias=True', linear],
    LazyLinear: ['out_features bias=True', (shape, a) => linear(shape, { ...a, in_features: shape.at(-1) })],
    Flatten: ['start_dim=1', (shape, a) => shape.length > a.start_dim && [[...shape.slice(0, a.start_dim), product(shape.slice(a.start_dim))], 0, 0]],
    Upsample: ['size=None scale_factor=1', (shape, a) => [[shape[0], shape[1], ...(a.size ? pair(a.size)
      : shape.slice(2).map((n, i) => Math.floor(n * pair(a.scale_factor)[i])))], 0, 0]],
  };
  for (const name of ['ReLU', 'LeakyReLU', 'GELU', 'SiLU', 'Sigmoid', 'Tanh', 'ELU', 'Softmax', 'Dropout', 'Dropout2d', 'Identity']) {
    LAYERS[name] = [null, shape => [shape, 0, 0]];
  }

  // The book's blocks, by the arguments that d2lmini gives them

  const conv_bn = (i, o, k, s = 1) => `Conv2d(${i}, ${o}, ${k}, ${s}, ${k >> 1}, bias=False) BatchNorm2d(${o})`;
  const conv_relu = (i, o, k, s, bn) => (bn ? `${conv_bn(i, o, k, s)} ReLU()` : `Conv2d(${i}, ${o}, ${k}, ${s}, ${k >> 1}) ReLU()`);
  const shortcut = (i, o, u, s) => (u || s > 1 || i !== o ? conv_bn(i, o, 1, s) : 'Identity()');
  const repeat = (count, f) => Array.from({ length: count }, (_, i) => f(i)).join(' ');
  const IO = 'in_channels out_channels';
  const BLOCKS = {
    conv_bn: [`${IO} kernel_size stride=1`, conv_bn],
    conv_relu: [`${IO} kernel_size stride=1 batch_norm=True`, conv_relu],
    Residual: [`${IO} use_1x1conv=False strides=1`, (i, o, u, s) => `AddReLU(Sequential(${conv_bn(i, o, 3, s)} ReLU() ${conv_bn(o, o, 3)}) Sequential(${shortcut(i, o, u, s)}))`],
    Bottleneck: [`${IO} use_1x1conv=False strides=1`, (i, o, u, s) => `AddReLU(Sequential(${conv_bn(i, o / 4, 1)} ReLU() ${conv_bn(o / 4, o / 4, 3, s)} ReLU()
      ${conv_bn(o / 4, o, 1)}) Sequential(${shortcut(i, o, u, s)}))`],
    Inception: ['in_channels c1 c2 c3 c4 kernel_size=5 batch_norm=False', (i, a, b, c, d, k, bn) => {
      const conv = (...sizes) => `Sequential(${conv_relu(...sizes, 1, bn)})`;
      return `Concat(${conv(i, a, 1)} Sequential(${conv(i, b[0], 1)} ${conv(...b, 3)}) Sequential(${conv(i, c[0], 1)} ${conv(...c, k)})
      Sequential(MaxPool2d(3, 1, 1) ${conv(i, d, 1)}))`;
    }],
    DenseLayer: ['in_channels growth_rate bottleneck=4', (i, k, b) => `Concat(Sequential() Sequential(BatchNorm2d(${i}) ReLU()
      Conv2d(${i}, ${b * k}, 1, bias=False) BatchNorm2d(${b * k}) ReLU() Conv2d(${b * k}, ${k}, 3, padding=1, bias=False)))`],
    dense_block: ['num_layers in_channels growth_rate', (n, i, k) => repeat(n, l => `DenseLayer(${i + l * k}, ${k})`)],
    transition: [IO, (i, o) => `BatchNorm2d(${i}) ReLU() Conv2d(${i}, ${o}, 1, bias=False) AvgPool2d(2)`],
    vgg_block: [`num_convs ${IO}`, (n, i, o) => `${repeat(n, l => `Conv2d(${l ? o : i}, ${o}, 3, padding=1) ReLU()`)} MaxPool2d(2)`],
  };

  /* The layers that a block stands for. */
  function unfold(call) {
    const [signature, f] = BLOCKS[call.name], values = assign(signature, call);
    for (const [name, value] of Object.entries(values)) {
      if (/^(use|batch)_/.test(name)) continue; // True or False
      check(name, /c[23]$/.test(name) ? Array.from({ length: 2 }, (_, i) => value?.[i]) : [value], 1);
      if (/^num/.test(name) && value > 99) throw new Fault('argument', { name, value });
    }
    return new Reader(f(...Object.values(values))).all().map(item => ({ ...item, line: call.line }));
  }

  /* Bring the values of a call into an object, by PyTorch's order of names. */
  function assign(signature, { args, named }) {
    const values = {};
    signature.split(' ').forEach((part, i) => {
      const [name, otherwise] = part.split('=');
      const given = named[name] ?? (named[name] === null ? null : args[i]);
      if (given === undefined && otherwise === undefined) throw new Fault('missing', { name });
      values[name] = given !== undefined ? given : otherwise in CONSTANTS ? CONSTANTS[otherwise] : Number(otherwise);
      if (/channels|features|groups/.test(name) && otherwise !== 'None') check(name, [values[name]], 1);
    });
    return values;
  }

  /* How many letters must be changed, put in or left out; capitals count little. */
  function distance(a, b) {
    let row = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        const same = a[i - 1] === b[j - 1] ? 0 : a[i - 1].toLowerCase() === b[j - 1].toLowerCase() ? 0.1 : 1;
        next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + same));
      }
      row = next;
    }
    return row[b.length];
  }

  /* A layer that is not known, with the known one that is most like it. */
  function unknown(name) {
    const known = [...Object.keys(LAYERS), ...Object.keys(BLOCKS), 'Sequential', 'Add', 'Concat'];
    const [near, far] = known.map(one => [one, distance(name.slice(0, 40), one)]).sort((a, b) => a[1] - b[1])[0];
    return far <= Math.max(1, near.length / 3) ? new Fault('misspelt', { near }) : new Fault('unknown');
  }

  /* Send a shape through calls; rows takes a row for each layer. */
  function send(calls, shape, rows) {
    for (const call of calls) {
      try {
        shape = sendOne(call, shape, rows);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        throw Object.assign(error, { line: error.line ?? call?.line ?? 1, layer: error.layer ?? value(call) });
      }
    }
    return shape;
  }

  function sendOne(call, shape, rows) {
    if (!call?.name) throw new Fault('syntax');
    const { name, args } = call, own = Object.hasOwn(LAYERS, name);
    const add = (output, parameters, multiplyAdds, given = 1) => {
      rows.push({ kind: name, shape: output, parameters, multiplyAdds, memory: 4 * given * product(output) });
      return output;
    };
    if (call.bare) throw own ? new Fault('syntax') : unknown(name);
    if (name === 'Sequential') return send(args, shape, rows);
    if (/^(Add|AddReLU|Concat)$/.test(name)) return add(join(name.replace('ReLU', ''), args.map(branch => send([branch], shape, rows))), 0, 0, name === 'AddReLU' ? 2 : 1);
    if (Object.hasOwn(BLOCKS, name)) return send(unfold(call), shape, rows);
    if (!own) throw unknown(name);
    const [signature, f] = LAYERS[name];
    const done = f(shape, signature && assign(signature, call));
    if (!done || done[0].some(n => !(n >= 1))) throw new Fault('dimensions', { wanted: '2+', shape: `(${shape.join(', ')})` });
    // A view, the input itself, and what is written over it take no memory.
    const none = /^(Flatten|Identity|Dropout)/.test(name) || (!signature && [...args, ...Object.values(call.named)].includes(true));
    return add(...done, none ? 0 : 1);
  }

  /* The shape of branches added up, or side by side as channels. */
  function join(name, shapes) {
    if (!shapes.length) throw new Fault('syntax');
    const [first, ...others] = shapes, key = shape => String(name === 'Add' ? shape : [shape[0], ...shape.slice(2)]);
    if (others.some(shape => key(shape) !== key(first))) {
      throw new Fault(name.toLowerCase(), { shapes: shapes.map(shape => `(${shape.join(', ')})`).join(' ') });
    }
    return name === 'Add' ? first : [first[0], shapes.reduce((sum, shape) => sum + shape[1], 0), ...first.slice(2)];
  }

  const value = v => (Array.isArray(v) ? `(${v.map(value).join(', ')})` : v?.name ? v.bare ? v.name : tell(v)
    : v === true ? 'True' : v === false ? 'False' : v === null ? 'None' : String(v));

  /* A call as a line of text. */
  const tell = ({ name, args = [], named = {} }) => `${name}(${[...args.map(value),
    ...Object.entries(named).map(([key, v]) => `${key}=${value(v)}`)].join(', ')})`;

  /* The table of a net: { lines, rows, shape, fault }. A line sums its rows. */
  function calculate(text, shape) {
    const result = { lines: [], rows: [], shape };
    try {
      if (!shape.length || shape.some(n => !Number.isInteger(n) || n < 1)) throw Object.assign(new Fault('shape'), { line: 0 });
      let calls = new Reader(text).all();
      if (calls.length === 1 && calls[0].name === 'Sequential') calls = calls[0].args;
      else if (calls.length === 1 && calls[0].args?.[0]?.name && !(calls[0].name in BLOCKS) && !/Add|Concat/.test(calls[0].name)) calls = calls[0].args;
      for (const call of calls) {
        const rows = [];
        result.shape = send([call], result.shape, rows);
        const sum = key => rows.reduce((total, row) => total + row[key], 0);
        result.rows.push(...rows);
        result.lines.push({ line: call.line, text: tell(call), shape: result.shape,
          parameters: sum('parameters'), multiplyAdds: sum('multiplyAdds'), memory: sum('memory') });
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      result.fault = { line: error.line, layer: error.layer, reason: error.reason, values: error.values };
    }
    return result;
  }

  // The six networks of the book, at their full size

  const lines = text => text.trim().replace(/\n\s+/g, '\n');
  const end = features => `AdaptiveAvgPool2d(1)\nFlatten()\nLinear(${features}, 1000)`;
  const stem = 'Conv2d(3, 64, 7, stride=2, padding=3, bias=False)\nBatchNorm2d(64)\nReLU()';
  const PRESETS = {
    LeNet: [[1, 1, 28, 28], lines(`Conv2d(1, 6, kernel_size=5, padding=2)
      Sigmoid()
      AvgPool2d(kernel_size=2, stride=2)
      Conv2d(6, 16, kernel_size=5)
      Sigmoid()
      AvgPool2d(kernel_size=2, stride=2)
      Flatten()
      Linear(400, 120)
      Sigmoid()
      Linear(120, 84)
      Sigmoid()
      Linear(84, 10)`)],
    AlexNet: [[1, 3, 224, 224], lines(`Conv2d(3, 64, 11, stride=4, padding=2)
      ReLU()
      MaxPool2d(3, stride=2)
      Conv2d(64, 192, 5, padding=2)
      ReLU()
      MaxPool2d(3, stride=2)
      Conv2d(192, 384, 3, padding=1)
      ReLU()
      Conv2d(384, 256, 3, padding=1)
      ReLU()
      Conv2d(256, 256, 3, padding=1)
      ReLU()
      MaxPool2d(3, stride=2)
      AdaptiveAvgPool2d(6)
      Flatten()
      Dropout(0.5)
      Linear(9216, 4096)
      ReLU()
      Dropout(0.5)
      Linear(4096, 4096)
      ReLU()
      Linear(4096, 1000)`)],
    'VGG-11': [[1, 3, 224, 224], lines(`vgg_block(1, 3, 64)
      vgg_block(1, 64, 128)
      vgg_block(2, 128, 256)
      vgg_block(2, 256, 512)
      vgg_block(2, 512, 512)
      AdaptiveAvgPool2d(7)
      Flatten()
      Linear(25088, 4096)
      ReLU()
      Dropout(0.5)
      Linear(4096, 4096)
      ReLU()
      Dropout(0.5)
      Linear(4096, 1000)`)],
    GoogLeNet: [[1, 3, 224, 224], lines(`conv_relu(3, 64, 7, stride=2)
      MaxPool2d(3, stride=2, ceil_mode=True)
      conv_relu(64, 64, 1)
      conv_relu(64, 192, 3)
      MaxPool2d(3, stride=2, ceil_mode=True)
      Inception(192, 64, (96, 128), (16, 32), 32, kernel_size=3, batch_norm=True)
      Inception(256, 128, (128, 192), (32, 96), 64, kernel_size=3, batch_norm=True)
      MaxPool2d(3, stride=2, ceil_mode=True)
      Inception(480, 192, (96, 208), (16, 48), 64, kernel_size=3, batch_norm=True)
      Inception(512, 160, (112, 224), (24, 64), 64, kernel_size=3, batch_norm=True)
      Inception(512, 128, (128, 256), (24, 64), 64, kernel_size=3, batch_norm=True)
      Inception(512, 112, (144, 288), (32, 64), 64, kernel_size=3, batch_norm=True)
      Inception(528, 256, (160, 320), (32, 128), 128, kernel_size=3, batch_norm=True)
      MaxPool2d(2, stride=2, ceil_mode=True)
      Inception(832, 256, (160, 320), (32, 128), 128, kernel_size=3, batch_norm=True)
      Inception(832, 384, (192, 384), (48, 128), 128, kernel_size=3, batch_norm=True)
      AdaptiveAvgPool2d(1)
      Flatten()
      Dropout(0.2)
      Linear(1024, 1000)`)],
    'ResNet-18': [[1, 3, 224, 224], lines(`${stem}
      MaxPool2d(3, stride=2, padding=1)
      Residual(64, 64)
      Residual(64, 64)
      Residual(64, 128, strides=2)
      Residual(128, 128)
      Residual(128, 256, strides=2)
      Residual(256, 256)
      Residual(256, 512, strides=2)
      Residual(512, 512)
      ${end(512)}`)],
    'DenseNet-121': [[1, 3, 224, 224], lines(`${stem}
      MaxPool2d(3, stride=2, padding=1)
      dense_block(6, 64, 32)
      transition(256, 128)
      dense_block(12, 128, 32)
      transition(512, 256)
      dense_block(24, 256, 32)
      transition(1024, 512)
      dense_block(16, 512, 32)
      BatchNorm2d(1024)
      ReLU()
      ${end(1024)}`)],
  };

  Object.assign(d2l, { calculate, PRESETS });
}
