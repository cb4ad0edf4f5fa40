from django.urls import path

from apps.guides import views

app_name = "guides"
urlpatterns = [
    path("", views.index, name="index"),
    path("search/", views.search, name="search"),
    path("glossary/", views.glossary, name="glossary"),
    path("changelog/", views.changes, name="changelog"),
    path("functions/", views.function_list, name="function-list"),
    path("functions/<slug:name>/", views.function_detail, name="function-detail"),
    path("<slug:slug>/", views.document, name="document"),
]
