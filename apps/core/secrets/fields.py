"""A model field for secrets: encrypted in the database, masked wherever it is shown, read by `row.field.reveal()`."""

from __future__ import annotations

from typing import Any, NoReturn

from django.core.exceptions import FieldError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.core.secrets.cipher import key_id_of, keyring, seal, unseal

MASK = "••••••••"


class Secret:
    """A secret that shows itself only when asked by name: `str`, `repr`, logs, templates and JSON get a mask.

    One read from the database is opened at the first `reveal()`, so rows can be listed although a key is lost.
    """

    __slots__ = ("_place", "_sealed", "_text")

    def __init__(self, text: str | None = None, *, sealed: str = "", place: str = "") -> None:
        self._text = text
        self._sealed = sealed
        self._place = place

    def reveal(self) -> str:
        """The secret itself. Raises SecretUnreadable when its key is missing or the stored text was changed."""
        if self._text is None:
            self._text = unseal(self._sealed, self._place)
        return self._text

    def sealed_for(self, place: str) -> str:
        """What to store: the text as it was read, unless it is new, of another place or under an older key."""
        if self._sealed and self._place == place and key_id_of(self._sealed, place) == keyring().newest:
            return self._sealed
        return seal(self.reveal(), place) if self else ""

    def __bool__(self) -> bool:
        return bool(self._sealed or self._text)

    def __str__(self) -> str:
        return MASK if self else ""

    def __repr__(self) -> str:
        return f"<Secret {self}>"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled: pass the row's id and read it again")


class _Wrapped:
    """The model's attribute: plain text assigned to it becomes a Secret at once."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, instance: models.Model | None, owner: type[models.Model]) -> Any:
        if instance is None:
            return self
        if self.name not in instance.__dict__:
            instance.refresh_from_db(fields=[self.name])  # deferred
        return instance.__dict__[self.name]

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.name] = Secret(value) if isinstance(value, str) else value


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Text that is encrypted with AES-256-GCM before it reaches the database; None and "" are kept as they are.

    It cannot be searched, ordered or compared in a query: only `isnull` works. It is bound to "app.model.field";
    give the old name as `place` when a model or field that holds secrets is renamed.
    """

    description = "Encrypted text"

    def __init__(self, *args: Any, place: str = "", **options: Any) -> None:
        self.fixed_place = place
        options["editable"] = False  # no generated form or admin page offers it
        super().__init__(*args, **options)

    @property
    def place(self) -> str:
        return self.fixed_place or f"{self.model._meta.label_lower}.{self.name}"

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, options = super().deconstruct()
        options.pop("editable")
        if self.fixed_place:
            options["place"] = self.fixed_place
        return name, path, args, options

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Wrapped(self.attname))

    def from_db_value(self, value: str | None, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        return Secret(sealed=value, place=self.place) if value else (value if value is None else Secret(""))

    def to_python(self, value: Any) -> Any:
        return Secret(value) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        value = self.to_python(value)
        if value is None or hasattr(value, "resolve_expression"):
            return value
        if not isinstance(value, Secret):
            raise TypeError(f"{self.place} takes text, not {type(value).__name__}")
        return value.sealed_for(self.place)

    def value_to_string(self, obj: models.Model) -> str:
        raise TypeError(f"{self.place} is a secret and is not written to fixtures; back up with pg_dump")

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError(f"{self.place} is encrypted: only isnull can be asked of it, not {lookup_name}")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> NoReturn:
        raise FieldError(f"{self.place} is encrypted: no query can look into it ({lookup_name})")
