"""Arrays that are read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


class LazyArrays(Mapping):
    """Arrays by name, each read anew whenever it is asked for.

    Args:
        names: the arrays' names, in the order of the file.
        read: returns the array of a name.

    >>> arrays = LazyArrays(['weight'], lambda name: f'what {name} holds')
    >>> arrays
    LazyArrays(['weight'])
    >>> arrays['weight']
    'what weight holds'
    """

    def __init__(
        self, names: Iterable[str], read: Callable[[str], object]
    ) -> None:
        self._names, self._read = dict.fromkeys(names), read

    def __getitem__(self, name: str):
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f'{type(self).__name__}({list(self)})'


class LazyList(Sequence):
    """Arrays in a row, each read anew whenever it is asked for.

    Args:
        length: the number of arrays.
        read: returns the array of a place.

    >>> LazyList(3, lambda place: 10 * place)[-1]
    20
    """

    def __init__(self, length: int, read: Callable[[int], object]) -> None:
        self._places, self._read = range(length), read

    def __getitem__(self, place):
        if isinstance(place, slice):
            return [self._read(each) for each in self._places[place]]
        return self._read(self._places[place])

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return f'{type(self).__name__} of {len(self)} arrays'
