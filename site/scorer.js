/* How the search ranks: what is named so, then the chapters, then the rest. */
const query = (new URLSearchParams(location.search).get('q') || '').toLowerCase();

function score([docname, title, , , points]) {
  const name = title.toLowerCase();
  if (docname.startsWith('chapters/')) points += 30;
  return points + (name.startsWith(query) ? 40 : name.includes(query) ? 20 : 0);
}

var Scorer = {
  score, objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
