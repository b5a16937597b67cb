"""The pages that are made from declared fields: which fields stand on which, each page made when it is first needed.

Owns what their fields show, and which of them a search has found. Which page is in front is the dialog's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import QObject, Signal

from ..look.theme import Look
from ..parts.beside import Beside
from .field import Field
from .fields_page import FieldsPage
from .search import find
from .values import FieldSpec


class FieldPages(QObject):
    """The signals are those of a `FieldsPage`, of any of them.

    What is given is judged elsewhere, and answered with `show_field` or `show_error`.
    """

    given = Signal(str, str)
    reset = Signal(str)
    secret_entered = Signal(str, str)
    secret_removed = Signal(str)
    unlock_requested = Signal(str)

    def __init__(self, look: Look, pages: Beside, fields: Iterable[FieldSpec], parent: QObject) -> None:
        super().__init__(parent)
        self._look = look
        self._pages = pages
        self._fields: dict[str, list[FieldSpec]] = {}
        self._made: dict[str, FieldsPage] = {}
        self._words = ""
        for field in fields:
            self._fields.setdefault(_id_of(field.page), []).append(field)

    @property
    def fields(self) -> Mapping[str, Sequence[FieldSpec]]:
        """By the ids of their pages, in their order."""
        return self._fields

    @property
    def titles(self) -> Mapping[str, str]:
        """What the pages are called, by their ids."""
        return {place: fields[0].page for place, fields in self._fields.items()}

    def place_of(self, field_id: str) -> str:
        """The id of the page that a field stands on. Raises StopIteration for a field that nobody declared."""
        return next(place for place, fields in self._fields.items() if any(each.id == field_id for each in fields))

    def page(self, place: str) -> FieldsPage:
        """Raises KeyError."""
        if place not in self._made:
            fields = self._fields[place]
            self._made[place] = page = FieldsPage(self._look, fields[0].page, fields)
            self._connect(page)
            self._pages.add(place, page)
            self._search_page(place, page)
        return self._made[place]

    def field(self, field_id: str) -> Field:
        """A field on its page. Raises StopIteration for one that nobody declared."""
        return self.page(self.place_of(field_id)).field(field_id)

    def show_field(self, field: FieldSpec) -> None:
        """Show what is in force."""
        place = _id_of(field.page)
        self._fields[place] = [field if each.id == field.id else each for each in self._fields[place]]
        if page := self._made.get(place):
            page.field(field.id).show_field(field)

    def show_error(self, field_id: str, sentence: str) -> None:
        """Why what was typed last is not in force."""
        self.field(field_id).show_error(sentence)

    def search(self, words: str) -> None:
        """From now on only the fields that these words are about are shown; "" shows all."""
        self._words = words
        for place, page in self._made.items():
            self._search_page(place, page)

    def first_found(self, place: str) -> Field | None:
        """The first field of a page that is shown and can be changed."""
        page = self._made.get(place)
        return page.first() if page else None

    def _search_page(self, place: str, page: FieldsPage) -> None:
        page.show_only(find(self._words, (), {place: self._fields[place]}).fields if self._words else None)

    def _connect(self, page: FieldsPage) -> None:
        page.given.connect(self.given)
        page.reset.connect(self.reset)
        page.secret_entered.connect(self.secret_entered)
        page.secret_removed.connect(self.secret_removed)
        page.unlock_requested.connect(self.unlock_requested)


def _id_of(title: str) -> str:
    """The id of a page that is made from fields: no provider has such a one."""
    return f"#{title.lower()}"
