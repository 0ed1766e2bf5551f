/* Mark in the contents of the page the section that is being read.

   The browser tells when a section comes to a line at a quarter of the
   window, and when it leaves: nobody asks where the sections are. */
document.addEventListener('DOMContentLoaded', () => {
  const links = [...document.querySelectorAll('.page-toc a.nav-link')];
  const read = new Set();

  const observer = new IntersectionObserver(
    (entries) => {
      entries.forEach(({ target, isIntersecting }) =>
        isIntersecting ? read.add(target.id) : read.delete(target.id)
      );
      // Of a section and a part of it, the part comes later.
      const here = links.filter((link) => read.has(link.hash.slice(1))).pop();
      links.forEach((link) => link.classList.toggle('active', link === here));
    },
    { rootMargin: '-25% 0px -75% 0px' }
  );
  links
    .map((link) => document.getElementById(link.hash.slice(1)))
    .forEach((section) => section && observer.observe(section));
});
