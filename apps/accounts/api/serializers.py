from apps.accounts.models import User, Workspace
from apps.core.api.serializers import ModelSerializer


class WorkspaceSerializer(ModelSerializer[Workspace]):
    class Meta:
        model = Workspace
        fields = ["uuid", "name", "slug", "kind", "plan_code"]


class UserSerializer(ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["uuid", "email", "name", "timezone", "created_at"]
