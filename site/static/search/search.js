/* Search by section: what readers write becomes words of the book, and
   MiniSearch finds the sections. Also from file://, and nothing is sent. */
'use strict';
{
  const MOST = 30, LONG = 6; // results shown; words from which a query is a pasted message
  const SIGNS = { '×': 'x', '✕': 'x', '−': '-', '–': '-', '’': "'", 'ß': 'ss' };
  const range = n => [...Array(n).keys()];
  const HAN = /\p{Script=Han}/u;

  const plain = text => text.normalize('NFKC').replace(/[×✕−–’ß]/g, sign => SIGNS[sign])
    .replace(/(\d)\s*[x*]\s*(?=\d)/gi, '$1x');

  /* Words in small letters; of BatchNorm2d and batch_norm also the parts. */
  function tokenize(text) {
    const words = [];
    for (const [word] of plain(text).matchAll(/[\p{L}\p{N}_]+/gu)) {
      const small = word.toLowerCase();
      if (HAN.test(word)) words.push(...pairs(word));
      else words.push(small.replaceAll('_', ''));
      const parts = word.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase().split('_').filter(Boolean);
      if (parts.length > 1) words.push(...parts);
    }
    return words;
  }

  /* Chinese has no blanks: every two signs that stand together are a word. */
  function pairs(word) {
    const signs = [...word];
    return signs.length < 2 ? signs : signs.slice(1).map((sign, i) => signs[i] + sign);
  }

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

  function makeIndex({ pages, sections }) {
    const index = new MiniSearch({ fields: ['title', 'joined', 'page', 'terms', 'text'], tokenize, processTerm: word => count(stem(word)), storeFields: ['weight', 'title'] });
    const counts = new Map(), count = word => { counts.set(word, (counts.get(word) ?? 0) + 1); return word; };
    index.addAll(sections.map(([page, anchor, title, text, terms, further], id) => ({ id, title, page: anchor ? pages[page][1] : '', terms, text: `${text} ${further}`, joined: join(title), weight: weigh(pages[page][0], title) })));
    return Object.assign(index, { counts });
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

  /* A word that the book does not have, as the book spells it: the nearest
     word, and of several that are as near the most frequent. */
  function correct(word, counts) {
    const form = stem(word), most = form.length > 7 ? 2 : 1;
    if (form.length < 4 || /\d/.test(form) || HAN.test(form) || counts.has(form)) return word;
    let best = [Infinity, 0, word];
    for (const [known, count] of counts) {
      if (known.startsWith(form)) return word;  // still being typed
      if (Math.abs(known.length - form.length) > most) continue;
      const off = distance(form, known, most) + (known[0] !== form[0]) / 2;
      if (off <= most && (off < best[0] || off === best[0] && count > best[1])) best = [off, count, known];
    }
    return best[2];
  }

  /* "batchnorm" finds "batch norm": two words of a title, written as one. */
  function join(title) {
    const words = tokenize(title);
    return words.slice(1).map((word, i) => words[i] + word).join(' ');
  }

  function weigh(address, title) {
    const kinds = { 'chapters/': 1.4, 'exercises/solutions': .3, 'exercises/': .5, 'appendix/glossary': .35, 'appendix/': .8 };
    const kind = Object.keys(kinds).find(start => address.startsWith(start));
    return (kinds[kind] ?? .6) * (/^(Summary|What goes wrong|Reading|Exercises)$/.test(title) ? .5 : 1);
  }

  /* What is looked for: the reader's words, spelt as the book does, and what
     the book calls them. */
  function read(text, counts) {
    const small = plain(text).toLowerCase().replace(/[-_]/g, ' '), also = [];
    let rest = small;
    for (const [sign, words] of Object.entries({ ...d2lSections.chinese, ...d2lWords.chinese }).sort(([a], [b]) => b.length - a.length)) {
      if (rest.includes(sign)) also.push(words);
      rest = rest.replaceAll(sign, ' ');
    }
    const spell = once(word => correct(word, counts));
    const spelt = [...tokenize(small).map(spell), ...also.flatMap(tokenize)];
    const phrase = ` ${spelt.map(stem).join(' ')} `, isSaid = key => phrase.includes(` ${tokenize(key).map(stem).join(' ')} `);
    also.push(...Object.entries(d2lWords.synonyms).filter(([key]) => isSaid(key)).map(([, words]) => words), ...signposts(text));
    const stop = new Set(d2lWords.stop), words = tokenize(rest).filter(word => !HAN.test(word)).map(word => (stop.has(word) ? word : spell(word)));
    const telling = words.filter(word => !stop.has(word));
    const signs = tokenize(rest).filter(word => HAN.test(word) && (counts.has(word) || !also.length));
    return { words: [...(telling.length || also.length ? telling : words), ...signs], also: also.flatMap(tokenize) };
  }

  /* Fuller matches first. */
  function find(index, text) {
    const { words, also } = read(text, index.counts), message = words.length > LONG || /(error|exception)\b/i.test(text);
    if (!words.length && !also.length) return [];
    const options = { boost: { title: 5, joined: 3, terms: 2, page: 1.5 }, combineWith: 'OR', tokenize: text => text.split(' '), processTerm: stem, boostDocument: (id, term, { weight }) => weight };
    const spelling = message ? {} : { prefix: term => term.length > 2 && !/^\d/.test(term) };
    const queries = [{ queries: [words.join(' ')], ...spelling, weights: { fuzzy: .35, prefix: .6 } }];
    if (also.length) queries.push({ queries: [also.join(' ')], boost: { title: 6, joined: 3, terms: 2, page: 2 } });
    const found = index.search({ combineWith: 'OR', queries }, options), wanted = new Set([...words, ...also].map(stem));
    const task = /\b(exercise|question|solution|answer)s?\b/i.test(text);
    return found.map(one => ({ ...one, score: one.score * coverage(one, wanted, index.counts) * titled(one, wanted, index.counts) * place(one.id, message, task) * phrase(one.id, words, wanted, text) })).sort((a, b) => b.score - a.score);
  }

  /* What part of what was asked for a section holds; rare words tell more. */
  function part(held, wanted, counts) {
    const sum = terms => terms.reduce((total, term) => total + Math.log(1 + counts.size / (counts.get(term) ?? 1)), 0);
    return sum([...wanted].filter(term => held.has(term))) / (sum([...wanted]) || 1);
  }

  const coverage = ({ queryTerms }, wanted, counts) => (.2 + part(new Set(queryTerms.map(stem)), wanted, counts)) ** 1.5;

  /* The same of its title, and of its title with its page's. */
  function titled({ id, title }, wanted, counts) {
    const page = d2lSections.pages[d2lSections.sections[id][0]][1], stems = text => tokenize(text).map(stem);
    return 1 + .4 * part(new Set(stems(title)), wanted, counts) + .6 * part(new Set(stems(`${title} ${page}`)), wanted, counts);
  }

  /* Words side by side, as the reader wrote them, count for more; so does a
     title that holds nothing else than what was asked for. */
  function phrase(id, words, wanted, query) {
    const [, , title, text] = d2lSections.sections[id], said = ` ${words.map(stem).join(' ')} `;
    const aside = words.length > 1 && ` ${tokenize(`${title} ${text}`).map(stem).join(' ')} `.includes(said);
    const name = nameOf(title), share = words.length > LONG ? 1 : Math.min(1, name.length / (words.length || 1));
    return (signposts(query).includes(title) ? 20 : 1) * (aside ? 1.5 : 1) * (name.length && name.every(word => wanted.has(word)) ? 1 + .6 * share : 1);
  }

  /* Titles of the sections to which the signposts of words.js lead. */
  function signposts(text) {
    return Object.entries(d2lWords.signposts).filter(([key]) => text.toLowerCase().includes(key)).map(([, title]) => title);
  }

  /* What a title names: its telling words, without a chapter's number, up to a
     colon that is followed by more. */
  function nameOf(title) {
    const name = title.replace(/^\d+(\.\d+)*\. /, ''), stop = new Set(d2lWords.stop);
    const [before, after] = /^Case \d/.test(name) ? name.split(': ').reverse() : name.split(/:(?= )/);
    return tokenize(after && name === title ? name : before).filter(word => !stop.has(word) && !/^\d+$/.test(word)).map(stem);
  }

  /* The clinic for messages, the exercises for who asks for one. */
  function place(id, message, task) {
    const [page, anchor] = d2lSections.sections[id], address = d2lSections.pages[page][0];
    if (address.startsWith('exercises/')) return task ? 3 : 1;
    if (!address.includes('12_clinic')) return 1;
    return message ? (/^(case|symptom)-/.test(anchor) ? 3 : 1.5) : (/^symptom-/.test(anchor) ? .6 : 1);
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

  function show({ id, terms, match }, list) {
    const [page, anchor, title, text] = d2lSections.sections[id], [address, name] = d2lSections.pages[page];
    const item = document.createElement('li'), link = document.createElement('a'), where = document.createElement('small');
    const word = terms.find(term => match[term].includes('text')) ?? '';
    const root = document.documentElement.dataset.content_root ?? '';
    link.href = root + address + (word && !HAN.test(word) ? `?highlight=${encodeURIComponent(word)}` : '') + (anchor && `#${anchor}`);
    where.textContent = anchor ? name : '';
    link.append(title, where);
    item.append(link, excerpt(text, new Set(terms)));
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
      found.forEach(one => show(one, list));
      results.append(heading, list);
      progress.textContent = found.length ? `${found.length === MOST ? `The ${MOST} best` : found.length} section${found.length === 1 ? '' : 's'} found.`
        : 'Nothing found: try fewer or other words, or one of the chapters.';
    };
    form.addEventListener('submit', event => { event.preventDefault(); clearTimeout(timer); search(); });
    field.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(search, 120); });
    document.addEventListener('keydown', event => move(event, field, results));
    field.value = new URLSearchParams(location.search).get('q') ?? '';
    if (field.value) search();
    else field.focus();
  }

  /* Up and down go from the field through the links and back. */
  function move(event, field, results) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], stops = [field, ...results.querySelectorAll('a')];
    const here = stops.indexOf(document.activeElement);
    if (event.key === 'Escape' && here > 0) field.focus();
    if (!step || here < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = stops[here + step];
    if (next) { event.preventDefault(); next.focus(); }
  }

  if (typeof document === 'object') setUp();
  else module.exports = { makeIndex, find, tokenize, stem, distance, correct };
}
