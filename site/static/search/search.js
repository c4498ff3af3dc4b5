/* Search by section: what readers write becomes words of the book, and the
   sections that tell most of them come first. Also from file://, and nothing
   is sent.

   A query is a list of wishes: words, or phrases of words.js, each with all
   ways to say it, the reader's and the book's. A section gains by each wish
   that it grants: more by a rare word than by a frequent one, more where its
   title names the word than where its text mentions it, and in full only if it
   grants all wishes. The gain is doubled where the section is named like what
   was asked for, and doubled where it has the reader's words side by side. */
'use strict';
{
  const MOST = 30, CLOSER = 100; // results shown, and looked at more closely
  const TELLS = { title: 1, bold: .5, page: .5, text: .15, further: .1 }; // what a word tells in a field
  const KINDS = { 'chapters/': 1, 'exercises/solutions': .1, 'exercises/': .25, 'appendix/glossary': .4, 'appendix/': .5, '': .3 };
  const FOR_MESSAGES = { symptom: 3, case: 2, mistake: 2 }, FOR_WORDS = { mistake: .5 };
  const SIGNS = { '×': 'x', '✕': 'x', '−': '-', '–': '-', '’': "'", 'ß': 'ss' };
  const HAN = /\p{Script=Han}/u;

  const range = n => [...Array(n).keys()], sum = numbers => numbers.reduce((a, b) => a + b, 0);
  const add = (map, key, more) => map.set(key, (map.get(key) ?? 0) + more);
  const pairs = (words, between) => words.slice(1).map((word, i) => words[i] + between + word);
  const plain = text => text.normalize('NFKC').replace(/[×✕−–’ß]/g, sign => SIGNS[sign])
    .replace(/(\d)\s*[x*]\s*(?=\d)/gi, '$1x');

  /* Words in small letters, each with its parts: BatchNorm2d and batch_norm
     are batchnorm2d or batchnorm, and batch and norm. Chinese has no blanks, so
     every two signs that stand together are a word. */
  function names(text) {
    return [...plain(text).matchAll(/[\p{L}\p{N}_]+/gu)].flatMap(([word]) => {
      if (HAN.test(word)) return word.length < 2 ? [[word]] : pairs([...word], '').map(pair => [pair]);
      const parts = word.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase().split('_').filter(Boolean);
      return parts.length > 1 ? [[parts.join(''), ...parts.map(part => part.replace(/(?<=.)[123]d$/, ''))]] : [parts];
    }).filter(parts => parts.length);
  }

  const tokenize = text => names(text).flat();

  /* A function of a word that remembers what it gave. */
  function once(compute) {
    const known = new Map();
    return word => {
      if (!known.has(word)) known.set(word, compute(word));
      return known.get(word);
    };
  }

  /* One form of words that mean the same: clip, clips, clipping, clipped;
     freeze, freezing; quantize, quantisation. */
  const stem = once(word => {
    if (word.length < 4 || /\d/.test(word) || HAN.test(word)) return word;
    const bare = word.replace(/(?<=.{3}[^su])s$/, '').replace(/i[sz](?:ation|ing|ed|er|e)$/, 'iz')
      .replace(/(?<=[aeiouy].*[^e])(?:ing|ed)$/, '').replace(/(?<=..)([^aeiousl])\1$/, '$1');
    return bare.replace(/(?<=.{3})e$/, '');
  });

  const stems = text => tokenize(text).map(stem);
  const stop = once(() => new Set(d2lWords.stop.map(stem))), telling = word => !stop().has(word);
  const phrases = once(() => new Map(Object.entries(d2lWords.synonyms).map(([key, words]) => [stems(key).join(' '), stems(words)])));

  /* What each word tells of which section, how often each of its forms is
     written, how rare it is, and for each section what a title names. */
  function makeIndex({ pages, sections }) {
    const told = new Map(), counts = new Map();
    const rows = sections.map(([page, anchor, title, text, bold, further], id) => {
      const [address, name] = pages[page], fields = { title, bold, page: anchor ? name : '', text, further };
      const words = [];
      for (const [field, tells] of Object.entries(TELLS)) {
        const here = new Map(), said = tokenize(fields[field]);
        for (const word of said) { add(counts, word, 1); add(here, stem(word), 1); }
        if (/title|text/.test(field)) words.push(...said.map(stem));
        for (const [word, n] of here) {
          if (!told.has(word)) told.set(word, new Map());
          add(told.get(word), id, tells * 2 * n / (n + 1));
        }
      }
      const kind = KINDS[Object.keys(KINDS).find(start => address.startsWith(start))];
      return { address, kind, part: anchor.split('-')[0], name: nameOf(title), words: ` ${words.join(' ')} ` };
    });
    return { told, counts, rows, rare: once(word => Math.log(1 + rows.length / (told.get(word)?.size ?? 1))) };
  }

  /* What a title names: its telling words, without numbers and stars, up to a
     colon that is followed by more. */
  function nameOf(title) {
    const name = title.replace(/^[\d.]+ | ★.*/g, '');
    return stems(/^Case \d/.test(name) ? name.replace(/.*?: /, '') : name.replace(/: .*/, '')).filter(telling);
  }

  /* How many letters differ; two that changed places count as one. More than
     most is as good as no likeness. */
  function distance(a, b, most) {
    let [before, last] = [[], range(b.length + 1)];
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++) {
        row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] !== b[j - 1]));
        if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
      }
      if (Math.min(...row) > most) return Infinity;
      [before, last] = [last, row];
    }
    return last[b.length];
  }

  /* A word that the book does not have, as the book spells it: all words that
     begin so, or two words written as one, or the nearest word, and of several
     that are as near the most frequent. */
  function correct(word, counts) {
    if (word.length < 3 || /^\d/.test(word) || HAN.test(word)) return [];
    const longer = [...counts.keys()].filter(known => known.startsWith(word));
    if (longer.length) return longer.map(known => [known]);
    const two = range(word.length).map(i => [word.slice(0, i), word.slice(i)]);
    const known = two.find(parts => parts.every(part => part.length > 2 && counts.get(part) > 2));
    if (known) return [known];
    const most = word.length > 7 ? 2 : word.length > 3 ? 1 : 0;
    let best = [Infinity, 0];
    for (const [known, count] of counts) {
      if (Math.abs(known.length - word.length) > most) continue;
      const off = distance(word, known, most) + (known[0] !== word[0]) / 2;
      if (off <= most && (off < best[0] || off === best[0] && count > best[1])) best = [off, count, known];
    }
    return best[2] ? [[best[2]]] : [];
  }

  /* Chinese terms in the words of the book, the longest first; two signs that
     are left are read as the shortest term that begins with them. */
  function translate(text) {
    const words = { ...d2lSections.chinese, ...d2lWords.chinese }, terms = Object.keys(words).sort((a, b) => b.length - a.length);
    const rest = terms.reduce((rest, term) => rest.replaceAll(term, ` ${words[term]} `), text);
    return rest.replace(/\p{Script=Han}{2}/gu, two => ` ${words[terms.findLast(term => term.startsWith(two))] ?? two} `);
  }

  /* The wishes of a query, and its words in a row. Of a long message only what
     stands behind the last "Error: " says what happened. */
  function read(text, { counts, told }) {
    const spell = once(word => (told.get(stem(word))?.size > 2 || phrases().has(stem(word)) ? [] : correct(word, counts)));
    const last = /.*\b(\w+(?:Error|Exception|Warning): .*)/s.exec(text)?.[1] ?? text;
    const said = names(translate(plain(last))).flatMap(([word, ...parts]) => {
      const ways = parts.length ? [] : spell(word);
      return ways.length === 1 ? ways[0].map(one => [one]) : [[word, ...parts]];
    });
    const words = said.map(([word]) => word), wanted = words.map(stem).some(telling) ? telling : () => true, wishes = [];
    for (let i = 0, length; i < words.length; i += length) {
      const start = n => words.slice(i, i + n), joined = start(2).join('');
      length = [4, 3, 2].find(n => phrases().has(start(n).map(stem).join(' ')))
        ?? (joined.length > 5 && counts.has(joined) && i + 1 < words.length ? 2 : 1);
      const own = start(length).map(stem), other = phrases().get(own.join(' '));
      const ways = [own.filter(wanted), other ?? [], said[i].slice(1).map(stem), ...(length > 1 ? [[stem(joined)]] : spell(words[i]).map(way => way.map(stem)))];
      wishes.push(ways.filter(way => way.length));
    }
    return { wishes: wishes.filter(ways => ways.length), row: said.flat().map(stem) };
  }

  /* What each section gains by a wish, and how much of it is granted, by the
     best way to say it. */
  function grant(ways, { told, rare }) {
    const best = new Map();
    for (const way of ways) {
      const here = new Map();
      for (const word of way) {
        const worth = rare(word) / way.length ** .5;
        for (const [id, tells] of told.get(word) ?? []) {
          const { gain, granted } = here.get(id) ?? { gain: 0, granted: 0 };
          here.set(id, { gain: gain + worth * tells, granted: granted + worth });
        }
      }
      for (const [id, now] of here) if (!(best.get(id)?.gain >= now.gain)) best.set(id, now);
    }
    return best;
  }

  /* The sections that were asked for, best first. */
  function find(index, text) {
    const { rows, rare } = index, { wishes, row } = read(text, index), gains = new Map(), grants = new Map();
    for (const wish of wishes) for (const [id, { gain, granted }] of grant(wish, index)) { add(gains, id, gain); add(grants, id, granted); }
    const message = /error|exception|traceback|warning/i.test(text), task = /\b(exercise|question|solution|answer)s?\b/i.test(text);
    const place = ({ address, part, kind }) => kind * ((message ? FOR_MESSAGES : FOR_WORDS)[part] ?? 1) * (task && address.startsWith('exercises/') ? 9 : 1);
    const sorted = list => list.sort((a, b) => b.score - a.score), terms = new Set(wishes.flat(2)), beside = pairs(row, ' ');
    const share = (some, all, worth) => sum(some.map(worth)) / (sum(all.map(worth)) || 1);
    const weigh = pair => sum(pair.split(' ').map(rare));
    const near = sorted([...gains].map(([id, gain]) => ({ id, terms, score: gain * grants.get(id) * place(rows[id]) }))).slice(0, CLOSER);
    return sorted(near.map(one => {
      const { name, words } = rows[one.id];
      const named = share(name.filter(word => terms.has(word)), name, rare);
      const aside = share(beside.filter(pair => words.includes(` ${pair} `)), beside, weigh);
      return { ...one, score: one.score * (1 + named) * (1 + aside) };
    }));
  }

  /* The words around the first that was found, with all of them marked. */
  function excerpt(text, terms) {
    const places = [...text.matchAll(/[\p{L}\p{N}_]+/gu)];
    const hits = places.filter(([word]) => tokenize(word).some(part => terms.has(stem(part))));
    const start = Math.max(0, (hits[0]?.index ?? 0) - 80), from = start && text.indexOf(' ', start) + 1;
    const p = document.createElement('p');
    p.className = 'context';
    let end = from;
    for (const { 0: word, index } of hits) {
      if (index < from || index > from + 220) continue;
      const mark = document.createElement('span');
      mark.className = 'highlighted';
      mark.textContent = word;
      p.append((end === from && from ? '… ' : '') + text.slice(end, index), mark);
      end = index + word.length;
    }
    p.append(text.slice(end, Math.max(end, from + 240)), text.length > from + 240 ? ' …' : '');
    return p;
  }

  function show({ id, terms }, words, list) {
    const [page, anchor, title, text] = d2lSections.sections[id], [address, name] = d2lSections.pages[page];
    const item = document.createElement('li'), link = document.createElement('a'), where = document.createElement('small');
    const word = [...terms].find(term => words.includes(` ${term} `)) ?? '';
    const root = document.documentElement.dataset.content_root ?? '';
    link.href = root + address + (word && !HAN.test(word) ? `?highlight=${encodeURIComponent(word)}` : '') + (anchor && `#${anchor}`);
    where.textContent = anchor ? name : '';
    link.append(title, where);
    item.append(link, excerpt(text, terms));
    list.append(item);
  }

  function setUp() {
    const form = document.querySelector('.search-form'), field = form.q, results = document.getElementById('search-results');
    const progress = document.getElementById('search-progress'), start = document.title;
    let index, timer;
    const search = () => {
      const text = field.value.trim().slice(0, 2000), address = text ? `?q=${encodeURIComponent(text)}` : location.pathname;
      results.replaceChildren();
      history.replaceState(null, '', address);
      document.title = text ? `${text.slice(0, 40)} · ${start}` : start;
      if (!text) { progress.textContent = ''; return; }
      index ??= makeIndex(d2lSections);
      const found = find(index, text).slice(0, MOST), heading = document.createElement('h2'), list = document.createElement('ul');
      heading.textContent = 'Search Results';
      list.className = 'search';
      found.forEach(one => show(one, index.rows[one.id].words, list));
      results.append(heading, list);
      progress.textContent = found.length ? `${found.length === MOST ? `The ${MOST} best` : found.length} section${found.length === 1 ? '' : 's'} found.`
        : 'Nothing found: try fewer or other words, or one of the chapters.';
    };
    form.addEventListener('submit', event => { event.preventDefault(); clearTimeout(timer); search(); });
    field.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(search, 120); });
    document.addEventListener('keydown', event => move(event, field, results));
    const recall = () => { field.value = new URLSearchParams(location.search).get('q') ?? ''; };
    // WebKit keeps the page that one comes back to, but empties its field.
    addEventListener('pageshow', ({ persisted }) => persisted && setTimeout(recall));
    recall();
    if (field.value) search();
    else field.focus();
  }

  /* Up and down go from the field through the links and back. The slash goes
     to this field, not to that of the heading, which has no links below. */
  function move(event, field, results) {
    const free = !event.altKey && !event.ctrlKey && !event.metaKey;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], stops = [field, ...results.querySelectorAll('a')];
    const here = stops.indexOf(document.activeElement);
    if (event.key === 'Escape' && here > 0) field.focus();
    if (event.key === '/' && free && !document.activeElement.matches('input, button')) { event.preventDefault(); field.focus(); field.select(); }
    if (!step || here < 0 || !free) return;
    const next = stops[here + step];
    if (next) { event.preventDefault(); next.focus(); }
  }

  if (typeof document === 'object') setUp();
  else module.exports = { makeIndex, find, stem, distance, correct, translate };
}
