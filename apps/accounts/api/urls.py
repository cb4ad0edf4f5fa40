from apps.accounts.api.invitations import InvitationAnswerViewSet
from apps.accounts.api.keys import ApiKeyViewSet
from apps.accounts.api.people import UserViewSet
from apps.accounts.api.privacy import DataExportViewSet, ErasureViewSet
from apps.accounts.api.viewsets import WorkspaceViewSet

router_entries = [
    ("api-keys", ApiKeyViewSet, "api-key"),
    ("users", UserViewSet, "user"),
    ("workspaces", WorkspaceViewSet, "workspace"),
    ("invitations", InvitationAnswerViewSet, "invitation"),
    ("exports", DataExportViewSet, "export"),
    ("erasure", ErasureViewSet, "erasure"),
]
