from rest_framework import serializers

from apps.accounts.models import User, Workspace


class WorkspaceSerializer(serializers.ModelSerializer[Workspace]):
    class Meta:
        model = Workspace
        fields = ["uuid", "name", "slug", "kind", "plan_code"]


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["uuid", "email", "name", "timezone", "created_at"]
