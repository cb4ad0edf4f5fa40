from apps.accounts.models import Workspace
from apps.core.api.serializers import ModelSerializer


class WorkspaceSerializer(ModelSerializer[Workspace]):
    class Meta:
        model = Workspace
        fields = ["uuid", "name", "slug", "kind", "plan_code"]
