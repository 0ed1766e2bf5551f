"""What one page shows of another is known, and no more than that."""

import pickle

import pytest
from docutils import nodes

from theme.outdated import SHARED, rewrite_all_after_a_change, shared_facts


@pytest.fixture
def env(built_small_book):
    """The environment that Sphinx has stored for the small book."""
    stored = built_small_book / '_build/doctrees-html/environment.pickle'
    return pickle.loads(stored.read_bytes())


def a_title(env):
    env.titles['first'] += nodes.Text(' Changed')


def a_section(env):
    reference = nodes.reference('', 'Section', anchorname='#section')
    env.tocs['first'] += reference


def an_order(env):
    (tree, _) = env.tocs['index'].findall(toctree)
    tree['entries'].reverse()


def a_number(env):
    env.toc_secnumbers['second'][''] = (7,)


def a_figure(env):
    env.toc_fignumbers['first']['figure']['fig-square'] = (7, 1)


def a_label(env):
    del env.domaindata['std']['anonlabels']['sec_second']


def a_term(env):
    env.domaindata['std']['objects']['term', 'array'] = ('first', 'term-0')


def a_function(env):
    env.domaindata['py']['objects']['d2l_rw.load'] = ('first', 'load')


def a_citation(env):
    env.domaindata['cite']['citation_refs'].clear()


def an_entry(env):
    entries = env.domaindata['cite']['bibdata'].data.entries
    entries['euclid_1956'].fields['year'] = '1957'


def an_image(env):
    env.images['img/square.svg'] = ({'first'}, 'square1.svg')


def a_page(env):
    env.found_docs.discard('second')


CHANGES = [
    a_title, a_section, an_order, a_number, a_figure, a_label, a_term,
    a_function, a_citation, an_entry, an_image, a_page,
]  # fmt: skip


def toctree(node):
    return node.tagname == 'toctree'


def outdated(env):
    """Return which pages are to be written again, besides those read."""
    return rewrite_all_after_a_change(None, env)


def test_unchanged_facts_write_no_page_again(env):
    assert outdated(env) == []


def test_facts_are_stored_with_the_environment(env):
    assert env.book_facts == shared_facts(env)
    assert set(SHARED) < set(env.book_facts)


@pytest.mark.parametrize('change', CHANGES)
def test_changed_fact_writes_every_page_again_once(change, env):
    change(env)
    assert outdated(env) == sorted(env.found_docs)
    assert outdated(env) == []


def test_environment_without_facts_writes_every_page(env):
    del env.book_facts
    assert outdated(env) == sorted(env.found_docs)


def test_place_of_a_citation_in_its_page_writes_no_page_again(env):
    references = env.domaindata['cite']['citation_refs']
    references[:] = [ref._replace(line=7) for ref in references]
    assert outdated(env) == []
