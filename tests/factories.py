"""Rows for tests, made as the product makes them where a service exists."""

from __future__ import annotations

import factory
from allauth.account.models import EmailAddress

from apps.accounts.models import User, Workspace
from apps.accounts.services import ensure_personal_workspace
from apps.formulas.models import Formula

CROSS = "long when crossover(ema(close, 9), ema(close, 21))\nexit long when crossunder(ema(close, 9), ema(close, 21))\n"


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence(lambda n: f"person{n}@example.com")
    name = factory.Faker("name")
    password = factory.django.Password("correct-horse-battery")

    @factory.post_generation
    def verified(self: User, create: bool, extracted: object, **kwargs: object) -> None:
        EmailAddress.objects.create(user=self, email=self.email, verified=True, primary=True)


class FormulaFactory(factory.django.DjangoModelFactory[Formula]):
    class Meta:
        model = Formula

    name = factory.Sequence(lambda n: f"Formula {n}")
    text = CROSS


def workspace_of(user: User, plan: str = "free") -> Workspace:
    """The user's personal workspace, put on a plan."""
    workspace = ensure_personal_workspace(user)
    if workspace.plan_code != plan:
        workspace.plan_code = plan
        workspace.save(update_fields=["plan_code"])
    return workspace
