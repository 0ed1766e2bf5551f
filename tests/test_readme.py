"""The examples of the README are true."""

import doctest

from tests.chapters import ROOT


def test_examples_of_the_readme_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    readme = str(ROOT / 'README.md')
    result = doctest.testfile(readme, module_relative=False, encoding='utf-8')
    assert result.failed == 0
    assert result.attempted >= 4
