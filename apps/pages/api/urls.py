from apps.pages.api.viewsets import JournalViewSet

router_entries = [("journal", JournalViewSet, "journal")]
