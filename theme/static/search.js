/* Show where a page holds the words that were searched for.

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
});
