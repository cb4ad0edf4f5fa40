from apps.accounts.api.people import UserViewSet
from apps.accounts.api.viewsets import WorkspaceViewSet

router_entries = [("users", UserViewSet, "user"), ("workspaces", WorkspaceViewSet, "workspace")]
