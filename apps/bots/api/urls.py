from apps.bots.api.viewsets import BotViewSet

router_entries = [("bots", BotViewSet, "bot")]
