from apps.accounts.api.viewsets import UserViewSet, WorkspaceViewSet

router_entries = [("users", UserViewSet, "user"), ("workspaces", WorkspaceViewSet, "workspace")]
