/* Show where a page holds the words that were searched for, and rank pages.

   Sphinx looks for their stems ("dictionari") in all of the page's text, its
   scripts included, and shows the beginning where it finds none. */
document.addEventListener('DOMContentLoaded', () => {
  const query = new URLSearchParams(window.location.search).get('q') || '';
  const words = query.toLowerCase().split(/[^\w.]+/).filter(Boolean);
  const summary = Search.makeSearchSummary;

  Search.makeSearchSummary = (page, stems) =>
    summary(page, [...stems, ...words]);

  Search.htmlToText = (page) => {
    const article = new DOMParser()
      .parseFromString(page, 'text/html')
      .querySelector('article');
    article
      .querySelectorAll('.headerlink, script, nav')
      .forEach((element) => element.remove());
    return article.textContent;
  };

  rankChapters();
});

/* Chapters come before all other pages, and among them the one that uses the
   words most.  `ranking.js` holds a digit for each word and chapter; Sphinx's
   own score is high where a title or heading is what was searched for. */
function rankChapters() {
  const search = Search.query;
  const stemmer = new Stemmer();
  let stems = [];

  Search.query = (text) => {
    stems = splitQuery(text.toLowerCase()).map(stemmer.stemWord);
    // Its entries repeat, once more for each chapter, what the text has.
    Search._index.indexentries = {};
    search(text);
  };

  Scorer.score = ([page, , , , score]) => {
    const chapter = RANKING.chapters.indexOf(page);
    if (chapter < 0) return score;
    const uses = stems.map((stem) =>
      parseInt(RANKING.words[stem]?.[chapter] || '0', 36)
    );
    const sum = uses.reduce((total, use) => total + use, 0);
    return 10000 + (20 * sum) / stems.length + 4 * score;
  };
}
